package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/vezne/vezne/internal/egress"
)

// courier calls the addresses that merchants chose for their callbacks. It
// implements checkout.Courier.
type courier struct {
	policy egress.Policy
	client *http.Client
}

func newCourier(p egress.Policy) courier { return courier{policy: p, client: egress.NewClient(p)} }

// Check judges an address by its form and the merchant's list of hosts. Where its
// name leads to is judged when it is called.
func (c courier) Check(address, hosts string) error { return addresses(c.policy).Check(address, hosts) }

// policies returns what merchants' addresses may be, and where payers' browsers may
// be sent: to pages of our own too, for the hosted page takes its payers back.
func (s *Server) policies(o Options) (urls, browsers egress.Policy) {
	urls = egress.Policy{Demo: o.Demo != nil}
	return urls, egress.Policy{Demo: urls.Demo, Own: s.url}
}

// addresses judges merchants' addresses by a policy and their own lists of hosts.
// It implements threeds.Addresses.
type addresses egress.Policy

// Check judges an address by its form and the merchant's list of hosts.
func (a addresses) Check(address, hosts string) error {
	p := egress.Policy(a)
	p.Hosts = strings.Fields(hosts)
	return p.Check(address)
}

// Deliver posts a form. The answer's body is nobody's business and is dropped.
func (c courier) Deliver(ctx context.Context, address, hosts string, form map[string]string) (int, error) {
	if err := c.Check(address, hosts); err != nil {
		return 0, err
	}
	values := make(url.Values, len(form))
	for name, value := range form {
		values.Set(name, value)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(values.Encode()))
	if err != nil {
		return 0, fmt.Errorf("make callback: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("User-Agent", "Vezne")
	answer, err := c.client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("call callback: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()                                // whatever is left of it is not wanted
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, egress.MaxAnswer)) // so that the connection can be used again
	return answer.StatusCode, nil
}
