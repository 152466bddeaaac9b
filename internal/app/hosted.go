package app

import (
	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/egress"
	"github.com/vezne/vezne/internal/httpapi/pages"
	"github.com/vezne/vezne/internal/secret"
)

// hosted builds the hosted checkout on its stores: the domain, and what the page
// is made of.
func (s *Server) hosted(
	o Options, d checkout.Dependencies, logos pages.Logos, urls egress.Policy, formKey secret.Bytes,
) (*checkout.Service, pages.CheckoutOptions) {
	callbacks := newCourier(urls)
	d.Courier, d.Log, d.PublicURL = callbacks, o.Log, s.url
	service := checkout.NewService(d)
	return service, pages.CheckoutOptions{
		Checkouts: service, Logos: logos, PublicURL: s.url, Callback: callbacks.Check, FormKey: formKey,
		Proxies: o.Config.TrustedProxies, Log: o.Log, Test: o.Demo != nil,
	}
}
