package operation_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// errSilent explains an answer that never came.
var errSilent = errors.New("the bank is silent")

// listener notes which events were asked about, and hears all.
type listener struct {
	mu    sync.Mutex
	kinds []job.Kind
}

func (l *listener) Hears(_ context.Context, _ id.Merchant, k job.Kind) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds = append(l.kinds, k)
	return true, nil
}

// TestEventOfReversal holds that a merchant hears nothing of how a charge is undone
// that it was never told of.
func TestEventOfReversal(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		silent := connector.Answer{}
		missing := true
		bank := &paymenttest.Scripted{
			Charge:   func(connector.Charge) (connector.Answer, error) { return silent, errSilent },
			FollowUp: func(connector.FollowUp) (connector.Answer, error) { return silent, errSilent },
			Inquiry: func(q connector.Inquiry) (connector.Finding, error) {
				if q.Kind == connector.Sale && !missing {
					return connector.Finding{Answer: paymenttest.Approval()}, nil
				}
				return connector.Finding{Missing: true}, nil
			},
		}
		w.Ask(t, bank)
		told := &listener{}
		o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
		w.Later(t, 20*time.Second)
		paymenttest.WantState(t, w.Now(t, o), payment.Declined)
		missing = false
		w.Change(func(p *paymenttest.Parts) { p.Audience = told })
		w.Clock.Advance(time.Minute)
		w.RunJobs(t) // the reversal, of which the bank has no record
		w.Later(t, 20*time.Second)
		d, err := w.Detail(t.Context(), paymenttest.DemoMerchant, o.Payment.UUID)
		if err != nil || len(d.Operations) != 2 || d.Operations[1].Status != payment.OperationDeclined {
			t.Fatalf("operations %+v, %v", d.Operations, err)
		}
		if slices.Contains(told.kinds, payment.EventVoidFailed) {
			t.Errorf("the merchant was told %v", told.kinds)
		}
	})
}
