package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/webhook"
)

func (s *surface) webhookRoutes() []route {
	const all, one = "/admin/v1/webhook-endpoints", "/admin/v1/webhook-endpoints/{endpointId}"
	const log, entry = "/admin/v1/webhook-deliveries", "/admin/v1/webhook-deliveries/{deliveryId}"
	return []route{
		{method: http.MethodGet, pattern: all, needs: merchant.WebhooksRead, handle: paged(s.endpoints)},
		{method: http.MethodPost, pattern: all, needs: merchant.WebhooksEdit, handle: s.createEndpoint},
		{method: http.MethodGet, pattern: one, needs: merchant.WebhooksRead, handle: s.endpoint},
		{method: http.MethodPatch, pattern: one, needs: merchant.WebhooksEdit, handle: s.updateEndpoint},
		{method: http.MethodDelete, pattern: one, needs: merchant.WebhooksEdit, handle: s.deleteEndpoint},
		{method: http.MethodPost, pattern: one + "/rotate-secret", needs: merchant.WebhooksEdit, handle: s.rotateSecret, emptyBody: true},
		{method: http.MethodPost, pattern: one + "/test", needs: merchant.WebhooksEdit, handle: bare(s.testEndpoint), emptyBody: true},
		{method: http.MethodGet, pattern: log, needs: merchant.WebhooksRead, handle: s.deliveries},
		{method: http.MethodPost, pattern: log + "/redeliver", needs: merchant.WebhooksEdit, handle: s.redeliverRange},
		{method: http.MethodGet, pattern: entry, needs: merchant.WebhooksRead, handle: s.delivery},
		{method: http.MethodPost, pattern: entry + "/redeliver", needs: merchant.WebhooksEdit, handle: bare(s.redeliver), emptyBody: true},
	}
}

type endpointView struct {
	ID          int64    `json:"id"`
	Version     int      `json:"version"`
	URL         string   `json:"url"`
	Description string   `json:"description"`
	Events      []string `json:"events"`
	State       string   `json:"state"`
	// PreviousSecretUntil is set while events are signed with two secrets.
	PreviousSecretUntil *time.Time `json:"previous_secret_until"`
	CreatedAt           time.Time  `json:"created_at"`
}

// newEndpointView is the only answer with a secret.
type newEndpointView struct {
	endpointView

	Secret string `json:"secret"`
}

func (s *surface) viewEndpoint(e webhook.Endpoint) endpointView {
	v := endpointView{
		ID: int64(e.ID), Version: e.Version, URL: e.URL, Description: e.Description, Events: e.Events,
		State: string(e.State), CreatedAt: moment(e.CreatedAt),
	}
	if e.PreviousUntil.After(s.kit.Clock().Now()) {
		v.PreviousSecretUntil = timeOrNull(e.PreviousUntil)
	}
	return v
}

type endpointsView struct {
	Endpoints []endpointView `json:"endpoints"`
	Types     []job.Kind     `json:"types"`
	Next      *string        `json:"next"`
}

// endpoints answers GET /admin/v1/webhook-endpoints.
func (s *surface) endpoints(ctx context.Context, r *request, p page) (kit.Response, error) {
	found, next, err := s.Webhooks.EndpointPage(ctx, r.Principal.MerchantID, p.cursor, p.limit)
	if err != nil {
		return kit.Response{}, err
	}
	v := endpointsView{Endpoints: make([]endpointView, 0, len(found)), Types: s.Webhooks.Types(),
		Next: kit.TextOrNull(next)}
	for _, e := range found {
		v.Endpoints = append(v.Endpoints, s.viewEndpoint(e))
	}
	return kit.OK(v), nil
}

// findEndpoint returns the endpoint that the path names.
func (s *surface) findEndpoint(ctx context.Context, r *request) (webhook.Endpoint, error) {
	n, err := r.Number("endpointId")
	if err != nil {
		return webhook.Endpoint{}, err
	}
	return s.Webhooks.Endpoint(ctx, r.Principal.MerchantID, id.Endpoint(n))
}

// editEndpoint is findEndpoint for edits, which must be of the newest version.
func (s *surface) editEndpoint(ctx context.Context, r *request) (webhook.Endpoint, error) {
	e, err := s.findEndpoint(ctx, r)
	if err != nil {
		return webhook.Endpoint{}, err
	}
	return e, matches(r, e.Version, false)
}

// endpoint answers GET /admin/v1/webhook-endpoints/{endpointId}.
func (s *surface) endpoint(ctx context.Context, r *request) (kit.Response, error) {
	e, err := s.findEndpoint(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	return tagged(s.viewEndpoint(e), e.Version), nil
}

// maxPattern is longer than any type of an event.
const maxPattern = 64

// readEndpoint reads settings; what is not named stays as it is in set.
func readEndpoint(b *kit.Object, set webhook.Settings) webhook.Settings {
	b.Know("id", "version", "previous_secret_until", "created_at") // what was read may be sent back
	set.URL = orText(b, "url", set.URL, maxURL)
	set.Description = orText(b, "description", set.Description, webhook.MaxDescription)
	if b.Has("events") {
		set.Events = b.Strings("events", webhook.MaxPatterns, maxPattern)
	}
	if state, ok := b.OptionalString("state"); ok {
		set.Disabled = state == string(webhook.Disabled)
		if !set.Disabled && state != string(webhook.Active) {
			b.Reject("state", fault.FieldInvalid, "must be active or disabled")
		}
	}
	return set
}

// maxURL is over the length that addresses may have, so that theirs is the
// complaint about it.
const maxURL = 4096

// createEndpoint answers POST /admin/v1/webhook-endpoints.
func (s *surface) createEndpoint(ctx context.Context, r *request) (kit.Response, error) {
	set := readEndpoint(r.Body, webhook.Settings{Events: []string{"*"}})
	if !r.Body.Has("url") {
		r.Body.Reject("url", fault.FieldRequired, "is required")
	}
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	e, key, err := s.Webhooks.CreateEndpoint(ctx, s.hookCaller(r), set)
	if err != nil {
		return kit.Response{}, err
	}
	return kit.Response{
		Status: http.StatusCreated, Body: newEndpointView{s.viewEndpoint(e), string(key.Reveal())},
	}.WithHeader("ETag", etag(e.Version)), nil
}

func (s *surface) hookCaller(r *request) webhook.Caller {
	return webhook.Caller{MerchantID: r.Principal.MerchantID, Actor: r.Principal.Actor}
}

// updateEndpoint answers PATCH /admin/v1/webhook-endpoints/{endpointId}.
func (s *surface) updateEndpoint(ctx context.Context, r *request) (kit.Response, error) {
	e, err := s.editEndpoint(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	set := readEndpoint(r.Body, webhook.Settings{
		URL: e.URL, Description: e.Description, Events: e.Events, Disabled: e.State == webhook.Disabled,
	})
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	if e, err = s.Webhooks.UpdateEndpoint(ctx, s.hookCaller(r), e.ID, e.Version, set); err != nil {
		return kit.Response{}, err
	}
	return tagged(s.viewEndpoint(e), e.Version), nil
}

// deleteEndpoint answers DELETE /admin/v1/webhook-endpoints/{endpointId}.
func (s *surface) deleteEndpoint(ctx context.Context, r *request) (kit.Response, error) {
	e, err := s.editEndpoint(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	return done(s.Webhooks.DeleteEndpoint(ctx, s.hookCaller(r), e.ID, e.Version))
}

// defaultOverlap is how many hours the secret before stays valid unless the
// caller says otherwise: time to roll a receiver out without haste.
const defaultOverlap = 24

// rotateSecret answers POST /admin/v1/webhook-endpoints/{endpointId}/rotate-secret.
func (s *surface) rotateSecret(ctx context.Context, r *request) (kit.Response, error) {
	e, err := s.editEndpoint(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	hours := orInt(r.Body, "overlap_hours", defaultOverlap, 0, int(webhook.MaxOverlap/time.Hour))
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	e, key, err := s.Webhooks.RotateSecret(ctx, s.hookCaller(r), e.ID, e.Version, time.Duration(hours)*time.Hour)
	if err != nil {
		return kit.Response{}, err
	}
	return tagged(newEndpointView{s.viewEndpoint(e), string(key.Reveal())}, e.Version), nil
}

// testEndpoint answers POST /admin/v1/webhook-endpoints/{endpointId}/test.
func (s *surface) testEndpoint(ctx context.Context, r *request) (kit.Response, error) {
	e, err := s.findEndpoint(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	return queued(s.Webhooks.SendTest(ctx, s.hookCaller(r), e.ID))
}
