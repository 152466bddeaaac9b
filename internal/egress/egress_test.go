package egress_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/egress"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	production, demo := egress.Policy{}, egress.Policy{Demo: true}
	listed := egress.Policy{Hosts: []string{"shop.example.com"}}
	for _, c := range []struct {
		rule   string
		policy egress.Policy
		url    string
		want   error
	}{
		{"https_url_with_query_is_allowed", production, "https://shop.example.com/return?order=1", nil},
		{"port_443_is_allowed", production, "https://shop.example.com:443/", nil},
		{"http_is_refused_in_production", production, "http://shop.example.com/", egress.ErrForm},
		{"http_is_allowed_in_the_demo", demo, "http://127.0.0.1:9999/return", nil},
		{"other_port_is_refused_in_production", production, "https://shop.example.com:8443/", egress.ErrAddress},
		{"javascript_is_refused", demo, "javascript:alert(1)", egress.ErrForm},
		{"data_is_refused", demo, "data:text/html,x", egress.ErrForm},
		{"relative_url_is_refused", demo, "/return", egress.ErrForm},
		{"scheme_relative_url_is_refused", demo, "//evil.example/", egress.ErrForm},
		{"user_info_is_refused", production, "https://shop.example.com@evil.example/", egress.ErrForm},
		{"fragment_is_refused", production, "https://shop.example.com/#x", egress.ErrForm},
		{"empty_fragment_is_refused", production, "https://shop.example.com/#", egress.ErrForm},
		{"backslash_is_refused", production, `https://shop.example.com\@evil.example/`, egress.ErrForm},
		{"line_break_is_refused", production, "https://shop.example.com/\r\nX: y", egress.ErrForm},
		{"space_is_refused", production, "https://shop.example.com/a b", egress.ErrForm},
		{"too_long_url_is_refused", production, "https://shop.example.com/" + strings.Repeat("a", 2048), egress.ErrLength},
		{"listed_host_is_allowed_in_any_case", listed, "https://SHOP.example.com/", nil},
		{"host_off_the_list_is_refused", listed, "https://evil.example/", egress.ErrHost},
		{"own_page_is_allowed_on_any_port", egress.Policy{Own: "https://pay.example.com:8443"}, "https://pay.example.com:8443/checkout-link/1", nil},
		{"host_that_begins_like_our_own_is_refused", egress.Policy{Own: "https://pay.example.com:844"}, "https://pay.example.com:8443/", egress.ErrAddress},
		{"loopback_is_refused_in_production", production, "https://127.0.0.1/", egress.ErrAddress},
		{"loopback_v6_is_refused_in_production", production, "https://[::1]/", egress.ErrAddress},
		{"mapped_loopback_is_refused_even_in_the_demo", demo, "https://[::ffff:127.0.0.1]/", egress.ErrAddress},
		{"private_network_is_refused_even_in_the_demo", demo, "https://10.0.0.1/", egress.ErrAddress},
		{"metadata_address_is_refused_even_in_the_demo", demo, "http://169.254.169.254/latest", egress.ErrAddress},
		{"unique_local_v6_is_refused", production, "https://[fd00::1]/", egress.ErrAddress},
		{"nat64_is_refused", production, "https://[64:ff9b::7f00:1]/", egress.ErrAddress},
		{"nat64_of_a_site_is_refused", production, "https://[64:ff9b:1::1]/", egress.ErrAddress},
		{"teredo_is_refused", production, "https://[2001:0:7f00:1::1]/", egress.ErrAddress},
		{"benchmark_v6_is_refused", production, "https://[2001:2::1]/", egress.ErrAddress},
		{"orchid_is_refused", production, "https://[2001:20::1]/", egress.ErrAddress},
		{"documentation_v6_is_refused", production, "https://[3fff::1]/", egress.ErrAddress},
		{"6to4_is_refused", production, "https://[2002:7f00:1::1]/", egress.ErrAddress},
		{"v6_that_nobody_was_given_is_refused", production, "https://[4000::1]/", egress.ErrAddress},
		{"segment_routing_is_refused", production, "https://[5f00::1]/", egress.ErrAddress},
		{"discard_prefix_is_refused", production, "https://[100::1]/", egress.ErrAddress},
		{"site_local_is_refused", production, "https://[fec0::1]/", egress.ErrAddress},
		{"public_v6_is_allowed", production, "https://[2a00:1450:4001::1]/", nil},
		{"6to4_relay_is_refused", production, "https://192.88.99.1/", egress.ErrAddress},
		{"port_that_does_not_exist_is_refused_even_in_the_demo", demo, "https://shop.example.com:99999/", egress.ErrForm},
		{"port_zero_is_refused_even_in_the_demo", demo, "http://127.0.0.1:0/", egress.ErrForm},
		{"highest_port_is_allowed_in_the_demo", demo, "http://127.0.0.1:65535/", nil},
		{"unspecified_is_refused", demo, "http://0.0.0.0/", egress.ErrAddress},
		{"carrier_network_is_refused", production, "https://100.64.0.1/", egress.ErrAddress},
	} {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			if err := c.policy.Check(c.url); !errors.Is(err, c.want) {
				t.Errorf("Check = %v, want %v", err, c.want)
			}
		})
	}
}

func TestClient(t *testing.T) {
	t.Parallel()
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "/", http.StatusFound)
		}
	}))
	t.Cleanup(target.Close)
	get := func(t *testing.T, p egress.Policy, url string) (int, error) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := egress.NewClient(p).Do(request)
		if err != nil {
			return 0, err
		}
		_ = response.Body.Close() // only the status is of interest
		return response.StatusCode, nil
	}
	t.Run("name_that_resolves_to_this_machine_is_refused_when_connecting", func(t *testing.T) {
		t.Parallel()
		local := strings.Replace(target.URL, "127.0.0.1", "localhost", 1)
		if _, err := get(t, egress.Policy{}, local); !errors.Is(err, egress.ErrAddress) {
			t.Errorf("error = %v", err)
		}
	})
	t.Run("this_machine_is_reached_in_the_demo", func(t *testing.T) {
		t.Parallel()
		if status, err := get(t, egress.Policy{Demo: true}, target.URL); err != nil || status != http.StatusOK {
			t.Errorf("status %d, %v", status, err)
		}
	})
	t.Run("redirect_is_not_followed", func(t *testing.T) {
		t.Parallel()
		if status, err := get(t, egress.Policy{Demo: true}, target.URL+"/moved"); err != nil || status != http.StatusFound {
			t.Errorf("status %d, %v", status, err)
		}
	})
}

func FuzzCheck(f *testing.F) {
	for _, seed := range []string{"https://a.example/", "https://[::1]/", "javascript:x", "https://a@b/", "https://127.1/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if (egress.Policy{}).Check(raw) == nil && !strings.HasPrefix(strings.ToLower(raw), "https://") {
			t.Errorf("allowed %q", raw)
		}
	})
}
