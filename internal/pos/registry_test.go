package pos_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/pos"
)

func TestRegistry(t *testing.T) {
	t.Parallel()
	t.Run("opens_once_per_version", func(t *testing.T) {
		t.Parallel()
		r, opened := registry(t, &fakeBank{authorize: approve}, nil)
		first, again := bankOf(t, r, fakePOS), bankOf(t, r, fakePOS)
		if first != again || opened.Load() != 1 {
			t.Errorf("opened %d times for one version", opened.Load())
		}
		changed := fakePOS
		changed.Version = 2
		second := bankOf(t, r, changed)
		if second == first || opened.Load() != 2 {
			t.Error("a changed POS kept its connector")
		}
		if bankOf(t, r, fakePOS) != second {
			t.Error("a caller with an older row brought the older connector back")
		}
	})
	t.Run("concurrent_callers_share_one_bank", func(t *testing.T) {
		t.Parallel()
		r, _ := registry(t, &fakeBank{authorize: approve}, nil)
		banks := make([]*pos.Bank, 16)
		var callers sync.WaitGroup
		for i := range banks {
			callers.Go(func() { banks[i], _ = r.Bank(t.Context(), fakePOS) }) // a failure shows as another bank
		}
		callers.Wait()
		for _, b := range banks {
			if b == nil || b != banks[0] {
				t.Fatal("two banks for one POS")
			}
		}
	})
	t.Run("changed_POS_starts_with_a_closed_breaker", func(t *testing.T) {
		t.Parallel()
		r, _ := registry(t, &fakeBank{authorize: noAnswer}, nil)
		fail(t, bankOf(t, r, fakePOS), 5)
		changed := fakePOS
		changed.Version = 2
		bankOf(t, r, changed)
		if !r.Healthy(fakePOS.ID) {
			t.Error("the old breaker outlived the change")
		}
	})
	t.Run("POS_never_used_is_healthy", func(t *testing.T) {
		t.Parallel()
		r, _ := registry(t, &fakeBank{}, nil)
		if !r.Healthy(99) {
			t.Error("unhealthy")
		}
	})
	t.Run("two_connectors_of_one_name_are_refused", func(t *testing.T) {
		t.Parallel()
		_, err := pos.NewRegistry(pos.Options{
			Registrations: []connector.Registration{{Name: "twin"}, {Name: "twin"}},
			Opener:        func(context.Context, pos.POS) (map[string]string, error) { return nil, nil },
		})
		if err == nil {
			t.Error("accepted")
		}
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	var got map[string]string
	r, _ := registry(t, nil, func(o *pos.Options) {
		o.Opener = func(context.Context, pos.POS) (map[string]string, error) {
			return map[string]string{"merchant": "m1", "mode": ""}, nil
		}
		o.Registrations[0].Settings = []connector.Setting{
			{Name: "merchant", Required: true},
			{Name: "mode", Default: "live"},
			{Name: "note"},
		}
		o.Registrations[0].Open = func(s map[string]string, _ connector.Environment) (connector.Connector, error) {
			got = s
			return &fakeBank{}, nil
		}
	})
	bankOf(t, r, fakePOS)
	if diff := cmp.Diff(map[string]string{"merchant": "m1", "mode": "live"}, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*pos.Options)
		want   string
	}{
		"unknown_connector": {
			change: func(o *pos.Options) { o.Registrations = nil }, want: "no such connector",
		},
		"settings_that_do_not_unseal": {
			change: func(o *pos.Options) {
				o.Opener = func(context.Context, pos.POS) (map[string]string, error) { return nil, errors.New("sealed") }
			}, want: "sealed",
		},
		"required_setting_missing_is_named": {
			change: func(o *pos.Options) {
				o.Registrations[0].Settings = []connector.Setting{{Name: "terminal", Required: true}}
			}, want: "terminal",
		},
		"connector_that_refuses": {
			change: func(o *pos.Options) {
				o.Registrations[0].Open = func(map[string]string, connector.Environment) (connector.Connector, error) {
					return nil, errors.New("bad terminal")
				}
			}, want: "bad terminal",
		},
		"connector_that_panics": {
			change: func(o *pos.Options) {
				o.Registrations[0].Open = func(map[string]string, connector.Environment) (connector.Connector, error) { panic("planted-value") }
			}, want: "panicked",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := registry(t, &fakeBank{}, tt.change)
			_, err := r.Bank(t.Context(), fakePOS)
			if fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want unavailable with %q", err, tt.want)
			}
			if strings.Contains(err.Error(), "planted-value") {
				t.Errorf("error %q shows the value of a panic", err)
			}
		})
	}
}
