package webhook_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/webhook"
)

func refused(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if err == nil || fault.CodeOf(err) != code {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	const good = "https://shop.example.com/hook"
	many := strings.Split(strings.Repeat("*,", webhook.MaxPatterns+1), ",")[:webhook.MaxPatterns+1]
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		for name, tt := range map[string]struct {
			set  webhook.Settings
			code fault.Code
		}{
			"metadata_address":         {webhook.Settings{URL: "http://169.254.169.254/latest", Events: []string{"*"}}, fault.URLNotAllowed},
			"private_network":          {webhook.Settings{URL: "https://10.0.0.1/", Events: []string{"*"}}, fault.URLNotAllowed},
			"user_in_the_url":          {webhook.Settings{URL: "https://a:b@shop.example.com/", Events: []string{"*"}}, fault.URLNotAllowed},
			"no_url":                   {webhook.Settings{Events: []string{"*"}}, fault.URLNotAllowed},
			"no_events":                {webhook.Settings{URL: good}, fault.ValidationError},
			"unknown_event":            {webhook.Settings{URL: good, Events: []string{"payment.captured", "payment.stolen"}}, fault.ValidationError},
			"unknown_group":            {webhook.Settings{URL: good, Events: []string{"money.*"}}, fault.ValidationError},
			"too_many_patterns":        {webhook.Settings{URL: good, Events: many}, fault.ValidationError},
			"long_description":         {webhook.Settings{URL: good, Events: []string{"*"}, Description: strings.Repeat("é", 201)}, fault.ValidationError},
			"several_wrong_at_once":    {webhook.Settings{URL: "ftp://x/"}, fault.ValidationError},
			"half_a_pattern_is_no_one": {webhook.Settings{URL: good, Events: []string{"pay*"}}, fault.ValidationError},
		} {
			_, _, err := w.CreateEndpoint(t.Context(), caller(demo), tt.set)
			refused(t, name, err, tt.code)
		}
		if all, _, err := w.EndpointPage(t.Context(), demo, "", 1); err != nil || len(all) != 0 {
			t.Errorf("%d endpoints exist, %v", len(all), err)
		}
	})
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		e, key := w.endpoint(t, "https://shop.example.com/hook", "payment.*")
		if !isSecret(key) {
			t.Error("the secret is none of Standard Webhooks")
		}
		stored, err := w.Endpoint(t.Context(), demo, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, stored); diff != "" {
			t.Errorf("stored (-created +stored):\n%s", diff)
		}
		set := webhook.Settings{URL: "https://shop.example.com/other", Description: "other", Events: []string{"*"}}
		updated, err := w.UpdateEndpoint(t.Context(), caller(demo), e.ID, e.Version, set)
		if err != nil || updated.Version != e.Version+1 || updated.URL != set.URL || updated.Description != "other" {
			t.Errorf("updated = %+v, %v", updated, err)
		}
		_, err = w.UpdateEndpoint(t.Context(), caller(demo), e.ID, e.Version, set)
		refused(t, "update of an old version", err, fault.VersionMismatch)
		_, _, err = w.RotateSecret(t.Context(), caller(demo), e.ID, e.Version, time.Hour)
		refused(t, "rotation of an old version", err, fault.VersionMismatch)
		refused(t, "deletion of an old version", w.DeleteEndpoint(t.Context(), caller(demo), e.ID, e.Version), fault.VersionMismatch)
		if err := w.DeleteEndpoint(t.Context(), caller(demo), e.ID, updated.Version); err != nil {
			t.Error(err)
		}
		_, err = w.Endpoint(t.Context(), demo, e.ID)
		refused(t, "deleted endpoint", err, fault.NoSuchThing)
		want := []string{"webhook_endpoint.create", "webhook_endpoint.update", "webhook_endpoint.delete"}
		if diff := cmp.Diff(want, w.actions(t, e)); diff != "" {
			t.Errorf("audit log (-want +got):\n%s", diff)
		}
	})
}

func TestEndpoints_are_bounded(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		for range webhook.MaxEndpoints {
			w.endpoint(t, "https://shop.example.com/hook")
		}
		_, _, err := w.CreateEndpoint(t.Context(), caller(demo),
			webhook.Settings{URL: "https://shop.example.com/", Events: []string{"*"}})
		refused(t, "one too many", err, fault.ValidationError)
	})
}

// TestTenancy calls everything with another merchant's ids.
func TestTenancy(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		receiver := newReceiver(t)
		e, _ := w.endpoint(t, receiver.URL)
		w.happen(t, payment.EventCaptured, w.pay(t))
		w.run(t)
		d := w.only(t)
		ctx, stranger := t.Context(), caller(others)
		set := webhook.Settings{URL: "https://shop.example.com/", Events: []string{"*"}}
		calls := map[string]func() error{
			"read":      func() error { _, err := w.Endpoint(ctx, others, e.ID); return err },
			"update":    func() error { _, err := w.UpdateEndpoint(ctx, stranger, e.ID, e.Version, set); return err },
			"rotate":    func() error { _, _, err := w.RotateSecret(ctx, stranger, e.ID, e.Version, 0); return err },
			"delete":    func() error { return w.DeleteEndpoint(ctx, stranger, e.ID, e.Version) },
			"test":      func() error { _, err := w.SendTest(ctx, stranger, e.ID); return err },
			"delivery":  func() error { _, err := w.Delivery(ctx, others, d.ID); return err },
			"redeliver": func() error { _, err := w.Redeliver(ctx, stranger, d.ID); return err },
			"range": func() error {
				_, _, err := w.RedeliverRange(ctx, stranger, webhook.Range{EndpointID: e.ID})
				return err
			},
		}
		for name, call := range calls {
			refused(t, name, call(), fault.NoSuchThing)
		}
		if all, _, err := w.Deliveries(ctx, others, webhook.Filter{}); err != nil || len(all) != 0 {
			t.Errorf("%d deliveries of another merchant, %v", len(all), err)
		}
	})
}

// TestRotation overlaps two secrets and ends the older one.
func TestRotation(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		receiver := newReceiver(t)
		e, first := w.endpoint(t, receiver.URL)
		deliver := func() call {
			t.Helper()
			w.happen(t, payment.EventCaptured, w.pay(t))
			w.run(t)
			calls := receiver.got()
			return calls[len(calls)-1]
		}
		e, second, err := w.RotateSecret(t.Context(), caller(demo), e.ID, e.Version, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if first.Equal(second) || !isSecret(second) {
			t.Error("the secret did not change")
		}
		w.clock.Advance(time.Hour - time.Second)
		during := deliver()
		if err := errors.Join(during.verify(t, first), during.verify(t, second)); err != nil {
			t.Errorf("during the overlap: %v", err)
		}
		w.clock.Advance(time.Second)
		after := deliver()
		if err := after.verify(t, second); err != nil {
			t.Errorf("new secret after the overlap: %v", err)
		}
		if after.verify(t, first) == nil {
			t.Error("the old secret signs after the overlap")
		}
		_, third, err := w.RotateSecret(t.Context(), caller(demo), e.ID, e.Version, 0)
		if err != nil {
			t.Fatal(err)
		}
		last := deliver()
		if last.verify(t, second) == nil || last.verify(t, third) != nil {
			t.Error("a rotation without overlap keeps the old secret or lacks the new one")
		}
		want := []string{"webhook_endpoint.create", "webhook_endpoint.rotate_secret", "webhook_endpoint.rotate_secret"}
		if diff := cmp.Diff(want, w.actions(t, e)); diff != "" {
			t.Errorf("audit log (-want +got):\n%s", diff)
		}
	})
}

func TestSendTest_reaches_an_endpoint_that_is_off_and_asked_for_nothing_of_it(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		receiver := newReceiver(t)
		e, key := w.endpoint(t, receiver.URL, "payment.declined")
		e, err := w.UpdateEndpoint(t.Context(), caller(demo), e.ID, e.Version,
			webhook.Settings{URL: e.URL, Events: e.Events, Disabled: true})
		if err != nil {
			t.Fatal(err)
		}
		d, err := w.SendTest(t.Context(), caller(demo), e.ID)
		if err != nil || d.Status != webhook.Pending || d.Type != webhook.Test {
			t.Errorf("test = %+v, %v", d, err)
		}
		w.run(t)
		calls := receiver.got()
		if len(calls) != 1 || calls[0].verify(t, key) != nil || !strings.HasPrefix(calls[0].body, `{"type":"webhook.test"`) {
			t.Errorf("calls = %+v", calls)
		}
		if d := w.only(t); d.HTTPStatus != http.StatusOK || d.Status != webhook.Delivered {
			t.Errorf("delivery = %+v", d)
		}
	})
}
