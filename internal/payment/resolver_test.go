package payment_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
)

// runJobs runs every job that is due now.
func (w *world) runJobs(t *testing.T) {
	t.Helper()
	runner := job.NewRunner(w.jobs, w.JobHandlers(), "test", w.clock, slog.New(slog.DiscardHandler))
	for {
		n, err := runner.Round(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func TestUnknownOutcome(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		t.Run("torn_answer_after_approval_is_found_approved_at_once", func(t *testing.T) {
			w.misbehave(t, "reset_after_approve")
			o := w.mustPay(t, w.order(t, goodCard))
			w.misbehave(t)
			wantState(t, o.Payment, payment.Captured)
		})
		t.Run("unreadable_answer_is_found_approved_at_once", func(t *testing.T) {
			w.misbehave(t, "garbage")
			o := w.mustPay(t, w.order(t, goodCard))
			w.misbehave(t)
			wantState(t, o.Payment, payment.Captured)
		})
		t.Run("silence_is_found_approved_at_once", func(t *testing.T) {
			w.misbehave(t, "timeout_after_approve")
			o := w.mustPay(t, w.order(t, goodCard))
			w.misbehave(t)
			wantState(t, o.Payment, payment.Captured)
		})
		t.Run("request_the_bank_never_knew_is_pending_and_then_declined", func(t *testing.T) {
			w.misbehave(t, "reset_before_read")
			c := w.order(t, goodCard)
			o := w.mustPay(t, c)
			w.misbehave(t)
			wantState(t, o.Payment, payment.Pending)
			_, err := w.Pay(t.Context(), c)
			wantCode(t, err, fault.OrderInProgress)

			w.later(t, 3*time.Second)
			wantState(t, w.now(t, o), payment.Pending)

			w.later(t, 10*time.Second)
			p := w.now(t, o)
			wantState(t, p, payment.Declined)
			if p.Result.Reason != connector.NoResponse {
				t.Errorf("reason %s", p.Result.Reason)
			}
			wantState(t, w.mustPay(t, c).Payment, payment.Captured)
		})
		t.Run("unknown_capture_keeps_rivals_out_until_it_is_known", func(t *testing.T) {
			o := w.hold(t, goodCard)
			w.misbehave(t, "reset_before_read")
			if _, err := w.capture(t, o, "10.00"); err != nil {
				t.Fatal(err)
			}
			w.misbehave(t)
			_, err := w.capture(t, o, "10.00")
			wantCode(t, err, fault.CaptureInProgress)
			w.later(t, 20*time.Second)
			if _, err := w.capture(t, o, "10.00"); err != nil {
				t.Fatal(err)
			}
			wantState(t, w.now(t, o), payment.Captured)
		})
		t.Run("unknown_refund_counts_as_given_until_it_is_known", func(t *testing.T) {
			o := w.mustPay(t, w.order(t, goodCard))
			w.misbehave(t, "reset_before_read")
			if _, err := w.refund(t, o, "600.00"); err != nil {
				t.Fatal(err)
			}
			w.misbehave(t)
			_, err := w.refund(t, o, "600.00")
			wantCode(t, err, fault.RefundAmountExceeded)
			w.later(t, 20*time.Second)
			if _, err := w.refund(t, o, "600.00"); err != nil {
				t.Fatal(err)
			}
			if p := w.now(t, o); p.Refunded != lira(t, "600.00") || !p.Refunding.IsZero() {
				t.Errorf("refunded %s, refunding %s", p.Refunded, p.Refunding)
			}
		})
	})
}

func TestSilentBank(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		const lost = 40
		var inquiries atomic.Int64
		silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/inquiries") {
				inquiries.Add(1)
			}
			_, _ = io.Copy(io.Discard, r.Body) // until it is read, the end of the caller goes unnoticed
			<-r.Context().Done()
		}))
		t.Cleanup(silent.Close)
		w.settings[2] = map[string]string{"url": silent.URL}
		race(lost, func() bool {
			c := w.order(t, goodCard)
			c.POSAlias = "garanti"
			_, err := w.Pay(t.Context(), c)
			return err == nil
		})
		w.misbehave(t, "reset_before_read")
		o := w.mustPay(t, w.order(t, goodCard))
		w.misbehave(t)
		wantState(t, o.Payment, payment.Pending)
		t.Run("does_not_keep_the_resolver_from_other_banks", func(t *testing.T) {
			inquiries.Store(0)
			w.later(t, 30*time.Second)
			if n := inquiries.Load(); n == 0 || n > lost/2 {
				t.Errorf("the silent bank was asked %d times in one round", n)
			}
			wantState(t, w.now(t, o), payment.Declined)
		})
	})
}

func TestCrash(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		t.Run("operation_left_open_after_the_bank_approved_is_captured", func(t *testing.T) {
			o := w.crashAfterBank(t)
			w.later(t, 30*time.Second)
			wantState(t, w.now(t, o), payment.Captured)
			if sums := w.wantBalanced(t, o); sums["sales"] != "-1000.00" {
				t.Errorf("ledger %v", sums)
			}
		})
		t.Run("of_several_resolvers_one_concludes", func(t *testing.T) {
			o := w.crashAfterBank(t)
			w.clock.Advance(30 * time.Second)
			race(8, func() bool { w.resolver.Round(t.Context()); return true })
			d, err := w.Detail(t.Context(), demoMerchant, o.Payment.UUID)
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Postings) != 1 {
				t.Errorf("%d postings, want 1", len(d.Postings))
			}
		})
	})
}

// crashAfterBank pays through a store that loses everything after the first
// commit, as a process that dies when the bank has answered.
func (w *world) crashAfterBank(t *testing.T) payment.Outcome {
	t.Helper()
	dying := *w.Service
	dying.Store = &dyingStore{Store: w.store, commits: 1}
	o, err := dying.Pay(t.Context(), w.order(t, goodCard))
	if err != nil {
		t.Fatal(err)
	}
	wantState(t, o.Payment, payment.Pending)
	return o
}

func TestMissingPOS(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		t.Run("its_operation_is_not_due_again_at_once", func(t *testing.T) {
			w.misbehave(t, "reset_before_read")
			o := w.mustPay(t, w.order(t, goodCard))
			w.misbehave(t)
			wantState(t, o.Payment, payment.Pending)
			poses := w.table.POSes
			w.table.POSes = nil
			w.clock.Advance(time.Minute)
			due := func() int {
				t.Helper()
				operations, err := w.store.Unresolved(t.Context(), w.clock.Now(), 10)
				if err != nil {
					t.Fatal(err)
				}
				return len(operations)
			}
			if n := due(); n != 1 {
				t.Fatalf("%d operations are due before the round, want 1", n)
			}
			w.resolver.Round(t.Context())
			if n := due(); n != 0 {
				t.Fatalf("%d operations are due after the round, want none", n)
			}
			w.table.POSes = poses
			w.later(t, time.Minute)
			wantState(t, w.now(t, o), payment.Declined)
		})
	})
}

// panicStore is a store that a payment makes panic when it is read.
type panicStore struct {
	payment.Store
	of id.Payment
}

func (s panicStore) PaymentByID(ctx context.Context, m id.Merchant, p id.Payment) (payment.Payment, error) {
	if p == s.of {
		panic("a payment that cannot be read: 4111111111111111")
	}
	return s.Store.PaymentByID(ctx, m, p)
}

// TestResolverPanic holds that an operation which cannot be worked on keeps
// neither the process nor the other operations from their end.
func TestResolverPanic(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		leftOpen := func() payment.Outcome {
			t.Helper()
			c := w.order(t, goodCard)
			w.killedAfter(1, func(s *payment.Service) { _, _ = s.Pay(t.Context(), c) })
			p, err := w.store.OrderHolder(t.Context(), demoMerchant, c.OrderRef)
			if err != nil {
				t.Fatal(err)
			}
			wantState(t, p, payment.Pending)
			return payment.Outcome{Payment: p}
		}
		broken, sound := leftOpen(), leftOpen()
		var mu sync.Mutex
		told := map[payment.Resolution]int{}
		d := w.Dependencies
		d.Store = panicStore{Store: w.store, of: broken.Payment.ID}
		var log bytes.Buffer
		d.Log = slog.New(slog.NewTextHandler(&log, nil))
		d.OnResolve = func(r payment.Resolved) {
			mu.Lock()
			defer mu.Unlock()
			told[r.Resolution]++
		}
		w.clock.Advance(30 * time.Second)
		payment.NewResolver(payment.NewService(d)).Round(t.Context())
		wantState(t, w.now(t, broken), payment.Pending)
		wantState(t, w.now(t, sound), payment.Captured)
		want := map[payment.Resolution]int{payment.ResolutionFailed: 1, payment.ResolvedApproved: 1}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("resolutions (-want +got):\n%s", diff)
		}
		if told := log.String(); !strings.Contains(told, "panicStore.PaymentByID") || !strings.Contains(told, "stack=") || strings.Contains(told, "4111") {
			t.Errorf("the log tells more or less than the place of the panic: %s", told)
		}
		// Later it is asked about again, and the store may be whole by then.
		w.clock.Advance(30 * time.Second)
		w.resolver.Round(t.Context())
		wantState(t, w.now(t, broken), payment.Captured)
	})
}
