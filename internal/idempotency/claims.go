package idempotency

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
)

// retryHint is what a caller is told to wait while an equal request is running.
const retryHint = time.Second

// Claims are the claimed keys of one kind. It is safe for concurrent use if the
// store is.
type Claims struct {
	kind  Kind
	store Finder
	clock clock.Clock
}

// NewClaims returns the claims of a kind.
func NewClaims(k Kind, store Finder, c clock.Clock) Claims {
	return Claims{kind: k, store: store, clock: c}
}

// Claim queues the claim of a key, which leads to the subject from this commit on.
// The zero Key claims nothing.
func (c Claims) Claim(tx Tx, m id.Merchant, k Key, s Subject) {
	if k.IsZero() {
		return
	}
	tx.ClaimKey(Record{MerchantID: m, Key: k, Kind: c.kind, Subject: s, CreatedAt: c.clock.Now()})
}

// Check refuses with fault.IdempotencyKeyReused a key that the merchant has used
// for another request, whatever that led to. It is for requests that never become
// a command, because they cannot be read.
func (c Claims) Check(ctx context.Context, m id.Merchant, k Key) error {
	r, found, err := c.find(ctx, m, k)
	if err != nil || !found || c.outlived(r) {
		return err
	}
	return r.check(k)
}

// Replay returns the answer that load gives for what a key led to; false if the
// key is free: zero, unknown, or claimed longer ago than Window. A key that was
// used for another request is fault.IdempotencyKeyReused, and then load is not
// asked. Load answers as the subject was first answered, or with InProgress while
// that is not known.
func Replay[T any](
	ctx context.Context, c Claims, m id.Merchant, k Key, load func(context.Context, Subject) (T, error),
) (answer T, replayed bool, err error) {
	r, found, err := c.find(ctx, m, k)
	if err != nil || !found || c.outlived(r) {
		return answer, false, err
	}
	answer, err = answerOf(ctx, c, r, k, load)
	return answer, err == nil, err
}

// ReplayTaken is Replay after a commit that failed with fault.IdempotencyKeyTaken.
// The key was not free then, so there is an answer or an error, even if the Window
// has ended between the two.
func ReplayTaken[T any](
	ctx context.Context, c Claims, m id.Merchant, k Key, load func(context.Context, Subject) (T, error),
) (answer T, err error) {
	r, found, err := c.find(ctx, m, k)
	if err != nil {
		return answer, err
	}
	if !found { // forgotten meanwhile: whoever asks again may have it
		return answer, InProgress("")
	}
	return answerOf(ctx, c, r, k, load)
}

func answerOf[T any](
	ctx context.Context, c Claims, r Record, k Key, load func(context.Context, Subject) (T, error),
) (answer T, err error) {
	if err := r.check(k); err != nil {
		return answer, err
	}
	if r.Kind != c.kind {
		return answer, errReused()
	}
	if answer, err = load(ctx, r.Subject); err != nil {
		return *new(T), err
	}
	return answer, nil
}

// find returns the claim of a key, of whatever age, if there is one.
func (c Claims) find(ctx context.Context, m id.Merchant, k Key) (Record, bool, error) {
	if k.IsZero() {
		return Record{}, false, nil
	}
	r, err := c.store.ClaimedKey(ctx, m, k.Value)
	if fault.KindOf(err) == fault.NotFound {
		return Record{}, false, nil
	}
	if err != nil {
		return Record{}, false, fmt.Errorf("read idempotency key: %w", err)
	}
	return r, true, nil
}

// outlived reports whether the key may be claimed again.
func (c Claims) outlived(r Record) bool { return Outlived(r.CreatedAt, c.clock.Now()) }

// check refuses a key of another request.
func (r Record) check(k Key) error {
	if r.Key.Request != k.Request {
		return errReused()
	}
	return nil
}

func errReused() error {
	return fault.New(fault.Unprocessable, fault.IdempotencyKeyReused, "the Idempotency-Key was used for another request")
}

// InProgress is the fault for a key whose first request is still running. The
// subject is the public id of what it is about, empty if it has none.
func InProgress(subject string) *fault.Error {
	return fault.New(fault.Conflict, fault.IdempotencyInProgress,
		"the first request with this Idempotency-Key is still running").
		WithSubject(subject).WithRetryAfter(retryHint)
}
