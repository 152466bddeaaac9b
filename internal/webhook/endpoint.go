package webhook

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/secret"
	"github.com/vezne/vezne/internal/vault"
)

// Settings are what an owner chooses of an endpoint.
type Settings struct {
	URL         string
	Description string
	Events      []string
	// Disabled turns the endpoint off.
	Disabled bool
}

// Caller is who changes an endpoint.
type Caller struct {
	MerchantID id.Merchant
	Actor      string
}

// check returns a fault that names every wrong field.
func (s *Service) check(c Settings) error {
	var wrong []fault.Field
	reject := func(name string, code fault.FieldCode, message string) {
		wrong = append(wrong, fault.Field{Name: name, Code: code, Message: message})
	}
	code := fault.ValidationError
	if err := s.addresses.Check(c.URL); err != nil {
		reject("url", fault.FieldInvalid, err.Error())
		code = fault.URLNotAllowed
	}
	if utf8.RuneCountInString(c.Description) > MaxDescription {
		reject("description", fault.FieldTooLong, fmt.Sprintf("must have at most %d characters", MaxDescription))
	}
	switch {
	case len(c.Events) == 0:
		reject("events", fault.FieldRequired, "must name at least one event")
	case len(c.Events) > MaxPatterns:
		reject("events", fault.FieldTooLong, fmt.Sprintf("must have at most %d members", MaxPatterns))
	case !slices.ContainsFunc(c.Events, func(p string) bool { return !s.knownPattern(p) }):
	default:
		reject("events", fault.FieldInvalid, "must be types of events, or groups of them such as payment.*, or *")
	}
	if len(wrong) == 0 {
		return nil
	}
	f := fault.Validation(wrong...)
	if len(wrong) == 1 {
		f.Code = code
	}
	return f
}

// CreateEndpoint adds an endpoint. The secret is in the result and cannot be read
// again. A wrong field is a fault of kind Invalid; the URL alone is
// fault.URLNotAllowed.
func (s *Service) CreateEndpoint(ctx context.Context, c Caller, set Settings) (Endpoint, secret.Bytes, error) {
	if err := s.check(set); err != nil {
		return Endpoint{}, secret.Bytes{}, err
	}
	existing, err := s.store.Endpoints(ctx, c.MerchantID)
	if err != nil {
		return Endpoint{}, secret.Bytes{}, fmt.Errorf("create endpoint: %w", err)
	}
	if len(existing) >= MaxEndpoints {
		return Endpoint{}, secret.Bytes{}, fault.Validation(fault.Field{
			Name: "url", Code: fault.FieldOutOfRange, Message: fmt.Sprintf("a merchant has at most %d endpoints", MaxEndpoints),
		})
	}
	e := Endpoint{MerchantID: c.MerchantID, Version: 1, CreatedAt: s.clock.Now()}
	if e.ID, err = id.Next[id.Endpoint](ctx, s.ids, id.NounEndpoint); err != nil {
		return Endpoint{}, secret.Bytes{}, fmt.Errorf("create endpoint: %w", err)
	}
	e.apply(set)
	shown, err := s.newSecret(ctx, &e)
	if err != nil {
		return Endpoint{}, secret.Bytes{}, fmt.Errorf("create endpoint: %w", err)
	}
	record, err := s.record(ctx, e, c.Actor, "create", audit.Change(nil, e.facts()))
	if err != nil {
		return Endpoint{}, secret.Bytes{}, fmt.Errorf("create endpoint: %w", err)
	}
	err = s.configure(ctx, func(tx Tx) {
		tx.InsertEndpoint(e)
		record(tx)
	})
	if err != nil {
		return Endpoint{}, secret.Bytes{}, fmt.Errorf("create endpoint: %w", err)
	}
	return e, shown, nil
}

// apply takes the owner's choice over. A failing endpoint that stays on is active
// again: its owner has looked at it.
func (e *Endpoint) apply(set Settings) {
	e.URL, e.Description, e.Events, e.State = set.URL, set.Description, slices.Clone(set.Events), Active
	if set.Disabled {
		e.State = Disabled
	}
}

// SecretSubject is what the endpoint's secrets are sealed for.
func (e *Endpoint) SecretSubject() vault.Subject {
	return vault.Subject{MerchantID: e.MerchantID, Purpose: vault.PurposeWebhook, ID: int64(e.ID)}
}

func (s *Service) newSecret(ctx context.Context, e *Endpoint) (secret.Bytes, error) {
	key := newKey()
	shown := secretText(key)
	var err error
	e.SealedSecret, err = s.sealer.Seal(ctx, e.SecretSubject(), key)
	clear(key)
	return shown, err
}

// Endpoint returns an endpoint of the merchant; any other is fault.NoSuchThing.
func (s *Service) Endpoint(ctx context.Context, m id.Merchant, e id.Endpoint) (Endpoint, error) {
	found, err := s.store.Endpoint(ctx, m, e)
	if err != nil {
		return Endpoint{}, fmt.Errorf("read endpoint: %w", err)
	}
	return found, nil
}

// EndpointPage returns a page of the merchant's endpoints, oldest first, and the
// cursor of the next page, empty at the end. Bad cursors are faults on "cursor".
func (s *Service) EndpointPage(
	ctx context.Context, m id.Merchant, cursor string, limit int,
) ([]Endpoint, string, error) {
	found, next, err := s.store.EndpointPage(ctx, m, cursor, limit)
	if err != nil {
		return nil, "", fmt.Errorf("list endpoints: %w", err)
	}
	return found, next, nil
}

// UpdateEndpoint replaces the settings of an endpoint whose version is the one
// given; another version is fault.VersionMismatch.
func (s *Service) UpdateEndpoint(
	ctx context.Context, c Caller, e id.Endpoint, version int, set Settings,
) (Endpoint, error) {
	if err := s.check(set); err != nil {
		return Endpoint{}, err
	}
	return s.change(ctx, edit{caller: c, endpoint: e, version: version, action: "update"}, func(e *Endpoint) error {
		e.apply(set)
		return nil
	})
}

// MaxOverlap is how long the secret before may stay valid: a week.
const MaxOverlap = 7 * 24 * time.Hour

// RotateSecret gives an endpoint a new secret. Until the overlap is over, events
// are signed with the secret before as well; one that is older still ends at
// once. The secret is in the result and cannot be read again.
func (s *Service) RotateSecret(
	ctx context.Context, c Caller, e id.Endpoint, version int, overlap time.Duration,
) (Endpoint, secret.Bytes, error) {
	var shown secret.Bytes
	rotated, err := s.change(ctx, edit{caller: c, endpoint: e, version: version, action: "rotate_secret"},
		func(e *Endpoint) (err error) {
			e.SealedPrevious, e.PreviousUntil = nil, time.Time{}
			if overlap > 0 {
				e.SealedPrevious, e.PreviousUntil = e.SealedSecret, s.clock.Now().Add(min(overlap, MaxOverlap))
			}
			shown, err = s.newSecret(ctx, e)
			return err
		})
	return rotated, shown, err
}

// edit says who changes what.
type edit struct {
	caller   Caller
	endpoint id.Endpoint
	version  int
	action   string
}

// change applies a change to an endpoint of a known version and records it.
func (s *Service) change(ctx context.Context, w edit, apply func(*Endpoint) error) (Endpoint, error) {
	e, err := s.expect(ctx, w)
	if err != nil {
		return Endpoint{}, err
	}
	before := e.facts()
	if err := apply(&e); err != nil {
		return Endpoint{}, fmt.Errorf("%s of endpoint %d: %w", w.action, e.ID, err)
	}
	after := e.facts()
	if !e.PreviousUntil.IsZero() {
		after["previous_secret_until"] = e.PreviousUntil.UTC()
	}
	record, err := s.record(ctx, e, w.caller.Actor, w.action, audit.Change(before, after))
	if err != nil {
		return Endpoint{}, err
	}
	err = s.configure(ctx, func(tx Tx) {
		tx.SaveEndpoint(e)
		record(tx)
	})
	if err != nil {
		return Endpoint{}, fmt.Errorf("%s of endpoint %d: %w", w.action, e.ID, changed(err))
	}
	e.Version++
	return e, nil
}

// expect reads an endpoint that must be of the version that the caller knows.
func (s *Service) expect(ctx context.Context, w edit) (Endpoint, error) {
	e, err := s.store.Endpoint(ctx, w.caller.MerchantID, w.endpoint)
	if err != nil {
		return Endpoint{}, fmt.Errorf("read endpoint: %w", err)
	}
	if e.Version != w.version {
		return Endpoint{}, fault.New(fault.PreconditionFailed, fault.VersionMismatch,
			"the endpoint was changed since it was read")
	}
	return e, nil
}

// DeleteEndpoint removes an endpoint of the version given. What was on its way to
// it is cancelled; the log of its deliveries stays.
func (s *Service) DeleteEndpoint(ctx context.Context, c Caller, n id.Endpoint, version int) error {
	e, err := s.expect(ctx, edit{caller: c, endpoint: n, version: version})
	if err != nil {
		return err
	}
	record, err := s.record(ctx, e, c.Actor, "delete", audit.Change(e.facts(), nil))
	if err != nil {
		return err
	}
	err = s.configure(ctx, func(tx Tx) {
		tx.DeleteEndpoint(e)
		record(tx)
	})
	if err != nil {
		return fmt.Errorf("delete endpoint %d: %w", n, changed(err))
	}
	return nil
}

// configure commits a change of endpoints, of which this node's caches know as soon
// as it returns.
func (s *Service) configure(ctx context.Context, fn func(Tx)) error {
	err := s.store.InTx(ctx, fn)
	if s.caches != nil {
		s.caches.Invalidate() // after an unclear commit, reading again is right
	}
	return err
}
