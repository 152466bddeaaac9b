package threeds_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// TestWay holds that a payer gets to a bank that has no form for us to post.
func TestWay(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		for name, way := range map[string]connector.Way{
			"page":    {Page: connector.Page{HTML: "<p>bank</p>", Base: "https://bank.example/"}},
			"address": {Address: "https://bank.example/3ds?id=1"},
		} {
			t.Run(name, func(t *testing.T) {
				bank := &paymenttest.Scripted{Enrolment: func(connector.Enrolment) (connector.Enrolled, error) {
					return connector.Enrolled{Answer: paymenttest.Approval(), Way: way}, nil
				}}
				w.Ask(t, bank)
				c := w.Enrolment(t, paymenttest.GoodCard)
				c.Key = paymenttest.KeyNamed("way-" + name)
				e := w.MustEnrol(t, c)
				if again := w.MustEnrol(t, c); !again.Replayed || cmp.Diff(again.Form, e.Form) != "" {
					t.Errorf("repeated: %+v", again.Form)
				}
				r := paymenttest.ReturnAt(t, strings.TrimSuffix(e.Form.Action, "/go"), nil)
				got, err := w.Way(t.Context(), r.Connector, r.SessionKey)
				if err != nil || got.Page != way.Page || got.Address != way.Address || len(e.Form.Fields) != 0 {
					t.Errorf("form %+v leads to %+v, %v", e.Form, got, err)
				}
				_, err = w.Way(t.Context(), "other", r.SessionKey)
				paymenttest.WantCode(t, err, fault.NoSuchThing)
				w.Clock.Advance(31 * time.Minute)
				_, err = w.Way(t.Context(), r.Connector, r.SessionKey)
				paymenttest.WantCode(t, err, fault.NoSuchThing)
			})
		}
	})
}
