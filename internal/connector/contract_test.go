package connector_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
)

func TestWay(t *testing.T) {
	t.Parallel()
	const address = "https://bank.example/3ds"
	form := connector.Form{Action: address, Fields: []connector.Field{{Name: "PaReq", Value: "eJzV\r\nWFmT"}}}
	page := connector.Page{HTML: "<form>Şifre</form>", Base: address}
	many := make([]connector.Field, connector.MaxFields+1)
	for name, w := range map[string]connector.Way{
		"form": {Form: form}, "page": {Page: page}, "address": {Address: address}, "form_without_fields": {Form: connector.Form{Action: address}},
	} {
		if err := w.Check(); err != nil || w.IsZero() {
			t.Errorf("%s is refused: %v", name, err)
		}
	}
	for name, w := range map[string]connector.Way{
		"nothing":              {},
		"form_and_page":        {Form: form, Page: page},
		"form_and_address":     {Form: form, Address: address},
		"script_as_an_action":  {Form: connector.Form{Action: "javascript:alert(1)"}},
		"script_as_an_address": {Address: "javascript:alert(1)"},
		"address_with_a_name":  {Address: "https://user:pass@bank.example/"},
		"relative_address":     {Address: "/3ds"},
		"fields_alone":         {Form: connector.Form{Fields: form.Fields}},
		"bytes_in_a_field":     {Form: connector.Form{Action: address, Fields: []connector.Field{{Name: "a", Value: "\xdd"}}}},
		"control_character":    {Form: connector.Form{Action: address, Fields: []connector.Field{{Name: "a", Value: "\x00"}}}},
		"too_many_fields":      {Form: connector.Form{Action: address, Fields: many}},
		"too_long_field":       {Form: connector.Form{Action: address, Fields: []connector.Field{{Value: strings.Repeat("a", connector.MaxFieldText+1)}}}},
		"too_long_page":        {Page: connector.Page{HTML: strings.Repeat("a", connector.MaxPage+1), Base: address}},
		"bytes_in_a_page":      {Page: connector.Page{HTML: "<p>\xdd", Base: address}},
		"page_from_nowhere":    {Page: connector.Page{HTML: "<p>"}},
		"too_long_address":     {Address: address + strings.Repeat("a", connector.MaxAddress)},
	} {
		if err := w.Check(); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestDay(t *testing.T) {
	t.Parallel()
	day := connector.Day{Zone: connector.Istanbul(), End: 22 * time.Hour}
	at := func(s string) time.Time {
		parsed, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	for booked, want := range map[string]string{
		"2026-11-30T12:00:00Z":      "2026-11-30T22:00:00+03:00",
		"2026-11-30T18:59:59Z":      "2026-11-30T22:00:00+03:00",
		"2026-11-30T19:00:00Z":      "2026-12-01T22:00:00+03:00",
		"2026-11-30T23:30:00Z":      "2026-12-01T22:00:00+03:00",
		"2026-12-31T22:00:00+03:00": "2027-01-01T22:00:00+03:00",
	} {
		if got := day.EndAfter(at(booked)); !got.Equal(at(want)) {
			t.Errorf("the day of %s ends %s, want %s", booked, got, want)
		}
	}
	booked := at("2026-11-30T12:00:00Z")
	if !day.Open(booked, at("2026-11-30T18:59:59Z")) || day.Open(booked, at("2026-11-30T19:00:00Z")) {
		t.Error("the day is not open until its end, and no longer")
	}
	if !(connector.Day{}).Open(booked, booked.AddDate(1, 0, 0)) {
		t.Error("a day whose end nobody knows is taken as over")
	}
}

// full has every interface of the contract. Nothing of a nil one may be called.
type full struct {
	connector.Connector
	connector.Capturer
	connector.Voider
	connector.Refunder
	connector.ThreeDS
	connector.Points
	connector.Tokenizer
	connector.RateSource
	wants bool
}

func (f *full) WantsCard() bool { return f.wants }

func (*full) Rules() connector.Rules { return connector.Rules{OwnReference: true} }

type plain struct{ connector.Connector }

func TestCapabilities(t *testing.T) {
	t.Parallel()
	all := connector.Capabilities{Capture: true, Void: true, Refund: true, ThreeDS: true, Points: true, Tokens: true, Rates: true}
	if got := (connector.Registration{Connector: (*full)(nil)}).Capabilities(); got != all {
		t.Errorf("of a type with everything: %+v", got)
	}
	if got := (connector.Registration{}).Capabilities(); got != (connector.Capabilities{}) {
		t.Errorf("of a registration that names no type: %+v", got)
	}
	if got := connector.CapabilitiesOf(plain{}); got != (connector.Capabilities{}) {
		t.Errorf("of a connector without options: %+v", got)
	}
	all.WantsCard = true
	if got := connector.CapabilitiesOf(&full{wants: true}); got != all {
		t.Errorf("of a connector that wants the card: %+v", got)
	}
	if !connector.RulesOf(&full{}).OwnReference || connector.RulesOf(plain{}) != (connector.Rules{}) {
		t.Error("rules are not those that the connector declares")
	}
}

func TestMoneyIsTheCaptureOfAHold(t *testing.T) {
	t.Parallel()
	capture := connector.Original{Kind: connector.Capture, Reference: "C"}
	if got := (connector.Original{Reference: "H", Capture: &capture}).Money(); got.Reference != "C" {
		t.Errorf("money of a captured hold: %+v", got)
	}
	if got := (connector.Original{Reference: "S"}).Money(); got.Reference != "S" {
		t.Errorf("money of a sale: %+v", got)
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	if connector.Reason("NOBODY_KNOWS").Known() || !connector.AlreadySettled.OfBank() || connector.Success.OfBank() ||
		connector.ThreeDSExpired.OfBank() {
		t.Error("a reason is taken for another sort")
	}
	seen := map[connector.Reason]bool{}
	for _, e := range connector.Reasons() {
		if seen[e.Reason] {
			t.Errorf("%s is there twice", e.Reason)
		}
		seen[e.Reason] = true
	}
}

func TestMemoShowsItsLengthAlone(t *testing.T) {
	t.Parallel()
	a := connector.Answer{Memo: connector.Memo("planted-value")}
	for _, verb := range []string{"%v", "%+v", "%s", "%x", "%q"} {
		if got := fmt.Sprintf(verb, a); strings.Contains(got, "planted") || strings.Contains(got, "706c616e746564") {
			t.Errorf("%s shows the memo: %s", verb, got)
		}
	}
	if got := fmt.Sprintf("%v", a.Memo); got != "memo of 13 bytes" {
		t.Errorf("memo = %s", got)
	}
}
