// Package webhook tells merchants what happened: every event of the outbox goes
// to each of the merchant's endpoints that asked for it, signed by the Standard
// Webhooks specification, in order per payment, and again with growing pauses
// until the endpoint takes it or three days are over. An event arrives at least
// once; its id, the header webhook-id, tells repetitions.
package webhook

import (
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
)

// State is whether an endpoint gets events.
type State string

// The states of an endpoint.
const (
	// Active: events go there.
	Active State = "active"
	// Failing: an event was given up for it. Events still go there, and the first
	// that it takes makes it active again.
	Failing State = "failing"
	// Disabled: its owner has turned it off.
	Disabled State = "disabled"
)

// Endpoint is an address of a merchant that takes events.
type Endpoint struct {
	ID         id.Endpoint
	MerchantID id.Merchant
	// Version counts changes; every change is a compare-and-set on it.
	Version     int
	URL         string
	Description string
	// Events are the patterns of the types that it gets: "payment.captured",
	// "payment.*" or "*".
	Events []string
	State  State
	// SealedSecret is the signing key; SealedPrevious is the one before, with which
	// events are signed too until PreviousUntil. It is nil if there is none.
	SealedSecret   []byte
	SealedPrevious []byte
	PreviousUntil  time.Time
	CreatedAt      time.Time
}

// Status is what became of a delivery.
type Status string

// The statuses of a delivery.
const (
	// Pending: not delivered yet, and still being tried.
	Pending Status = "pending"
	// Delivered: the endpoint answered with 2xx.
	Delivered Status = "delivered"
	// Failed: given up.
	Failed Status = "failed"
	// Cancelled: the endpoint was deleted or disabled before.
	Cancelled Status = "cancelled"
)

// Delivery is one event on its way to one endpoint.
type Delivery struct {
	ID         id.Delivery
	MerchantID id.Merchant
	// Version counts changes; every change is a compare-and-set on it.
	Version    int
	EndpointID id.Endpoint
	// EventID is the id of the event's job. With Type, Subject, Data and OccurredAt
	// it is the event itself, the same for every endpoint and redelivery.
	EventID id.Job
	Type    job.Kind
	// Subject is what the event is about: "payment:0193...".
	Subject    string
	Data       []byte // JSON object of ids and facts
	OccurredAt time.Time
	// RedeliveryOf is the delivery that this one repeats on demand, zero if it
	// repeats none.
	RedeliveryOf id.Delivery
	Status       Status
	// Attempts is how often it was sent. The members up to AttemptedAt are about
	// the last time.
	Attempts int
	// HTTPStatus is zero if there was no answer; Failure says then why, and is safe
	// to show.
	HTTPStatus int
	Failure    string
	Duration   time.Duration
	// Answer is the beginning of the answer's body, at most MaxAnswer bytes of
	// printable text.
	Answer      string
	AttemptedAt time.Time
	// NextAttempt is when it is tried next; zero when it is not tried any more.
	NextAttempt time.Time
	CreatedAt   time.Time
}

const (
	// MaxAnswer is how much of an answer is kept, in bytes: enough for the first
	// line of an error.
	MaxAnswer = 512
	// MaxEndpoints is how many endpoints a merchant may have: one event becomes as
	// many deliveries in one commit.
	MaxEndpoints = 20
	// MaxPatterns is how many patterns the filter of an endpoint may have.
	MaxPatterns = 32
	// MaxDescription is the length of a description in characters.
	MaxDescription = 200
)

// systemActor names this package in audit records.
const systemActor = "system:webhook"
