package trace

import "github.com/vezne/vezne/internal/id"

// Key names an attribute.
type Key string

// The attributes. Those of HTTP have the names of OpenTelemetry's semantic
// conventions (HTTP spans, version 1.38).
const (
	KeyMethod     Key = "http.request.method"
	KeyRoute      Key = "http.route"
	KeyStatus     Key = "http.response.status_code"
	KeyRequestID  Key = "vezne.request_id"
	KeyMerchant   Key = "vezne.merchant_id"
	KeyPayment    Key = "vezne.payment_id"
	KeyOperation  Key = "vezne.operation_id"
	KeyConnector  Key = "vezne.connector"
	KeyKind       Key = "vezne.kind"
	KeyOutcome    Key = "vezne.outcome"
	KeyCandidates Key = "vezne.candidates"
	KeyAttempt    Key = "vezne.attempt"
)

// Keys returns every key.
func Keys() []Key {
	return []Key{
		KeyMethod, KeyRoute, KeyStatus, KeyRequestID, KeyMerchant, KeyPayment, KeyOperation, KeyConnector, KeyKind,
		KeyOutcome,
		KeyCandidates, KeyAttempt,
	}
}

// Attribute is something that may be said of a step. Only this package makes
// them.
type Attribute struct {
	key    Key
	text   string
	number int64
}

// Key returns the attribute's name.
func (a Attribute) Key() Key { return a.key }

// Text returns a value that is a text, and whether it is one.
func (a Attribute) Text() (string, bool) { return a.text, a.text != "" }

// Number returns a value that is a number.
func (a Attribute) Number() int64 { return a.number }

// Method is a method of HTTP, from those that there are.
func Method(m string) Attribute { return Attribute{key: KeyMethod, text: m} }

// Route is the pattern of a route, never a path.
func Route(pattern string) Attribute { return Attribute{key: KeyRoute, text: pattern} }

// Status is a status of HTTP.
func Status(code int) Attribute { return Attribute{key: KeyStatus, number: int64(code)} }

// Request is the id that an answer carries as X-Request-Id.
func Request(u id.UUID) Attribute { return Attribute{key: KeyRequestID, text: u.String()} }

// Merchant is whose payment it is.
func Merchant(m id.Merchant) Attribute { return Attribute{key: KeyMerchant, number: int64(m)} }

// Payment is the public id of a payment.
func Payment(u id.UUID) Attribute { return Attribute{key: KeyPayment, text: u.String()} }

// Operation is the id of an operation.
func Operation(o id.Operation) Attribute { return Attribute{key: KeyOperation, number: int64(o)} }

// Connector is the name of a protocol.
func Connector(name string) Attribute { return Attribute{key: KeyConnector, text: name} }

// Kind is what sort of request, job or command it is: a constant of our own.
func Kind[K ~string](k K) Attribute { return Attribute{key: KeyKind, text: string(k)} }

// Outcome is how the step ended: a constant of our own.
func Outcome[O ~string](o O) Attribute { return Attribute{key: KeyOutcome, text: string(o)} }

// Candidates is how many POSes routing found.
func Candidates(n int) Attribute { return Attribute{key: KeyCandidates, number: int64(n)} }

// Attempt counts tries, from 1.
func Attempt(n int) Attribute { return Attribute{key: KeyAttempt, number: int64(n)} }
