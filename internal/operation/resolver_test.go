package operation_test

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
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

func TestUnknownOutcome(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Run("torn_answer_after_approval_is_found_approved_at_once", func(t *testing.T) {
			w.Misbehave(t, "reset_after_approve")
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			w.Misbehave(t)
			paymenttest.WantState(t, o.Payment, payment.Captured)
		})
		t.Run("unreadable_answer_is_found_approved_at_once", func(t *testing.T) {
			w.Misbehave(t, "garbage")
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			w.Misbehave(t)
			paymenttest.WantState(t, o.Payment, payment.Captured)
		})
		t.Run("silence_is_found_approved_at_once", func(t *testing.T) {
			w.Misbehave(t, "timeout_after_approve")
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			w.Misbehave(t)
			paymenttest.WantState(t, o.Payment, payment.Captured)
		})
		t.Run("request_the_bank_never_knew_is_pending_and_then_declined", func(t *testing.T) {
			w.Misbehave(t, "reset_before_read")
			c := w.Order(t, paymenttest.GoodCard)
			o := w.MustPay(t, c)
			w.Misbehave(t)
			paymenttest.WantState(t, o.Payment, payment.Pending)
			_, err := w.Pay(t.Context(), c)
			paymenttest.WantCode(t, err, fault.OrderInProgress)

			w.Later(t, 3*time.Second)
			paymenttest.WantState(t, w.Now(t, o), payment.Pending)

			w.Later(t, 10*time.Second)
			p := w.Now(t, o)
			paymenttest.WantState(t, p, payment.Declined)
			if p.Result.Reason != connector.NoResponse {
				t.Errorf("reason %s", p.Result.Reason)
			}
			paymenttest.WantState(t, w.MustPay(t, c).Payment, payment.Captured)
		})
		t.Run("unknown_capture_keeps_rivals_out_until_it_is_known", func(t *testing.T) {
			o := w.Hold(t, paymenttest.GoodCard)
			w.Misbehave(t, "reset_before_read")
			if _, err := w.TryCapture(t, o, "10.00"); err != nil {
				t.Fatal(err)
			}
			w.Misbehave(t)
			_, err := w.TryCapture(t, o, "10.00")
			paymenttest.WantCode(t, err, fault.CaptureInProgress)
			w.Later(t, 20*time.Second)
			if _, err := w.TryCapture(t, o, "10.00"); err != nil {
				t.Fatal(err)
			}
			paymenttest.WantState(t, w.Now(t, o), payment.Captured)
		})
		t.Run("unknown_refund_counts_as_given_until_it_is_known", func(t *testing.T) {
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			w.Misbehave(t, "reset_before_read")
			if _, err := w.TryRefund(t, o, "600.00"); err != nil {
				t.Fatal(err)
			}
			w.Misbehave(t)
			_, err := w.TryRefund(t, o, "600.00")
			paymenttest.WantCode(t, err, fault.RefundAmountExceeded)
			w.Later(t, 20*time.Second)
			if _, err := w.TryRefund(t, o, "600.00"); err != nil {
				t.Fatal(err)
			}
			if p := w.Now(t, o); p.Refunded != paymenttest.Lira(t, "600.00") || !p.Refunding.IsZero() {
				t.Errorf("refunded %s, refunding %s", p.Refunded, p.Refunding)
			}
		})
	})
}

func TestSilentBank(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
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
		w.Settings[2] = map[string]string{"url": silent.URL}
		paymenttest.Race(lost, func() bool {
			c := w.Order(t, paymenttest.GoodCard)
			c.POSAlias = "garanti"
			_, err := w.Pay(t.Context(), c)
			return err == nil
		})
		w.Misbehave(t, "reset_before_read")
		o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
		w.Misbehave(t)
		paymenttest.WantState(t, o.Payment, payment.Pending)
		t.Run("does_not_keep_the_resolver_from_other_banks", func(t *testing.T) {
			inquiries.Store(0)
			w.Later(t, 30*time.Second)
			if n := inquiries.Load(); n == 0 || n > lost/2 {
				t.Errorf("the silent bank was asked %d times in one round", n)
			}
			paymenttest.WantState(t, w.Now(t, o), payment.Declined)
		})
	})
}

func TestCrash(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Run("operation_left_open_after_the_bank_approved_is_captured", func(t *testing.T) {
			o := w.crashAfterBank(t)
			w.Later(t, 30*time.Second)
			paymenttest.WantState(t, w.Now(t, o), payment.Captured)
			if sums := w.WantBalanced(t, o); sums["sales"] != "-1000.00" {
				t.Errorf("ledger %v", sums)
			}
		})
		t.Run("of_several_resolvers_one_concludes", func(t *testing.T) {
			o := w.crashAfterBank(t)
			w.Clock.Advance(30 * time.Second)
			paymenttest.Race(8, func() bool { w.Resolver.Round(t.Context()); return true })
			d, err := w.Detail(t.Context(), paymenttest.DemoMerchant, o.Payment.UUID)
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
	dying := w.With(func(p *paymenttest.Parts) { p.Store = &paymenttest.DyingStore{Store: w.Store, Commits: 1} })
	o, err := dying.Pay(t.Context(), w.Order(t, paymenttest.GoodCard))
	if err != nil {
		t.Fatal(err)
	}
	paymenttest.WantState(t, o.Payment, payment.Pending)
	return o
}

func TestMissingPOS(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Run("its_operation_is_not_due_again_at_once", func(t *testing.T) {
			w.Misbehave(t, "reset_before_read")
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			w.Misbehave(t)
			paymenttest.WantState(t, o.Payment, payment.Pending)
			poses := w.Routes.POSes
			w.Routes.POSes = nil
			w.Clock.Advance(time.Minute)
			due := func() int {
				t.Helper()
				operations, err := w.Store.Unresolved(t.Context(), w.Clock.Now(), 10)
				if err != nil {
					t.Fatal(err)
				}
				return len(operations)
			}
			if n := due(); n != 1 {
				t.Fatalf("%d operations are due before the round, want 1", n)
			}
			w.Resolver.Round(t.Context())
			if n := due(); n != 0 {
				t.Fatalf("%d operations are due after the round, want none", n)
			}
			w.Routes.POSes = poses
			w.Later(t, time.Minute)
			paymenttest.WantState(t, w.Now(t, o), payment.Declined)
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
	onSQLite(t, func(t *testing.T, w *world) {
		leftOpen := func() payment.Outcome {
			t.Helper()
			c := w.Order(t, paymenttest.GoodCard)
			w.KilledAfter(1, func(s *paymenttest.Rooms) { _, _ = s.Pay(t.Context(), c) })
			p, err := w.Store.OrderHolder(t.Context(), paymenttest.DemoMerchant, c.OrderRef)
			if err != nil {
				t.Fatal(err)
			}
			paymenttest.WantState(t, p, payment.Pending)
			return payment.Outcome{Payment: p}
		}
		broken, sound := leftOpen(), leftOpen()
		var mu sync.Mutex
		told := map[operation.Resolution]int{}
		d := w.Parts
		d.Store = panicStore{Store: w.Store, of: broken.Payment.ID}
		var log bytes.Buffer
		d.Log = slog.New(slog.NewTextHandler(&log, nil))
		d.OnResolve = func(r operation.Resolved) {
			mu.Lock()
			defer mu.Unlock()
			told[r.Resolution]++
		}
		w.Clock.Advance(30 * time.Second)
		operation.NewResolver(d.Build().Operations).Round(t.Context())
		paymenttest.WantState(t, w.Now(t, broken), payment.Pending)
		paymenttest.WantState(t, w.Now(t, sound), payment.Captured)
		want := map[operation.Resolution]int{operation.ResolutionFailed: 1, operation.ResolvedApproved: 1}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("resolutions (-want +got):\n%s", diff)
		}
		if told := log.String(); !strings.Contains(told, "panicStore.PaymentByID") || !strings.Contains(told, "stack=") || strings.Contains(told, "4111") {
			t.Errorf("the log tells more or less than the place of the panic: %s", told)
		}
		// Later it is asked about again, and the store may be whole by then.
		w.Clock.Advance(30 * time.Second)
		w.Resolver.Round(t.Context())
		paymenttest.WantState(t, w.Now(t, broken), payment.Captured)
	})
}
