package app

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/egress"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/webhook"
)

// demoReceiver is the path at which a demo takes its own events, and demoSecret
// the public secret that they are signed with.
const (
	demoReceiver = "/demo/webhook-receiver"
	demoSecret   = "whsec_dmV6bmUgZGVtbyB3ZWJob29rIHNpZ25pbmcga2V5ISE=" //nolint:gosec // public, as docs/webhooks.md says
)

// events returns the events that merchants can ask for, with what is told of each
// besides its facts. A noun that has events of its own adds them here.
func events(payments webhook.Describer) map[job.Kind]webhook.Describer {
	all := make(map[job.Kind]webhook.Describer)
	for _, kind := range slices.Concat(payment.Events(), checkout.Events()) {
		all[kind] = payments
	}
	return all
}

// webhooks builds the deliveries of events. In a demo every merchant has an
// endpoint for checkouts, so that the log of deliveries shows how they ended. It
// asks for no more, because sending itself an event for each payment would halve
// the payments that a small machine takes.
func (s *Server) webhooks(
	ctx context.Context, o Options, urls egress.Policy, d webhook.Dependencies,
) (*webhook.Service, error) {
	d.Addresses, d.Poster = urls, egress.NewPoster(urls, egress.PosterOptions{})
	if o.Demo != nil {
		// The listener, not the public address, which may be a proxy's.
		url := baseURL("", s.listener.Addr()) + demoReceiver
		for _, m := range o.Demo.Set.Merchants {
			if err := seedEndpoint(ctx, d, m.Merchant.ID, url); err != nil {
				return nil, fmt.Errorf("make the demo's endpoint: %w", err)
			}
		}
	}
	return webhook.NewService(d), nil
}

// seedEndpoint makes the endpoint that a demo's merchant has from the start, or
// lets it follow the address on which this process listens.
func seedEndpoint(ctx context.Context, d webhook.Dependencies, m id.Merchant, url string) error {
	e, err := d.Store.Endpoint(ctx, m, id.Endpoint(m)) // ids below 1000 are the demo's
	fresh := err != nil && fault.KindOf(err) == fault.NotFound
	if err != nil && !fresh {
		return err
	}
	if !fresh && e.URL == url {
		return nil
	}
	if fresh {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(demoSecret, "whsec_"))
		if err != nil {
			return errors.New("the demo's secret is not base64")
		}
		e = webhook.Endpoint{
			ID: id.Endpoint(m), MerchantID: m, Version: 1, Description: "takes everything and keeps nothing",
			Events: []string{"checkout.*"}, State: webhook.Active, CreatedAt: d.Clock.Now(),
		}
		if e.SealedSecret, err = d.Sealer.Seal(ctx, e.SecretSubject(), key); err != nil {
			return err
		}
	}
	e.URL = url
	return d.Store.InTx(ctx, func(tx webhook.Tx) {
		if fresh {
			tx.InsertEndpoint(e)
			return
		}
		tx.SaveEndpoint(e)
	})
}

// receiveDemo takes an event of the demo.
func receiveDemo(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, 64<<10)) // so that the connection can be used again
	w.WriteHeader(http.StatusNoContent)
}
