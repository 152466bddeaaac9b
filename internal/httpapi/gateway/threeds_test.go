package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/apitest"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/threeds"
)

// enrolBody is goodBody with what 3-D Secure adds.
var enrolBody = strings.TrimSuffix(goodBody, "}") +
	`,"successUrl":"https://example.com/3ds/success?a=1&b=2","failureUrl":"https://example.com/3ds/failure","installmentCount":3,"interestPaidByCustomer":true}`

func TestEnrol(t *testing.T) {
	t.Parallel()
	enrolled := func(t *testing.T) *fakePayments {
		p := approvedPayment(t)
		p.State, p.Result = payment.Enrolled, payment.Result{Reason: connector.Awaiting3DS}
		return &fakePayments{outcome: payment.Outcome{Payment: p}, form: connector.Form{
			Action: `https://bank.example/acs?x=1&y="2"`, Fields: []connector.Field{{Name: "token", Value: `"><script>alert(1)</script>`}},
		}}
	}
	t.Run("command_is_what_was_asked", func(t *testing.T) {
		t.Parallel()
		f := enrolled(t)
		if w := send(newHandler(t, f), newRequest(t, http.MethodPost, "/api/3ds", enrolBody)); w.Code != http.StatusOK {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
		c := firstCall[threeds.Enrol](t, f)
		if c.Installments != 3 || c.InterestPayer != installment.PaidByCustomer || !c.OnePerOrder ||
			c.Phase != payment.PhaseSale ||
			c.SuccessURL != "https://example.com/3ds/success?a=1&b=2" || c.FailureURL != "https://example.com/3ds/failure" || c.Language != "en" {
			t.Errorf("command %+v", c)
		}
	})
	t.Run("single_payment_borne_by_the_merchant_is_the_default", func(t *testing.T) {
		t.Parallel()
		f := enrolled(t)
		body := strings.Replace(enrolBody, `,"installmentCount":3,"interestPaidByCustomer":true`,
			`,"installmentCount":null`, 1)
		send(newHandler(t, f), newRequest(t, http.MethodPost, "/api/3ds", body))
		if c := firstCall[threeds.Enrol](t, f); c.Installments != 1 || c.InterestPayer != installment.PaidByMerchant {
			t.Errorf("command %+v", c)
		}
	})
	t.Run("expected_total_is_in_the_currency_of_the_payment", func(t *testing.T) {
		t.Parallel()
		for body, want := range map[string]money.Amount{
			strings.Replace(enrolBody, `}`, `,"expectedTotal":103.50}`, 1): money.FromMinor(10_350, money.TRY),
			strings.Replace(enrolBody, `}`, `,"expectedTotal":null}`, 1):   {},
			enrolBody: {},
		} {
			f := enrolled(t)
			w := send(newHandler(t, f), newRequest(t, http.MethodPost, "/api/3ds", body))
			if c := firstCall[threeds.Enrol](t, f); c.ExpectedTotal != want {
				t.Errorf("expected %s, want %s", c.ExpectedTotal, want)
			}
			if !contains(w.Body.String(), `,"totalAmount":100.50,"currency":"TRY"}`) {
				t.Errorf("the answer does not say the sum: %s", w.Body)
			}
		}
	})
	t.Run("html_is_a_form_with_a_button_and_nothing_unescaped", func(t *testing.T) {
		t.Parallel()
		w := send(newHandler(t, enrolled(t)), newRequest(t, http.MethodPost, "/api/3ds", enrolBody))
		var v struct {
			Success     bool   `json:"success"`
			ResultCode  string `json:"resultCode"`
			HTMLContent string `json:"htmlContent"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || !v.Success || v.ResultCode != "SUCCESS" {
			t.Fatalf("%v: %s", err, w.Body)
		}
		form, err := apitest.ReadForm(v.HTMLContent)
		if err != nil || form.Fields.Get("token") != `"><script>alert(1)</script>` ||
			!strings.Contains(v.HTMLContent, `<button type="submit">`) {
			t.Errorf("%v, fields %v: %s", err, form.Fields, v.HTMLContent)
		}
		if strings.Contains(v.HTMLContent, "<script>alert") || strings.Count(v.HTMLContent, "</form>") != 1 {
			t.Errorf("not escaped: %s", v.HTMLContent)
		}
	})
	t.Run("refusal_has_no_html", func(t *testing.T) {
		t.Parallel()
		p := approvedPayment(t)
		p.State, p.Result = payment.Declined, payment.Result{Reason: connector.ThreeDSInitError}
		w := send(newHandler(t, &fakePayments{outcome: payment.Outcome{Payment: p, Replayed: true}}),
			newRequest(t, http.MethodPost, "/api/3ds", enrolBody))
		want := `{"paymentId":"` + paymentID + `","success":false,"resultCode":"THREEDS_INIT_ERROR",` +
			`"resultMessage":"3-D Secure could not be started","htmlContent":null,"totalAmount":100.50,"currency":"TRY"}`
		if diff := cmp.Diff(want, w.Body.String()); diff != "" || w.Header().Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s", diff)
		}
	})
	for name, r := range map[string]struct{ old, replacement, code string }{
		"script_as_address":         {"https://example.com/3ds/failure", "javascript:alert(1)", "URL_NOT_ALLOWED"},
		"private_address":           {"https://example.com/3ds/failure", "https://10.0.0.1/x", "URL_NOT_ALLOWED"},
		"address_with_user":         {"https://example.com/3ds/failure", "https://a:b@example.com/", "URL_NOT_ALLOWED"},
		"both_addresses":            {"https://example.com/3ds/", "/3ds/", "URL_NOT_ALLOWED"},
		"missing_address":           {`"failureUrl":"https://example.com/3ds/failure",`, "", "VALIDATION_ERROR"},
		"address_of_another_type":   {`"https://example.com/3ds/failure"`, "7", "VALIDATION_ERROR"},
		"installments_of_nothing":   {`"installmentCount":3`, `"installmentCount":0`, "VALIDATION_ERROR"},
		"installments_with_a_point": {`"installmentCount":3`, `"installmentCount":3.0`, "VALIDATION_ERROR"},
		"expected_total_as_text":    {`"installmentCount":3`, `"expectedTotal":"103.50"`, "VALIDATION_ERROR"},
		"expected_total_of_nothing": {`"installmentCount":3`, `"expectedTotal":0`, "VALIDATION_ERROR"},
		"expected_total_misspelled": {`"installmentCount":3`, `"expectedtotal":103.50`, "VALIDATION_ERROR"},
		"interest_as_text":          {`"interestPaidByCustomer":true`, `"interestPaidByCustomer":"true"`, "VALIDATION_ERROR"},
	} {
		t.Run(name+"_is_refused", func(t *testing.T) {
			t.Parallel()
			f := enrolled(t)
			body := strings.ReplaceAll(enrolBody, r.old, r.replacement)
			w := send(newHandler(t, f), newRequest(t, http.MethodPost, "/api/3ds", body))
			if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `"resultCode":"`+r.code+`"`) ||
				f.callCount() != 0 {
				t.Errorf("status %d, %d calls: %s", w.Code, f.callCount(), w.Body)
			}
		})
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	path := "/api/3ds/" + paymentID + "/complete"
	t.Run("key_is_handed_on_and_the_payment_told", func(t *testing.T) {
		t.Parallel()
		f := &fakePayments{outcome: payment.Outcome{Payment: approvedPayment(t), Replayed: true}}
		w := send(newHandler(t, f), newRequest(t, http.MethodPost, path, `{"securityKey":"k-1"}`))
		if w.Code != http.StatusOK || w.Header().Get("Idempotent-Replayed") != "true" ||
			!strings.Contains(w.Body.String(), `"status":"SUCCESS"`) {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
		if c := firstCall[threeds.Complete](t, f); c.SecurityKey != "k-1" || c.PaymentID.String() != paymentID ||
			c.MerchantID != 1 {
			t.Errorf("command %+v", c)
		}
	})
	for name, body := range map[string]string{"no_key": `{}`, "empty_key": `{"securityKey":""}`,
		"key_of_another_type": `{"securityKey":1}`} {
		t.Run(name+"_is_refused", func(t *testing.T) {
			t.Parallel()
			f := &fakePayments{}
			if w := send(newHandler(t, f), newRequest(t, http.MethodPost, path, body)); w.Code != http.StatusBadRequest ||
				f.callCount() != 0 {
				t.Errorf("status %d: %s", w.Code, w.Body)
			}
		})
	}
	for name, r := range map[string]struct {
		err    error
		status int
	}{
		"wrong_key":   {fault.New(fault.Invalid, fault.InvalidSecurityKey, "securityKey: is not the key of this payment"), 400},
		"expired_key": {fault.New(fault.Conflict, fault.SecurityKeyExpired, "the security key has expired"), 409},
		"too_early":   {fault.New(fault.Conflict, fault.ThreeDSNotCompleted, "the payer was not authenticated yet"), 409},
		"unknown":     {fault.New(fault.NotFound, fault.NoSuchThing, "no such payment"), 404},
	} {
		t.Run(name+"_has_its_status", func(t *testing.T) {
			t.Parallel()
			w := send(newHandler(t, &fakePayments{err: r.err}), newRequest(t, http.MethodPost, path, `{"securityKey":"k"}`))
			if w.Code != r.status || !strings.Contains(w.Body.String(), string(fault.CodeOf(r.err))) {
				t.Errorf("status %d: %s", w.Code, w.Body)
			}
		})
	}
}

func TestInstallmentOptions(t *testing.T) {
	t.Parallel()
	const path = "/api/installment-options"
	t.Run("offer_of_the_reference", func(t *testing.T) {
		t.Parallel()
		price := func(count int, each, interest, total int64) routing.Option {
			lira := func(minor int64) money.Amount { return money.FromMinor(minor, money.TRY) }
			return routing.Option{Price: installment.Price{Count: count, Each: lira(each), Interest: lira(interest),
				Total: lira(total)}}
		}
		f := &fakePayments{options: []routing.Option{price(2, 51000, 2000, 102000), price(3, 34500, 3500, 103500)}}
		body := `{"amount":1000.00,"currency":"TRY","pan":"5421190122090656","maxInstallmentCount":12,"interestPaidByCustomer":true}`
		w := send(newHandler(t, f), newRequest(t, http.MethodPost, path, body))
		want := `{"options":[{"installmentCount":2,"installmentAmount":510.00,"currency":"TRY","interestAmount":20.00,"totalAmount":1020.00},` +
			`{"installmentCount":3,"installmentAmount":345.00,"currency":"TRY","interestAmount":35.00,"totalAmount":1035.00}]}`
		if diff := cmp.Diff(want, w.Body.String()); diff != "" {
			t.Error(diff)
		}
		want2 := charge.Quote{
			MerchantID: 1, Amount: money.FromMinor(100000, money.TRY), BINDigits: "54211901",
			Terms: routing.Terms{Payer: installment.PaidByCustomer, MaxCount: 12},
		}
		if q := firstCall[charge.Quote](t, f); q != want2 {
			t.Errorf("question %+v", q)
		}
	})
	for name, r := range map[string]struct{ body, code string }{
		"no_offer_is_an_empty_list": {`{"amount":1,"currency":"TRY","pan":"542119"}`, ""},
		"bin_of_eight_digits":       {`{"amount":1,"currency":"TRY","pan":"54211901","maxInstallmentCount":null}`, ""},
		"count_above_every_plan":    {`{"amount":1,"currency":"TRY","pan":"542119","maxInstallmentCount":120}`, ""},
		"bin_of_five_digits":        {`{"amount":1,"currency":"TRY","pan":"54211"}`, "VALIDATION_ERROR"},
		"bin_of_nine_digits":        {`{"amount":1,"currency":"TRY","pan":"542119012"}`, "VALIDATION_ERROR"},
		"bin_with_a_space":          {`{"amount":1,"currency":"TRY","pan":"542 119"}`, "VALIDATION_ERROR"},
		"number_failing_luhn":       {`{"amount":1,"currency":"TRY","pan":"5421190122090657"}`, "VALIDATION_ERROR"},
		"count_of_nothing":          {`{"amount":1,"currency":"TRY","pan":"542119","maxInstallmentCount":0}`, "VALIDATION_ERROR"},
		"no_amount":                 {`{"currency":"TRY","pan":"542119"}`, "VALIDATION_ERROR"},
		"unknown_currency":          {`{"amount":1,"currency":"XYZ","pan":"542119"}`, "UNSUPPORTED_CURRENCY"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := send(newHandler(t, &fakePayments{}), newRequest(t, http.MethodPost, path, r.body))
			if r.code == "" {
				if w.Code != http.StatusOK || w.Body.String() != `{"options":[]}` {
					t.Errorf("status %d: %s", w.Code, w.Body)
				}
				return
			}
			if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), r.code) {
				t.Errorf("status %d: %s", w.Code, w.Body)
			}
		})
	}
}
