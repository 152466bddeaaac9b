package operation_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// listeners hear the kinds that they are, or cannot be asked.
type listeners struct {
	kinds []job.Kind
	err   error
}

func (l listeners) Hears(_ context.Context, _ id.Merchant, kind job.Kind) (bool, error) {
	return slices.Contains(l.kinds, kind), l.err
}

func TestAudience(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		audience operation.Audience
		want     []job.Kind
	}{
		"nobody_set_queues_every_event":    {nil, []job.Kind{payment.EventCaptured, payment.EventDeclined}},
		"what_nobody_hears_is_not_queued":  {listeners{}, nil},
		"what_is_heard_is_queued":          {listeners{kinds: []job.Kind{payment.EventDeclined}}, []job.Kind{payment.EventDeclined}},
		"who_cannot_be_asked_may_be_there": {listeners{err: errors.New("no storage")}, []job.Kind{payment.EventCaptured, payment.EventDeclined}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onSQLite(t, func(t *testing.T, w *world) {
				t.Helper()
				w.Change(func(p *paymenttest.Parts) { p.Audience = tt.audience })
				w.MustPay(t, w.Order(t, paymenttest.GoodCard))
				w.MustPay(t, w.Order(t, paymenttest.PoorCard))
				queued, err := w.Jobs.Jobs(t.Context(), paymenttest.DemoMerchant)
				if err != nil {
					t.Fatal(err)
				}
				var got []job.Kind
				for _, j := range queued {
					got = append(got, j.Kind)
				}
				slices.Sort(got)
				if !slices.Equal(got, tt.want) {
					t.Errorf("queued %v, want %v", got, tt.want)
				}
			})
		})
	}
}
