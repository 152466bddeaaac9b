package kit

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the networks of the proxies in front of us: what they say about
// who called them is believed.
type Proxies []netip.Prefix

// maxForwarded bounds what is read of X-Forwarded-For: more hops than any honest
// request has.
const maxForwarded = 16

// Client returns the address of whoever sent a request: the nearest one in
// X-Forwarded-For that is no proxy of ours, because anything before that is the
// sender's own claim. It is invalid only if the connection has no address.
func (p Proxies) Client(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	client := peer.Addr().Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i, hop := range slices.Backward(hops) {
		if !p.contain(client) || len(hops)-i > maxForwarded {
			break
		}
		addr, ok := parseHop(strings.TrimSpace(hop))
		if !ok {
			break
		}
		client = addr.Unmap().WithZone("")
	}
	return client
}

// parseHop reads an address; some proxies write the caller's port with it.
func parseHop(hop string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(strings.Trim(hop, "[]")); err == nil {
		return addr, true
	}
	with, err := netip.ParseAddrPort(hop)
	return with.Addr(), err == nil
}

func (p Proxies) contain(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(a) })
}
