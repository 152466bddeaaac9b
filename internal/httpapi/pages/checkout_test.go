package pages_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
)

// TestHostedPage holds what each state of a checkout shows.
func TestHostedPage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*fakeCheckouts)
		status int
		has    []string
		hasNot []string
	}{
		"open": {
			func(*fakeCheckouts) {}, 200,
			[]string{`name="pan"`, `autocomplete="cc-number"`, `inputmode="numeric"`, "1,000.00\u00a0TRY", "Two tickets &lt;b&gt;", "ORD-12345", "Test mode"},
			[]string{`role="alert" id="notice"`, "onclick", ` style=`},
		},
		"declined": {
			func(f *fakeCheckouts) { f.view.Reason, f.view.Attempts = connector.NotSufficientFunds, 2 }, 200,
			[]string{"Insufficient limit or balance on the card.<", "Attempts left: 3", `name="pan"`}, nil,
		},
		"that_a_card_was_stolen_is_not_told": {
			func(f *fakeCheckouts) { f.view.Reason = connector.StolenCard }, 200, []string{"did not approve"}, []string{"stolen"},
		},
		"single_payment_only": {
			func(f *fakeCheckouts) { f.view.MaxInstallments = 1 }, 200,
			[]string{`type="hidden" name="installmentCount" value="1"`,
				`name="expectedTotal" value="1:1000.00"`, "Pay 1,000.00\u00a0TRY"}, []string{`id="plans"`},
		},
		"at_the_bank": {
			func(f *fakeCheckouts) {
				f.view.State = checkout.Authenticating
				f.bank = connector.Form{Action: "https://bank.example/acs", Fields: []connector.Field{{Name: "PaReq", Value: `"><script>`}}}
			}, 200,
			[]string{`action="https://bank.example/acs"`, `name="PaReq" value="&#34;&gt;&lt;script&gt;"`, "Use another card"}, []string{`name="pan"`},
		},
		"the_bank's_form_is_not_there_yet": {
			func(f *fakeCheckouts) { f.view.State = checkout.Authenticating }, 200, []string{"being processed"}, nil,
		},
		"charging": {
			func(f *fakeCheckouts) { f.view.State = checkout.Charging }, 200, []string{"being processed"}, []string{`name="pan"`},
		},
		"given_up_while_the_bank_may_have_charged": {
			func(f *fakeCheckouts) { f.view = unclearView(f.view, checkout.Charging) }, 200,
			[]string{"We are looking into your payment", "not known yet", "Update now"}, []string{`name="pan"`, "not charged", "<form"},
		},
		"ended_before_a_late_return_told_of_a_charge": {
			func(f *fakeCheckouts) { f.view = unclearView(f.view, checkout.Failed) }, 200,
			[]string{"We are looking into your payment"}, []string{"not charged", "<form"},
		},
		"open_after_a_late_return_told_of_a_charge": {
			func(f *fakeCheckouts) { f.view = unclearView(f.view, checkout.Open) }, 200,
			[]string{"We are looking into your payment"}, []string{`name="pan"`, "not charged", "<form"},
		},
		"paid": {
			func(f *fakeCheckouts) { f.view = paidView(f.view) }, 200,
			[]string{"Payment successful", "542119******0656", "3 × 345.00", `action="https://shop.example.com/callback?order=1&amp;x=2"`, `name="checkoutId" value="` + checkoutID},
			[]string{`name="pan"`},
		},
		"a_callback_that_is_not_allowed_any_more_is_no_form": {
			func(f *fakeCheckouts) { f.view = paidView(f.view); f.view.Callback = "javascript:alert(1)" }, 200,
			[]string{"Payment successful"}, []string{"javascript", "Return to the shop"},
		},
		"used_up": {
			func(f *fakeCheckouts) { f.view.State, f.view.Reason = checkout.Failed, connector.DoNotHonour }, 200,
			[]string{"Payment not completed", "Return to the shop"}, []string{`name="pan"`},
		},
		"cancelled": {
			func(f *fakeCheckouts) { f.view.State, f.view.Reason = checkout.Failed, connector.CheckoutCancelled }, 200,
			[]string{"Payment cancelled"}, nil,
		},
		"expired": {
			func(f *fakeCheckouts) { f.view.State, f.view.Reason = checkout.Failed, connector.CheckoutExpired }, 410,
			[]string{"This payment page has expired", "Return to the shop"}, []string{`name="pan"`},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			tt.change(f)
			w := get(t, newHosted(t, f), checkoutAt)
			body := w.Body.String()
			if w.Code != tt.status {
				t.Errorf("status = %d", w.Code)
			}
			for _, part := range tt.has {
				if !strings.Contains(body, part) {
					t.Errorf("the page lacks %q", part)
				}
			}
			for _, part := range tt.hasNot {
				if strings.Contains(body, part) {
					t.Errorf("the page has %q", part)
				}
			}
			checkPolicy(t, w)
		})
	}
}

// checkPolicy holds what every page promises a browser.
func checkPolicy(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	h := w.Header()
	policy := h.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "base-uri 'none'", "script-src 'nonce-", "style-src 'nonce-",
		"form-action 'self'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("policy %q lacks %q", policy, part)
		}
	}
	if strings.Contains(policy, "unsafe") || h.Get("Cache-Control") != "no-store" ||
		h.Get("Referrer-Policy") != "no-referrer" || h.Get("X-Frame-Options") != "DENY" {
		t.Errorf("headers = %v", h)
	}
	if strings.Contains(w.Body.String(), `name="pan"`) &&
		(strings.Contains(policy, "https:") || strings.Contains(policy, "http:")) {
		t.Errorf("a page that takes a card may send forms elsewhere: %s", policy)
	}
}

func TestFrames(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.view.Merchant.Checkout.Frames = "https://shop.example.com"
	w := get(t, newHosted(t, f), checkoutAt)
	if !strings.HasSuffix(w.Header().Get("Content-Security-Policy"), "frame-ancestors https://shop.example.com") ||
		w.Header().Get("X-Frame-Options") != "" {
		t.Errorf("headers = %v", w.Header())
	}
}

func TestPayForm(t *testing.T) {
	t.Parallel()
	t.Run("a_card_becomes_an_attempt_and_a_redirect", func(t *testing.T) {
		t.Parallel()
		f := newFake(t)
		h := newHosted(t, f)
		w := post(t, h, checkoutAt+"?lang=de", typed(t, h, "expiryYear", "2028", "expiryMonth", "4"))
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != checkoutAt+"?lang=de" || len(f.calls) != 1 {
			t.Fatalf("answer = %d to %q, calls %d", w.Code, w.Header().Get("Location"), len(f.calls))
		}
		a, ok := f.calls[0].(checkout.Attempt)
		if !ok || a.Version != 7 || a.Installments != 3 || a.Card.PAN.Last4() != "0656" || a.Card.CVV.Reveal() != "916" ||
			a.Card.Expiry.MM()+a.Card.Expiry.YY() != "0428" || a.Card.Holder != "John Doe" || a.Language != "de" ||
			a.ReturnURL != "https://pay.example.com"+checkoutAt+"/return?lang=de" || a.ClientIP.String() != "192.0.2.1" {
			t.Errorf("attempt = %+v", f.calls[0])
		}
	})
	refusals := map[string]struct {
		field, value, text string
	}{
		"a_wrong_digit":             {"pan", "5421190122090657", "Check the card number"},
		"letters_in_the_number":     {"pan", "5421x19012209065", "Check the card number"},
		"no_name":                   {"cardHolderName", " ", "Type the name"},
		"a_number_as_name":          {"cardHolderName", "5421190122090656", "Type the name"},
		"no_such_month":             {"expiryMonth", "13", "Type the month"},
		"no_such_year":              {"expiryYear", "x", "Type the year"},
		"an_expired_card":           {"expiryYear", "25", "This card has expired"},
		"a_short_code":              {"cvv", "91", "Type the security code"},
		"a_code_of_another_brand":   {"cvv", "9161", "Type the security code"},
		"no_such_count":             {"installmentCount", "0", "This number of installments"},
		"a_count_that_is_no_number": {"installmentCount", "3; DROP", "This number of installments"},
	}
	for name, tt := range refusals {
		t.Run(name+"_is_refused_and_typed_values_stay", func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			h := newHosted(t, f)
			w := post(t, h, checkoutAt, typed(t, h, tt.field, tt.value))
			body := w.Body.String()
			if w.Code != http.StatusUnprocessableEntity || len(f.calls) != 0 || !strings.Contains(body, tt.text) ||
				!strings.Contains(body, `autofocus`) {
				t.Errorf("answer = %d, %d calls", w.Code, len(f.calls))
			}
			if tt.field != "cardHolderName" && !strings.Contains(body, `value="John Doe"`) {
				t.Error("the name is gone")
			}
			for _, hidden := range []string{"5421190122090656", "5421 1901 2209 0656", `"916"`} {
				if strings.Contains(body, hidden) {
					t.Error("the page shows the card")
				}
			}
			checkPolicy(t, w)
		})
	}
}

func TestFormGuard(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change []string
		header http.Header
		status int
	}{
		"no_token":                     {[]string{"token", ""}, nil, 403},
		"another_token":                {[]string{"token", "AAAA"}, nil, 403},
		"a_token_of_another_version":   {[]string{"version", "6"}, nil, 403},
		"another_site":                 {nil, http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		"json":                         {nil, http.Header{"Content-Type": {"application/json"}}, 415},
		"a_form_that_is_much_too_long": {[]string{"cardHolderName", strings.Repeat("a", 70_000)}, nil, 413},
	}
	for name, tt := range tests {
		t.Run(name+"_is_refused", func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			h := newHosted(t, f)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, checkoutAt,
				strings.NewReader(typed(t, h, tt.change...).Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			maps.Copy(r.Header, tt.header)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.status || len(f.calls) != 0 {
				t.Errorf("answer = %d, %d calls", w.Code, len(f.calls))
			}
			checkPolicy(t, w)
		})
	}
	t.Run("a_form_from_before_changes_nothing", func(t *testing.T) {
		t.Parallel()
		f := newFake(t)
		h := newHosted(t, f)
		form := typed(t, h)
		f.view.Version = 9
		if w := post(t, h, checkoutAt, form); w.Code != http.StatusSeeOther || len(f.calls) != 0 {
			t.Errorf("answer = %d, %d calls", w.Code, len(f.calls))
		}
	})
}

// TestMisspelledFields holds that a form of which a field is like one of ours and is none
// does nothing: a field that it lacks would have been taken for an empty one.
func TestMisspelledFields(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		path, field string
		status      int
	}{
		"an_installment_count_in_capitals": {checkoutAt, "InstallmentCount", 400},
		"a_saved_card_with_an_underscore":  {checkoutAt, "stored_card", 400},
		"a_token_with_a_letter_more":       {checkoutAt, "tokenn", 400},
		"a_field_of_an_extension":          {checkoutAt, "helper", 303},
		"a_look_up_of_a_saved_card":        {checkoutAt + "/installments", "storedcard", 400},
		"the_key_of_a_return":              {checkoutAt + "/return", "SecurityKey", 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			h := newHosted(t, f)
			form := url.Values{"bin": {"542119"}, "paymentId": {checkoutID}}
			if tt.path == checkoutAt {
				form = typed(t, h)
			}
			form.Set(tt.field, "3")
			w := post(t, h, tt.path, form)
			if refused := tt.status == http.StatusBadRequest; w.Code != tt.status || (len(f.calls) == 0) != refused {
				t.Errorf("answer = %d, calls %v", w.Code, f.calls)
			}
		})
	}
}

func TestDomainRefusals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err    error
		status int
		text   string
	}{
		"lost_race":       {fault.New(fault.Conflict, fault.StaleVersion, "x"), 303, ""},
		"breakdown":       {fault.New(fault.Unavailable, fault.ServiceUnavailable, "x"), 303, ""},
		"order_elsewhere": {fault.New(fault.Conflict, fault.OrderInProgress, "x"), 409, "being paid elsewhere"},
		"wrong_code":      {fault.Validation(fault.Field{Name: "cvv", Code: fault.FieldInvalid}), 422, "Type the security code"},
		"no_such_plan":    {fault.Validation(fault.Field{Name: "installmentCount", Code: fault.FieldInvalid}), 422, "This number of installments"},
		"no_pos_for_it":   {fault.Validation(fault.Field{Name: "currency", Code: fault.FieldInvalid}), 422, "cannot be made here"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			h := newHosted(t, f)
			f.err = tt.err
			w := post(t, h, checkoutAt, typed(t, h))
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.text) {
				t.Errorf("answer = %d %s", w.Code, w.Body)
			}
		})
	}
}

func TestInstallments(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	h := newHosted(t, f)
	w := post(t, h, checkoutAt+"/installments", url.Values{"bin": {"54211901"}})
	want := `{"options":[{"count":2,"each":"510.00` + "\u00a0" + `TRY",` +
		`"total":"1,020.00` + "\u00a0" + `TRY","agreed":"2:1020.00"},`
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), want) {
		t.Errorf("answer = %d %s", w.Code, w.Body)
	}
	for name, digits := range map[string]string{"a_whole_number": "5421190122090656", "too_few": "54211",
		"letters": "54211a", "none": ""} {
		if w := post(t, h, checkoutAt+"/installments", url.Values{"bin": {digits}}); w.Code != http.StatusBadRequest {
			t.Errorf("%s = %d", name, w.Code)
		}
	}
	if w := get(t, h, checkoutAt+"/installments?bin=542119"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET = %d", w.Code)
	}
	t.Run("without_scripts", func(t *testing.T) {
		t.Parallel()
		f := newFake(t)
		h := newHosted(t, f)
		w := post(t, h, checkoutAt, typed(t, h, "action", "installments", "bin", "5421 19"))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "3 × 345.00") || len(f.calls) != 0 {
			t.Errorf("answer = %d", w.Code)
		}
		w = post(t, h, checkoutAt, typed(t, h, "action", "installments", "bin", "", "pan", ""))
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Type the first 6 to 8 digits") {
			t.Errorf("answer = %d", w.Code)
		}
	})
}

func TestOtherForms(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	h := newHosted(t, f)
	for _, action := range []string{"cancel", "another"} {
		if w := post(t, h, checkoutAt, typed(t, h, "action", action)); w.Code != http.StatusSeeOther {
			t.Errorf("%s = %d", action, w.Code)
		}
	}
	w := post(t, h, checkoutAt+"/return", url.Values{"paymentId": {checkoutID}, "securityKey": {"key"}})
	if r, ok := f.calls[len(f.calls)-1].(checkout.Return); w.Code != http.StatusSeeOther || !ok ||
		r.SecurityKey != "key" || len(f.calls) != 3 {
		t.Errorf("return = %d, calls %v", w.Code, f.calls)
	}
	if w := post(t, h, checkoutAt+"/return", url.Values{"paymentId": {"x"}}); w.Code != http.StatusBadRequest {
		t.Errorf("return of nothing = %d", w.Code)
	}
	if w := get(t, h, checkoutAt+"/return"); w.Code != http.StatusSeeOther {
		t.Errorf("visit = %d", w.Code)
	}
	for path, status := range map[string]int{
		checkout.LinkPrefix + "no-uuid":                              404,
		checkout.LinkPrefix + "123e4567-e89b-42d3-a456-426614174001": 404,
		checkout.LinkPrefix:                                          404,
		checkoutAt + "/nowhere":                                      404,
		"/assets/nothing.css":                                        404,
	} {
		if w := get(t, h, path); w.Code != status {
			t.Errorf("%s = %d", path, w.Code)
		}
	}
}
