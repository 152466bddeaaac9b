package merchant_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/pos"
)

func TestSaveSettings(t *testing.T) {
	t.Parallel()
	good := func(m merchant.Merchant) merchant.Merchant {
		m.Name, m.ThreeDS = "Shop", pos.ThreeDSOptional
		return m
	}
	t.Run("an_edit_is_recorded_with_before_and_after", func(t *testing.T) {
		t.Parallel()
		s := newMemory()
		n, _, _ := timed(s)
		was, err := n.service.Merchant(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		shall := good(was)
		shall.Hosts = "shop.example pay.shop.example"
		now, err := n.service.SaveSettings(t.Context(), was, shall, "user:3")
		if err != nil || now.Version != was.Version+1 || now.Hosts != shall.Hosts {
			t.Fatalf("got %+v, %v", now, err)
		}
		last := s.records[len(s.records)-1]
		if last.Action != "settings.update" || last.Subject != "merchant:1" ||
			!strings.Contains(string(last.Detail), `"before":{"hosts":""`) || !strings.Contains(string(last.Detail), `"after":{"hosts":"shop.example pay.shop.example"`) || strings.Contains(string(last.Detail), "half_secure") {
			t.Errorf("record %s %s %s", last.Action, last.Subject, last.Detail)
		}
		if _, err := n.service.SaveSettings(t.Context(), was, good(was), "user:3"); fault.CodeOf(err) != fault.VersionMismatch {
			t.Errorf("an edit of an old version: %v", err)
		}
		records := len(s.records)
		if same, err := n.service.SaveSettings(t.Context(), now, now, "user:3"); err != nil || same.Version != now.Version ||
			len(s.records) != records {
			t.Errorf("an edit of nothing: %+v, %v", same, err)
		}
	})
	for name, c := range map[string]struct {
		field string
		edit  func(*merchant.Merchant)
	}{
		"an_empty_name_is_refused":           {"name", func(m *merchant.Merchant) { m.Name = "" }},
		"an_unknown_policy_is_refused":       {"three_ds", func(m *merchant.Merchant) { m.ThreeDS = "some" }},
		"a_host_with_scheme_is_refused":      {"hosts", func(m *merchant.Merchant) { m.Hosts = "https://shop.example" }},
		"a_host_with_port_is_refused":        {"hosts", func(m *merchant.Merchant) { m.Hosts = "shop.example:443" }},
		"a_wildcard_host_is_refused":         {"hosts", func(m *merchant.Merchant) { m.Hosts = "*.example" }},
		"a_frame_with_a_path_is_refused":     {"checkout.frames", func(m *merchant.Merchant) { m.Checkout.Frames = "https://shop.example/" }},
		"a_frame_without_tls_is_refused":     {"checkout.frames", func(m *merchant.Merchant) { m.Checkout.Frames = "http://shop.example" }},
		"a_frame_ending_a_rule_is_refused":   {"checkout.frames", func(m *merchant.Merchant) { m.Checkout.Frames = "https://a.example;script-src" }},
		"any_frame_is_refused":               {"checkout.frames", func(m *merchant.Merchant) { m.Checkout.Frames = "*" }},
		"a_frame_with_a_user_is_refused":     {"checkout.frames", func(m *merchant.Merchant) { m.Checkout.Frames = "https://a@shop.example" }},
		"a_frame_with_a_bad_port_is_refused": {"checkout.frames", func(m *merchant.Merchant) { m.Checkout.Frames = "https://shop.example:99999" }},
		"too_many_hosts_are_refused":         {"hosts", func(m *merchant.Merchant) { m.Hosts = strings.Repeat("a.example ", 21) }},
		"a_life_of_a_year_is_refused":        {"checkout.life_minutes", func(m *merchant.Merchant) { m.Checkout.Life = 365 * 24 * time.Hour }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newMemory()
			n, _, _ := timed(s)
			was, err := n.service.Merchant(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			shall := good(was)
			c.edit(&shall)
			_, err = n.service.SaveSettings(t.Context(), was, shall, "user:3")
			if f := fault.From(err).Fields; len(f) != 1 || f[0].Name != c.field {
				t.Errorf("got %v, want a fault on %s", err, c.field)
			}
			if len(s.records) != 0 {
				t.Error("a refusal left a record")
			}
		})
	}
}
