package threeds_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// unclearStore does not answer one of its commits, and makes it or not.
type unclearStore struct {
	payment.Store
	commits atomic.Int32
	at      int32
	made    bool
	// away has it answer no later commit either.
	away bool
}

func (u *unclearStore) InTx(ctx context.Context, fn func(payment.Tx)) error {
	n := u.commits.Add(1)
	if n < u.at || n > u.at && !u.away {
		return u.Store.InTx(ctx, fn)
	}
	if n == u.at && u.made {
		if err := u.Store.InTx(ctx, fn); err != nil {
			return err
		}
	}
	return fault.New(fault.Unavailable, fault.ServiceUnavailable, "the line was torn")
}

// The second commit of an enrolment whose first bank does not answer moves it to the
// next bank.
func TestUnclearFailOver(t *testing.T) {
	t.Parallel()
	const failOver = 2
	eachEngine(t, func(t *testing.T, w *world) {
		for name, tt := range map[string]struct {
			made   bool
			reason connector.Reason
		}{
			"made_without_an_answer_ends_what_it_began": {true, connector.ThreeDSInitError},
			"not_made_ends_what_was_there":              {false, connector.CommunicationOrSystemError},
		} {
			t.Run(name, func(t *testing.T) {
				c := w.Enrolment(t, paymenttest.GoodCard)
				c.Key = paymenttest.KeyNamed(name)
				store := &unclearStore{Store: w.Store, at: failOver, made: tt.made}
				w.Misbehave(t, "reset_after_approve")
				e, err := w.With(func(p *paymenttest.Parts) { p.Store = store }).Enrol(t.Context(), c)
				w.Misbehave(t)
				if err != nil {
					t.Fatal(err)
				}
				paymenttest.WantReason(t, e.Payment, tt.reason)
				paymenttest.WantReason(t, w.Now(t, e.Outcome), tt.reason)
				if e.Form.Action != "" {
					t.Errorf("handed out %+v", e.Form)
				}
				again := w.MustEnrol(t, c)
				if paymenttest.WantReason(t, again.Payment, tt.reason); again.Payment.UUID != e.Payment.UUID {
					t.Error("the repetition is another enrolment")
				}
				w.Clock.Advance(time.Hour)
				w.RunJobs(t)
				w.WantNothingBooked(t, e)
			})
		}
		t.Run("of_a_store_that_stays_away_is_unavailable", func(t *testing.T) {
			c := w.Enrolment(t, paymenttest.GoodCard)
			store := &unclearStore{Store: w.Store, at: failOver, made: true, away: true}
			w.Misbehave(t, "reset_after_approve")
			_, err := w.With(func(p *paymenttest.Parts) { p.Store = store }).Enrol(t.Context(), c)
			w.Misbehave(t)
			paymenttest.WantCode(t, err, fault.ServiceUnavailable)
		})
	})
}

// busyStore says of some commits that somebody else was quicker.
type busyStore struct {
	payment.Store
	left atomic.Int32
}

func (b *busyStore) InTx(ctx context.Context, fn func(payment.Tx)) error {
	if b.left.Add(-1) >= 0 {
		return fault.New(fault.Conflict, fault.StaleVersion, "somebody was quicker")
	}
	return b.Store.InTx(ctx, fn)
}

// Twenty pauses that are drawn up to 2, 4, 6 ... ms last some 200 ms together; the
// tries themselves hardly anything.
func TestCompletionPausesWhenOthersAreQuicker(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
		store := &busyStore{Store: w.Store}
		store.left.Store(20)
		busy := w.With(func(p *paymenttest.Parts) { p.Store = store })
		began := time.Now()
		o, err := busy.Complete(t.Context(), w.Completion(e, r.SecurityKey))
		if err != nil {
			t.Fatal(err)
		}
		paymenttest.WantState(t, o.Payment, payment.Captured)
		if took := time.Since(began); took < 60*time.Millisecond {
			t.Errorf("20 tries took %s", took)
		}
		w.WantBank(t, e, "sale approved")
	})
}
