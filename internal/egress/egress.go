// Package egress lets the server call addresses that merchants chose, such as
// callbacks and webhooks, without becoming a way into the network that it stands
// in: addresses are checked when they are given and again, after the name was
// resolved, at the moment of connecting.
package egress

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// maxURLLength is what every browser and proxy takes.
	maxURLLength = 2048
	// callLimit bounds a whole call, connectLimit the part until the connection
	// stands.
	callLimit    = 10 * time.Second
	connectLimit = 5 * time.Second
	// MaxAnswer is how much of an answer is read before it is dropped.
	MaxAnswer = 64 << 10
)

// Why an address was refused. The texts may be shown to the merchant.
var (
	ErrForm    = errors.New("must be an absolute https URL without user, fragment or control characters, and with a port that exists")
	ErrLength  = errors.New("must have at most 2048 characters")
	ErrHost    = errors.New("must be on a host that the merchant has allowed")
	ErrAddress = errors.New("must not lead to a private, local or reserved network")
)

// Policy says which addresses may be used. The zero Policy is production's.
type Policy struct {
	// Demo also allows http, any port and this machine.
	Demo bool
	// Hosts, when not empty, are the only hosts allowed.
	Hosts []string
	// Own, when not empty, is our own public address without a slash at its end.
	// Check lets everything below it pass, for browsers that are sent to a page of
	// ours; it opens nothing to a client.
	Own string
}

// Check reports why a URL may not be used, before anything is resolved: one of
// ErrForm, ErrLength, ErrHost and ErrAddress.
func (p Policy) Check(raw string) error {
	if len(raw) > maxURLLength {
		return ErrLength
	}
	if p.Own != "" && strings.HasPrefix(raw, p.Own+"/") {
		return nil
	}
	if strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }) {
		return ErrForm
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || u.User != nil || u.Fragment != "" || strings.Contains(raw, "#") || u.Hostname() == "" {
		return ErrForm
	}
	if u.Scheme != "https" && (!p.Demo || u.Scheme != "http") {
		return ErrForm
	}
	if !portExists(u.Port()) {
		return ErrForm
	}
	if !p.portAllowed(u.Port()) {
		return ErrAddress
	}
	return p.checkHost(u.Hostname())
}

func (p Policy) checkHost(host string) error {
	if len(p.Hosts) > 0 {
		allowed := false
		for _, h := range p.Hosts {
			allowed = allowed || strings.EqualFold(h, host)
		}
		if !allowed {
			return ErrHost
		}
	}
	if addr, err := netip.ParseAddr(host); err == nil && !p.addressAllowed(addr) {
		return ErrAddress
	}
	return nil
}

func (p Policy) portAllowed(port string) bool { return p.Demo || port == "" || port == "443" }

// portExists reports whether something can listen there; url.Parse takes any digits.
func portExists(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

// reserved are networks that no merchant's server can be in, beyond those that
// package netip tells by itself (IANA special-purpose address registries, 2026-11).
var reserved = [...]netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.31.196.0/24"), netip.MustParsePrefix("192.52.193.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("192.175.48.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	// Protocol assignments with Teredo, benchmarks and ORCHID; documentation, twice;
	// 6to4, a way to write an IPv4 address; sinks.
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("3fff::/20"),
	netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2620:4f:8000::/48"),
}

// globalIPv6 is all of IPv6 that was given out for servers to be reached at: what
// is not in it is local, an IPv4 address in disguise (NAT64), or nobody's yet.
var globalIPv6 = netip.MustParsePrefix("2000::/3")

// addressAllowed reports whether an address may be connected to.
func (p Policy) addressAllowed(addr netip.Addr) bool {
	if addr.Is4In6() || addr.Zone() != "" {
		return false
	}
	if addr.IsLoopback() {
		return p.Demo
	}
	if !addr.IsGlobalUnicast() || addr.IsPrivate() || (addr.Is6() && !globalIPv6.Contains(addr)) {
		return false
	}
	for _, network := range reserved {
		if network.Contains(addr) {
			return false
		}
	}
	return true
}

// control refuses a connection once its address is known, so that a name which
// resolves differently the second time gains nothing.
func (p Policy) control(_, address string, _ syscall.RawConn) error {
	addrPort, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("connect: %w", ErrAddress)
	}
	if !p.addressAllowed(addrPort.Addr()) || !p.portAllowed(strconv.Itoa(int(addrPort.Port()))) {
		return ErrAddress
	}
	return nil
}

// NewClient returns a client that calls only what the policy allows, follows no
// redirect, uses no proxy and bounds the time. Callers read at most MaxAnswer of
// an answer. It is safe for concurrent use.
func NewClient(p Policy) *http.Client { return newClient(p, nil) }

// newClient is NewClient with a resolver of its own, nil for the system's.
func newClient(p Policy, r *net.Resolver) *http.Client {
	dialer := &net.Dialer{Timeout: connectLimit, Control: p.control, Resolver: r}
	return &http.Client{
		Timeout:       callLimit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:         dialer.DialContext,
			TLSHandshakeTimeout: connectLimit,
			MaxIdleConns:        64,
			IdleConnTimeout:     30 * time.Second,
			ForceAttemptHTTP2:   true,
		},
	}
}
