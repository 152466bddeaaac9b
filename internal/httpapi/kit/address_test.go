package kit_test

import (
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/vezne/vezne/internal/httpapi/kit"
)

func TestClient(t *testing.T) {
	t.Parallel()
	proxies := kit.Proxies{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("10.0.0.0/8")}
	tests := map[string]struct {
		peer      string
		forwarded []string
		want      string
	}{
		"a_direct_caller_is_itself":                 {"198.51.100.7:1234", nil, "198.51.100.7"},
		"a_direct_caller_cannot_claim_another":      {"198.51.100.7:1234", []string{"203.0.113.9"}, "198.51.100.7"},
		"a_proxy_tells_its_caller":                  {"127.0.0.1:1234", []string{"203.0.113.9"}, "203.0.113.9"},
		"what_the_caller_claims_itself_is_left_out": {"127.0.0.1:1234", []string{"192.0.2.1, 203.0.113.9"}, "203.0.113.9"},
		"two_proxies_are_passed":                    {"[::1]:1234", []string{"203.0.113.9, 10.1.2.3"}, "203.0.113.9"},
		"two_headers_are_one":                       {"127.0.0.1:1", []string{"192.0.2.1", "203.0.113.9"}, "203.0.113.9"},
		"nonsense_ends_the_chain":                   {"127.0.0.1:1", []string{"203.0.113.9, unknown"}, "127.0.0.1"},
		"a_mapped_address_is_its_own":               {"[::ffff:127.0.0.1]:1", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		"the_port_of_a_caller_is_left_out":          {"127.0.0.1:1", []string{"203.0.113.9:4711"}, "203.0.113.9"},
		"so_is_that_of_an_IPv6_address":             {"127.0.0.1:1", []string{"[2001:db8::9]:4711"}, "2001:db8::9"},
		"brackets_are_left_out":                     {"127.0.0.1:1", []string{"[2001:db8::9]"}, "2001:db8::9"},
		"no_header_is_the_proxy_itself":             {"127.0.0.1:1", nil, "127.0.0.1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
			r.RemoteAddr = tt.peer
			for _, f := range tt.forwarded {
				r.Header.Add("X-Forwarded-For", f)
			}
			if got := proxies.Client(r); got.String() != tt.want {
				t.Errorf("client = %s, want %s", got, tt.want)
			}
		})
	}
}
