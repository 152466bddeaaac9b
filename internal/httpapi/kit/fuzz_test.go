package kit_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/vezne/vezne/internal/httpapi/kit"
)

// FuzzClient holds that only a proxy of ours is believed, and that whom it names
// last is the client unless that is a proxy of ours too.
func FuzzClient(f *testing.F) {
	for _, seed := range [][2]string{
		{"198.51.100.7:1234", "203.0.113.9"}, {"127.0.0.1:1", "203.0.113.9"}, {"127.0.0.1:1", "192.0.2.1, 203.0.113.9"},
		{"[::ffff:127.0.0.1]:1", "::ffff:203.0.113.9"}, {"127.0.0.1:1", "203.0.113.9, unknown"}, {"[fe80::1%eth0]:1", ",,"},
		{"", "203.0.113.9"}, {"127.0.0.1:1", "10.0.0.1,10.0.0.2,::1"}, {"127.0.0.1:1", "fe80::1%x"},
	} {
		f.Add(seed[0], seed[1])
	}
	proxies := kit.Proxies{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("10.0.0.0/8")}
	ours := func(a netip.Addr) bool {
		for _, p := range proxies {
			if p.Contains(a) {
				return true
			}
		}
		return false
	}
	f.Fuzz(func(t *testing.T, peer, forwarded string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = peer
		r.Header["X-Forwarded-For"] = []string{forwarded}
		got := proxies.Client(r)
		connected, err := netip.ParseAddrPort(peer)
		if err != nil {
			if got.IsValid() {
				t.Fatalf("%s came from nowhere", got)
			}
			return
		}
		from := connected.Addr().Unmap().WithZone("")
		if !got.IsValid() || got.Zone() != "" || got.Is4In6() {
			t.Fatalf("client = %s", got)
		}
		if !ours(from) && got != from {
			t.Fatalf("%s called itself %s and was believed", from, got)
		}
		r.Header["X-Forwarded-For"] = []string{"192.0.2.1, " + forwarded, "203.0.113.9"}
		if got := proxies.Client(r); ours(from) && got != netip.MustParseAddr("203.0.113.9") {
			t.Fatalf("our proxy told of 203.0.113.9, and the client is %s", got)
		}
	})
}

// FuzzSameRequest holds that a body which is read is the same request when the
// parser's own writer has set it otherwise, and another one with a member more.
func FuzzSameRequest(f *testing.F) {
	for _, seed := range []string{
		thing, `{}`, `{"a":-0.0e-7,"\u0061b":"\"\\","e":[1e5,true,[{}]]}`, `{"a":"\\","b":1}`, `{"1":"-1.0","e":"1e0"}`, `{"a":1e-2147483649}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		o, err := kit.ParseObject([]byte(body))
		if err != nil {
			return
		}
		first := posted(body).key(t, "key")
		body = strings.TrimPrefix(body, "\ufeff")
		other := jsontext.Value(body)
		if err := other.Indent(jsontext.WithIndent(" ")); err != nil {
			t.Fatal(err)
		}
		if posted(string(other)).key(t, "key") != first {
			t.Fatalf("%q is another request than %q", other, body)
		}
		name := "more"
		for slices.Contains(o.Names(), name) {
			name += "+"
		}
		rest, found := strings.CutSuffix(strings.TrimRight(body, " \t\r\n"), "}")
		comma := ","
		if len(o.Names()) == 0 {
			comma = ""
		}
		if !found || posted(rest+comma+`"`+name+`":null}`).key(t, "key") == first {
			t.Fatalf("%q is the same request with a member more", body)
		}
	})
}
