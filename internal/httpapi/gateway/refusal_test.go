package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

var errNeverShown = errors.New("never shown")

func contextThatEnds(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(t.Context())
}

type wireProblem struct {
	ResultCode    string `json:"resultCode"`
	ResultMessage string `json:"resultMessage"`
	Errors        []struct {
		Field   string `json:"field"`
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"errors"`
}

// with replaces one member of goodBody.
func with(old, replacement string) string {
	if !strings.Contains(goodBody, old) {
		panic("no " + old + " in the good body")
	}
	return strings.Replace(goodBody, old, replacement, 1)
}

// TestBadInput holds that no wrong request reaches the domain, and that each is
// told its code and the fields that are wrong.
func TestBadInput(t *testing.T) {
	t.Parallel()
	const validation = "VALIDATION_ERROR"
	tests := map[string]struct {
		body   string
		status int
		code   string
		fields string // field:code, in order
	}{
		"no_body":                     {"", 400, "MALFORMED_JSON", ""},
		"null":                        {"null", 400, "MALFORMED_JSON", ""},
		"array":                       {"[" + goodBody + "]", 400, "MALFORMED_JSON", ""},
		"text":                        {`"` + "amount" + `"`, 400, "MALFORMED_JSON", ""},
		"trailing_data":               {goodBody + "{}", 400, "MALFORMED_JSON", ""},
		"half_an_object":              {goodBody[:len(goodBody)-1], 400, "MALFORMED_JSON", ""},
		"trailing_comma":              {with("8080}", "8080,}"), 400, "MALFORMED_JSON", ""},
		"duplicate_member":            {with("8080}", `8080,"amount":1.00}`), 400, "MALFORMED_JSON", "amount:INVALID"},
		"duplicate_after_unescaping":  {with("8080}", `8080,"\u0061mount":1.00}`), 400, "MALFORMED_JSON", "amount:INVALID"},
		"duplicate_inside_an_unknown": {with("8080}", `8080,"extra":{"a":1,"a":2}}`), 400, "MALFORMED_JSON", "extra:INVALID"},
		"invalid_utf8":                {with("ORD-12345", "ORD-\xff"), 400, "MALFORMED_JSON", "orderId:INVALID"},
		"overlong_utf8":               {with("ORD-12345", "ORD-\xc0\xaf"), 400, "MALFORMED_JSON", "orderId:INVALID"},
		"lone_surrogate":              {with("ORD-12345", `\ud800`), 400, "MALFORMED_JSON", "orderId:INVALID"},
		"two_byte_order_marks":        {"\ufeff\ufeff" + goodBody, 400, "MALFORMED_JSON", ""},
		"number_with_leading_zero":    {with("100.50", "0100.50"), 400, "MALFORMED_JSON", ""},
		"empty_object": {
			"{}", 400, validation,
			"orderId:REQUIRED currency:REQUIRED amount:REQUIRED cardHolderName:REQUIRED pan:REQUIRED " +
				"expiryMonth:REQUIRED expiryYear:REQUIRED cvv:REQUIRED requestIp:REQUIRED requestPort:REQUIRED",
		},
		"wrong_types_everywhere": {
			`{"orderId":1,"amount":"1","currency":949,"cardHolderName":[],"pan":5421190122090656,"expiryMonth":4,"expiryYear":28,` +
				`"cvv":916,"requestIp":{},"requestPort":"8080","customerId":7,"installmentCount":"3"}`,
			400, validation,
			"orderId:INVALID currency:INVALID amount:INVALID cardHolderName:INVALID pan:INVALID expiryMonth:INVALID " +
				"expiryYear:INVALID cvv:INVALID requestIp:INVALID requestPort:INVALID customerId:INVALID installmentCount:INVALID",
		},

		"amount_with_exponent":        {with("100.50", "1e3"), 400, validation, "amount:INVALID"},
		"amount_quoted":               {with("100.50", `"100.50"`), 400, validation, "amount:INVALID"},
		"amount_negative":             {with("100.50", "-1"), 400, validation, "amount:OUT_OF_RANGE"},
		"amount_zero":                 {with("100.50", "0.00"), 400, validation, "amount:OUT_OF_RANGE"},
		"amount_minus_zero":           {with("100.50", "-0"), 400, validation, "amount:OUT_OF_RANGE"},
		"amount_third_decimal":        {with("100.50", "100.505"), 400, validation, "amount:INVALID"},
		"amount_third_decimal_zero":   {with("100.50", "100.500"), 400, validation, "amount:INVALID"},
		"amount_13_digits":            {with("100.50", "1000000000000"), 400, validation, "amount:OUT_OF_RANGE"},
		"amount_true":                 {with("100.50", "true"), 400, validation, "amount:INVALID"},
		"amount_null":                 {with("100.50", "null"), 400, validation, "amount:REQUIRED"},
		"amount_of_yen_with_decimals": {strings.Replace(with("100.50", "100.5"), "TRY", "JPY", 1), 400, validation, "amount:INVALID"},

		"currency_that_is_no_more":       {with("TRY", "TRL"), 400, "UNSUPPORTED_CURRENCY", "currency:INVALID"},
		"currency_unknown":               {with("TRY", "XYZ"), 400, "UNSUPPORTED_CURRENCY", "currency:INVALID"},
		"currency_lower_case":            {with("TRY", "try"), 400, "UNSUPPORTED_CURRENCY", "currency:INVALID"},
		"currency_numeric_code":          {with("TRY", "949"), 400, "UNSUPPORTED_CURRENCY", "currency:INVALID"},
		"currency_and_amount_both_wrong": {strings.Replace(with("TRY", "XYZ"), "100.50", "-5", 1), 400, validation, "currency:INVALID amount:OUT_OF_RANGE"},

		"order_empty":             {with("ORD-12345", ""), 400, validation, "orderId:REQUIRED"},
		"order_too_long":          {with("ORD-12345", strings.Repeat("ş", 129)), 400, validation, "orderId:TOO_LONG"},
		"order_with_line_break":   {with("ORD-12345", `a\nb`), 400, validation, "orderId:INVALID"},
		"order_with_null":         {with("ORD-12345", `a\u0000b`), 400, validation, "orderId:INVALID"},
		"order_with_c1_control":   {with("ORD-12345", `a\u0085b`), 400, validation, "orderId:INVALID"},
		"order_with_separator":    {with("ORD-12345", `a\u2028b`), 400, validation, "orderId:INVALID"},
		"customer_too_long":       {with("8080}", `8080,"customerId":"`+strings.Repeat("c", 65)+`"}`), 400, validation, "customerId:TOO_LONG"},
		"customer_with_tab":       {with("8080}", `8080,"customerId":"a\tb"}`), 400, validation, "customerId:INVALID"},
		"holder_one_letter":       {with("John Doe", " J "), 400, validation, "cardHolderName:OUT_OF_RANGE"},
		"holder_blank":            {with("John Doe", "   "), 400, validation, "cardHolderName:REQUIRED"},
		"holder_too_long":         {with("John Doe", strings.Repeat("j", 101)), 400, validation, "cardHolderName:TOO_LONG"},
		"holder_with_digit":       {with("John Doe", "John 1234567"), 400, validation, "cardHolderName:INVALID"},
		"holder_with_other_digit": {with("John Doe", "John ٣٣٣٣٣٣٣"), 400, validation, "cardHolderName:INVALID"},
		"holder_with_bar":         {with("John Doe", "John|Doe"), 400, validation, "cardHolderName:INVALID"},
		"holder_with_markup":      {with("John Doe", "<b>John"), 400, validation, "cardHolderName:INVALID"},
		"holder_with_formula":     {with("John Doe", "=John"), 400, validation, "cardHolderName:INVALID"},
		"holder_ends_with_break":  {with("John Doe", `John Doe\n`), 400, validation, "cardHolderName:INVALID"},

		"pan_fails_luhn":      {with("5421190122090656", "5421190122090657"), 400, validation, "pan:INVALID"},
		"pan_with_spaces":     {with("5421190122090656", "5421 1901 2209 0656"), 400, validation, "pan:INVALID"},
		"pan_too_short":       {with("5421190122090656", "42"), 400, validation, "pan:INVALID"},
		"pan_other_digits":    {with("5421190122090656", "٥٤٢١١٩٠١٢٢٠٩٠٦٥٦"), 400, validation, "pan:INVALID"},
		"month_13":            {with(`"04"`, `"13"`), 400, validation, "expiryMonth:INVALID"},
		"month_one_digit":     {with(`"04"`, `"4"`), 400, validation, "expiryMonth:INVALID"},
		"year_four_digits":    {with(`"28"`, `"2028"`), 400, validation, "expiryYear:INVALID"},
		"month_and_year":      {strings.Replace(with(`"28"`, `"x"`), `"04"`, `"00"`, 1), 400, validation, "expiryMonth:INVALID expiryYear:INVALID"},
		"expired_last_month":  {strings.Replace(with(`"28"`, `"26"`), `"04"`, `"10"`, 1), 400, validation, "expiryYear:OUT_OF_RANGE"},
		"cvv_two_digits":      {with(`"916"`, `"91"`), 400, validation, "cvv:INVALID"},
		"cvv_four_digits":     {with(`"916"`, `"9160"`), 400, validation, "cvv:INVALID"},
		"cvv_letters":         {with(`"916"`, `"9a6"`), 400, validation, "cvv:INVALID"},
		"cvv_three_for_amex":  {with("5421190122090656", "378282246310005"), 400, validation, "cvv:INVALID"},
		"ip_is_a_name":        {with("192.168.1.1", "localhost"), 400, validation, "requestIp:INVALID"},
		"ip_with_port":        {with("192.168.1.1", "192.168.1.1:80"), 400, validation, "requestIp:INVALID"},
		"ip_with_zone":        {with("192.168.1.1", "fe80::1%eth0"), 400, validation, "requestIp:INVALID"},
		"port_zero":           {with("8080", "0"), 400, validation, "requestPort:OUT_OF_RANGE"},
		"port_65536":          {with("8080", "65536"), 400, validation, "requestPort:OUT_OF_RANGE"},
		"port_huge":           {with("8080", "99999999999999999999"), 400, validation, "requestPort:OUT_OF_RANGE"},
		"port_with_fraction":  {with("8080", "3.0"), 400, validation, "requestPort:INVALID"},
		"port_exponent":       {with("8080", "8e3"), 400, validation, "requestPort:INVALID"},
		"three_installments":  {with("8080}", `8080,"installmentCount":3}`), 400, "INSTALLMENT_NOT_AVAILABLE", "installmentCount:OUT_OF_RANGE"},
		"no_installments":     {with("8080}", `8080,"installmentCount":0}`), 400, "INSTALLMENT_NOT_AVAILABLE", "installmentCount:OUT_OF_RANGE"},
		"fraction_of_them":    {with("8080}", `8080,"installmentCount":1.0}`), 400, validation, "installmentCount:INVALID"},
		"body_over_64_kib":    {with("8080}", `8080,"x":"`+strings.Repeat("x", 64<<10)+`"}`), 413, "BODY_TOO_LARGE", ""},
		"body_one_byte_above": {goodBody + strings.Repeat(" ", 64<<10+1-len(goodBody)), 413, "BODY_TOO_LARGE", ""},
	}
	for name, tt := range tests {
		for _, path := range []string{"/api/payment", "/api/pre-authorization"} {
			t.Run(strings.TrimPrefix(path, "/api/")+"/"+name, func(t *testing.T) {
				t.Parallel()
				f := &fakePayments{}
				w := send(newHandler(t, f), newRequest(t, http.MethodPost, path, tt.body))
				if w.Code != tt.status {
					t.Errorf("status = %d, want %d", w.Code, tt.status)
				}
				var p wireProblem
				if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
					t.Fatalf("answer is no JSON: %v", err)
				}
				var fields []string
				for _, e := range p.Errors {
					fields = append(fields, e.Field+":"+e.Code)
				}
				if got := strings.Join(fields, " "); p.ResultCode != tt.code || got != tt.fields {
					t.Errorf("answer = %s %q, want %s %q", p.ResultCode, got, tt.code, tt.fields)
				}
				if strings.Contains(w.Body.String(), "54211901") {
					t.Error("the answer repeats the card number")
				}
				if f.callCount() != 0 {
					t.Error("the domain was called")
				}
			})
		}
	}
}

func TestBodyOfExactlyTheLimit(t *testing.T) {
	t.Parallel()
	f := &fakePayments{}
	f.outcome.Payment = approvedPayment(t)
	body := goodBody + strings.Repeat(" ", 64<<10-len(goodBody))
	if w := send(newHandler(t, f), newRequest(t, http.MethodPost, "/api/payment", body)); w.Code != http.StatusOK {
		t.Errorf("status = %d", w.Code)
	}
}

func TestBadFollowUps(t *testing.T) {
	t.Parallel()
	capture, refund := "/api/pre-authorization/"+paymentID+"/capture", "/api/payment/"+paymentID+"/refund"
	tests := map[string]struct {
		path, body string
		status     int
		code       string
		fields     string
	}{
		"capture_without_amount":   {capture, `{"currency":"TRY"}`, 400, "VALIDATION_ERROR", "amount:REQUIRED"},
		"capture_without_anything": {capture, `{}`, 400, "VALIDATION_ERROR", "currency:REQUIRED amount:REQUIRED"},
		"capture_without_body":     {capture, ``, 400, "MALFORMED_JSON", ""},
		"capture_of_no_uuid":       {"/api/pre-authorization/1/capture", `{"amount":1,"currency":"TRY"}`, 404, "NOT_FOUND", ""},
		"capture_of_braced_uuid":   {"/api/pre-authorization/%7B" + paymentID + "%7D/capture", `{"amount":1,"currency":"TRY"}`, 404, "NOT_FOUND", ""},
		"refund_without_currency":  {refund, `{"amount":1}`, 400, "VALIDATION_ERROR", "currency:REQUIRED"},
		"refund_of_nothing":        {refund, `{"amount":0,"currency":"TRY"}`, 400, "VALIDATION_ERROR", "amount:OUT_OF_RANGE"},
		"refund_without_body":      {refund, ``, 400, "MALFORMED_JSON", ""},
		"refund_of_unknown":        {refund, `{"currency":"ABC"}`, 400, "UNSUPPORTED_CURRENCY", "currency:INVALID"},
		"refund_of_another":        {refund, `{"currency":"USD"}`, 400, "CURRENCY_MISMATCH", "currency:INVALID"},
		"void_of_no_uuid":          {"/api/payment/x/void", `{}`, 404, "NOT_FOUND", ""},
		"void_with_broken_body":    {"/api/payment/" + paymentID + "/void", `{`, 400, "MALFORMED_JSON", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakePayments{found: approvedPayment(t)}
			w := send(newHandler(t, f), newRequest(t, http.MethodPost, tt.path, tt.body))
			var p wireProblem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatalf("answer is no JSON: %v", err)
			}
			var fields []string
			for _, e := range p.Errors {
				fields = append(fields, e.Field+":"+e.Code)
			}
			if got := strings.Join(fields, " "); w.Code != tt.status || p.ResultCode != tt.code || got != tt.fields {
				t.Errorf("answer = %d %s %q, want %d %s %q", w.Code, p.ResultCode, got, tt.status, tt.code, tt.fields)
			}
			if f.callCount() != 0 {
				t.Error("the domain was called")
			}
		})
	}
}

func TestBadQuery(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ query, want string }{
		"limit_zero":         {"limit=0", `"field":"limit","code":"OUT_OF_RANGE"`},
		"limit_101":          {"limit=101", `"field":"limit","code":"OUT_OF_RANGE"`},
		"limit_words":        {"limit=ten", `"field":"limit","code":"INVALID"`},
		"limit_with_zeros":   {"limit=007", `"field":"limit","code":"INVALID"`},
		"status_unknown":     {"status=success", `"field":"status","code":"INVALID"`},
		"from_is_a_date":     {"from=2026-11-01", `"field":"from","code":"INVALID"`},
		"to_before_from":     {"from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", `"field":"to","code":"OUT_OF_RANGE"`},
		"order_twice":        {"orderId=a&orderId=b", `"field":"orderId","code":"INVALID"`},
		"order_too_long":     {"orderId=" + strings.Repeat("a", 129), `"field":"orderId","code":"TOO_LONG"`},
		"order_with_control": {"orderId=a%00b", `"field":"orderId","code":"INVALID"`},
		"order_no_utf8":      {"orderId=%ff", `"field":"orderId","code":"INVALID"`},
		"broken_escape":      {"orderId=%zz", `"field":"query","code":"INVALID"`},
		"cursor_too_long":    {"cursor=" + strings.Repeat("a", 1025), `"field":"cursor","code":"TOO_LONG"`},
		"all_at_once":        {"limit=0&status=x", `"code":"OUT_OF_RANGE","message":"must be from 1 to 100"},{"field":"status"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakePayments{}
			w := send(newHandler(t, f), newRequest(t, http.MethodGet, "/api/payments?"+tt.query, ""))
			if w.Code != http.StatusBadRequest || !contains(w.Body.String(), tt.want) {
				t.Errorf("answer = %d %s, want %s", w.Code, w.Body, tt.want)
			}
			if f.callCount() != 0 {
				t.Error("the domain was called")
			}
		})
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	tests := map[string]func(h http.Header){
		"no_key":         func(h http.Header) { h.Del("X-Api-Key") },
		"no_secret":      func(h http.Header) { h.Del("X-Api-Secret") },
		"nothing":        func(h http.Header) { h.Del("X-Api-Key"); h.Del("X-Api-Secret") },
		"empty_key":      func(h http.Header) { h.Set("X-Api-Key", "") },
		"doubled_key":    func(h http.Header) { h.Add("X-Api-Key", "api-key") },
		"doubled_secret": func(h http.Header) { h.Add("X-Api-Secret", "secret-key") },
		"unknown_key":    func(h http.Header) { h.Set("X-Api-Key", "nobody") },
		"wrong_secret":   func(h http.Header) { h.Set("X-Api-Secret", "guess") },
	}
	for name, change := range tests {
		for _, path := range []string{"/api/payment", "/api/nothing", "/api/payment/" + paymentID + "/void"} {
			t.Run(name+path, func(t *testing.T) {
				t.Parallel()
				f := &fakePayments{}
				r := newRequest(t, http.MethodPost, path, "{ broken")
				change(r.Header)
				w := send(newHandler(t, f), r)
				want := `{"resultCode":"UNAUTHORIZED","resultMessage":"The credentials are missing or wrong","errors":[],"requestId":"` +
					w.Header().Get("X-Request-Id") + `","paymentId":null}`
				if w.Code != http.StatusUnauthorized || w.Body.String() != want {
					t.Errorf("answer = %d %s, want %s", w.Code, w.Body, want)
				}
				if got := w.Header().Get("WWW-Authenticate"); got != "ApiKey" {
					t.Errorf("WWW-Authenticate = %q", got)
				}
				if f.callCount() != 0 {
					t.Error("the domain was called")
				}
			})
		}
	}
}

func TestTransport(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		method, path string
		change       func(h http.Header)
		status       int
		code         string
		allow        string
	}{
		"unknown_path":           {"GET", "/api/nothing", nil, 404, "NOT_FOUND", ""},
		"prefix_itself":          {"GET", "/api/", nil, 404, "NOT_FOUND", ""},
		"doubled_slash":          {"POST", "/api//payment", nil, 404, "NOT_FOUND", ""},
		"dots":                   {"POST", "/api/x/../payment", nil, 404, "NOT_FOUND", ""},
		"trailing_slash":         {"POST", "/api/payment/", nil, 404, "NOT_FOUND", ""},
		"get_of_payment":         {"GET", "/api/payment", nil, 405, "METHOD_NOT_ALLOWED", "POST"},
		"options_of_payment":     {"OPTIONS", "/api/payment", nil, 405, "METHOD_NOT_ALLOWED", "POST"},
		"delete_of_found":        {"DELETE", "/api/payment/" + paymentID, nil, 405, "METHOD_NOT_ALLOWED", "GET, HEAD"},
		"post_of_list":           {"POST", "/api/payments", nil, 405, "METHOD_NOT_ALLOWED", "GET, HEAD"},
		"made_up_method":         {"PAY", "/api/payment", nil, 405, "METHOD_NOT_ALLOWED", "POST"},
		"no_media_type":          {"POST", "/api/payment", func(h http.Header) { h.Del("Content-Type") }, 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		"form":                   {"POST", "/api/payment", setHeader("Content-Type", "application/x-www-form-urlencoded"), 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		"latin1":                 {"POST", "/api/payment", setHeader("Content-Type", "application/json; charset=iso-8859-9"), 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		"json_in_name_only":      {"POST", "/api/payment", setHeader("Content-Type", "application/jsonp"), 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		"compressed":             {"POST", "/api/payment", setHeader("Content-Encoding", "gzip"), 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		"void_with_other_type":   {"POST", "/api/payment/" + paymentID + "/void", setHeader("Content-Type", "text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		"doubled_idempotency":    {"POST", "/api/payment", func(h http.Header) { h["Idempotency-Key"] = []string{"a", "a"} }, 400, "VALIDATION_ERROR", ""},
		"empty_idempotency":      {"POST", "/api/payment", setHeader("Idempotency-Key", ""), 400, "VALIDATION_ERROR", ""},
		"long_idempotency":       {"POST", "/api/payment", setHeader("Idempotency-Key", strings.Repeat("k", 256)), 400, "VALIDATION_ERROR", ""},
		"idempotency_not_ascii":  {"POST", "/api/payment", setHeader("Idempotency-Key", "ş"), 400, "VALIDATION_ERROR", ""},
		"idempotency_of_control": {"POST", "/api/payment", setHeader("Idempotency-Key", "a\tb"), 400, "VALIDATION_ERROR", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakePayments{}
			r := newRequest(t, tt.method, tt.path, goodBody)
			if tt.change != nil {
				tt.change(r.Header)
			}
			w := send(newHandler(t, f), r)
			if w.Code != tt.status || !contains(w.Body.String(), `{"resultCode":"`+tt.code+`"`) {
				t.Errorf("answer = %d %s, want %d %s", w.Code, w.Body, tt.status, tt.code)
			}
			if tt.status == http.StatusBadRequest && !contains(w.Body.String(), `"field":"Idempotency-Key"`) {
				t.Errorf("answer = %s, want the header's name", w.Body)
			}
			if got := w.Header().Get("Allow"); got != tt.allow {
				t.Errorf("Allow = %q, want %q", got, tt.allow)
			}
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Request-Id") == "" {
				t.Errorf("headers = %v", w.Header())
			}
			if f.callCount() != 0 {
				t.Error("the domain was called")
			}
		})
	}
}

func setHeader(name, value string) func(http.Header) {
	return func(h http.Header) { h.Set(name, value) }
}

func TestReusedKey(t *testing.T) {
	t.Parallel()
	for rule, body := range map[string]string{
		"invalid_request_is_told_of_the_reuse":    strings.Replace(goodBody, "100.50", "-1", 1),
		"unreadable_request_is_told_of_the_reuse": `{"orderId":`,
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			for key, want := range map[string]int{"used-before": http.StatusUnprocessableEntity,
				"never-used": http.StatusBadRequest} {
				r := newRequest(t, http.MethodPost, "/api/payment", body)
				r.Header.Set("Idempotency-Key", key)
				if w := send(newHandler(t, &fakePayments{}), r); w.Code != want {
					t.Errorf("key %s: status %d, want %d: %s", key, w.Code, want, w.Body)
				}
			}
		})
	}
}
