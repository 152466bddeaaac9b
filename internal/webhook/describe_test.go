package webhook_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/webhook"
)

// describerFunc is a webhook.Describer.
type describerFunc func(data map[string]jsontext.Value) error

func (f describerFunc) Describe(_ context.Context, _ id.Merchant, data map[string]jsontext.Value) error {
	return f(data)
}

// TestEvents_of_any_noun_are_told_as_their_table_says registers the events of a noun that this package does
// not know.
func TestEvents_of_any_noun_are_told_as_their_table_says(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		var trouble error
		events := map[job.Kind]webhook.Describer{
			"wallet.emptied": nil,
			"wallet.loaded": describerFunc(func(data map[string]jsontext.Value) error {
				data["balance"] = jsontext.Value(`7.00`)
				return trouble
			}),
		}
		w.with(func(d *webhook.Dependencies) { d.Events = events })
		w.runners = w.newRunners(t, "node")
		if got := w.Types(); !slices.Equal(got, []job.Kind{"wallet.emptied", "wallet.loaded"}) {
			t.Errorf("types = %v", got)
		}
		unknown := webhook.Settings{URL: "http://127.0.0.1:1/hook", Events: []string{"payment.captured"}}
		_, _, err := w.CreateEndpoint(t.Context(), caller(demo), unknown)
		if fault.CodeOf(err) != fault.ValidationError {
			t.Errorf("what is in no table can be asked for: %v", err)
		}
		r := newReceiver(t)
		w.endpoint(t, r.URL, "wallet.*")
		tell := func(kind job.Kind) {
			t.Helper()
			n, err := id.Next[id.Job](t.Context(), w.ids, id.NounJob)
			if err != nil {
				t.Fatal(err)
			}
			w.enqueue(t, job.Job{
				ID: n, MerchantID: demo, Kind: kind, Subject: "wallet:1", Payload: []byte(`{"wallet":1,"amount":5.00}`),
				RunAt: w.clock.Now(), CreatedAt: w.clock.Now(),
			})
			w.run(t)
		}
		tell("wallet.emptied")
		tell("wallet.loaded")
		calls := r.got()
		if len(calls) != 2 || !strings.HasSuffix(calls[0].body, `"data":{"amount":5.00,"wallet":1}}`) ||
			!strings.HasSuffix(calls[1].body, `"data":{"amount":5.00,"balance":7.00,"wallet":1}}`) {
			t.Errorf("calls = %v", calls)
		}
		if d := w.log(t); d[0].Subject != "wallet:1" {
			t.Errorf("subject = %q", d[0].Subject)
		}
		trouble = errors.New("no database")
		tell("wallet.loaded")
		if d := w.log(t); len(d) != 3 || d[2].Status != webhook.Pending || d[2].Attempts != 0 || len(r.got()) != 2 {
			t.Errorf("what cannot be described now is sent: %+v", d)
		}
	})
}
