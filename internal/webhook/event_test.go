package webhook_test

import (
	"context"
	"testing"

	"github.com/vezne/vezne/internal/cache"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/webhook"
)

func TestAudience(t *testing.T) {
	t.Parallel()
	some := []webhook.Endpoint{
		{State: webhook.Active, Events: []string{"payment.captured"}},
		{State: webhook.Failing, Events: []string{"checkout.*"}},
		{State: webhook.Disabled, Events: []string{"*"}},
	}
	for name, tt := range map[string]struct {
		endpoints []webhook.Endpoint
		hears     bool
	}{
		"nobody_hears_nothing":             {nil, false},
		"asked_for_is_heard":               {[]webhook.Endpoint{{State: webhook.Active, Events: []string{"payment.*"}}}, true},
		"others_ask_for_others":            {some, false},
		"a_failing_endpoint_still_listens": {[]webhook.Endpoint{{State: webhook.Failing, Events: []string{"*"}}}, true},
		"a_disabled_one_does_not":          {[]webhook.Endpoint{{State: webhook.Disabled, Events: []string{"*"}}}, false},
	} {
		if got := webhook.NewAudience(tt.endpoints).Hears(payment.EventDeclined); got != tt.hears {
			t.Errorf("%s: heard is %t", name, got)
		}
	}
}

// TestAudience_every_change_is_known_at_once_and_moves_the_version has the audience
// in a cache that another node would drop when the version moves, and this one at
// once.
func TestAudience_every_change_is_known_at_once_and_moves_the_version(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		config := sqlstore.NewConfig(w.db)
		watcher := cache.NewWatcher(config, clock.System{}, cache.Interval)
		w.with(func(d *webhook.Dependencies) { d.Caches = watcher })
		cache := cache.New(watcher, cache.Bounds{Values: 10},
			func(ctx context.Context, m id.Merchant) (webhook.Audience, error) {
				all, err := w.store.Endpoints(ctx, m)
				return webhook.NewAudience(all), err
			})
		if err := watcher.Poll(t.Context()); err != nil { // what is loaded now would be served for a while
			t.Fatal(err)
		}
		version := int64(-1)
		hears := func(when string, want bool) {
			t.Helper()
			who, err := cache.Get(t.Context(), demo)
			if err != nil || who.Hears(payment.EventCaptured) != want {
				t.Errorf("%s: heard is %t and %v, want %t", when, !want, err, want)
			}
			now, err := config.ConfigVersion(t.Context())
			if err != nil || now <= version {
				t.Errorf("%s: configuration version went from %d to %d, %v", when, version, now, err)
			}
			version = now
		}
		hears("before", false)
		e, _ := w.endpoint(t, "https://shop.example.com/hook", "payment.*")
		hears("created", true)
		e, err := w.UpdateEndpoint(t.Context(), caller(demo), e.ID, e.Version,
			webhook.Settings{URL: e.URL, Events: []string{"checkout.*"}})
		if err != nil {
			t.Fatal(err)
		}
		hears("asking for others", false)
		e, err = w.UpdateEndpoint(t.Context(), caller(demo), e.ID, e.Version,
			webhook.Settings{URL: e.URL, Events: []string{"*"}})
		if err != nil {
			t.Fatal(err)
		}
		hears("asking for all", true)
		if err := w.DeleteEndpoint(t.Context(), caller(demo), e.ID, e.Version); err != nil {
			t.Fatal(err)
		}
		hears("deleted", false)
	})
}
