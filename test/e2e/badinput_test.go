package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// TestBadInput sends wrong requests to a server that nobody else uses: each is
// refused with its code and the fields that are wrong, leaves no row in any
// table, and does not reach the bank.
func TestBadInput(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, servertest.Options{Engine: engine})
			p := paid(t, s) // so that ids, tables and the bank's ledger are not empty
			d := openDatabase(t, engine, s.DSN)
			before, atBank := d.counts(t), s.Bank(t)
			for name, st := range badInput() {
				t.Run(name, func(t *testing.T) {
					st.run(t, s, map[string]string{"order": "bad input", "p": p})
					if diff := cmp.Diff(before, d.counts(t)); diff != "" {
						t.Errorf("rows were left (-before +after):\n%s", diff)
					}
					if diff := cmp.Diff(atBank, s.Bank(t)); diff != "" {
						t.Errorf("the bank was called (-before +after):\n%s", diff)
					}
				})
			}
			t.Run("the_same_without_a_mistake_is_stored", func(t *testing.T) {
				scenario{{send: pay, body: charge(), status: 200, want: `{"status":"SUCCESS"}`, keep: "p"}}.run(t, s)
				if cmp.Equal(before, d.counts(t)) || cmp.Equal(atBank, s.Bank(t)) {
					t.Error("nothing changed: the comparison proves nothing")
				}
			})
			if code := s.Stop(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			searchLeaks(t, s)
		})
	}
}

func badInput() map[string]step {
	all := make(map[string]step)
	for name, tt := range map[string]struct{ body, code, fields string }{
		"no_body":                       {"", "MALFORMED_JSON", ""},
		"no_json":                       {"orderId=1", "MALFORMED_JSON", ""},
		"array":                         {"[" + charge() + "]", "MALFORMED_JSON", ""},
		"null":                          {"null", "MALFORMED_JSON", ""},
		"cut_off":                       {strings.TrimSuffix(charge(), "}"), "MALFORMED_JSON", ""},
		"trailing_data":                 {charge() + charge(), "MALFORMED_JSON", ""},
		"duplicate_amount":              {strings.Replace(charge(), "{", `{"amount":1.00,`, 1), "MALFORMED_JSON", "amount:INVALID"},
		"duplicate_card":                {strings.Replace(charge(), "{", `{"pan":"4111111111111111",`, 1), "MALFORMED_JSON", "pan:INVALID"},
		"duplicate_by_escape":           {strings.Replace(charge(), "{", `{"\u0061mount":1.00,`, 1), "MALFORMED_JSON", "amount:INVALID"},
		"duplicate_deep_inside":         {charge("extra", `{"a":{"b":1,"b":2}}`), "MALFORMED_JSON", "extra:INVALID"},
		"deeply_nested":                 {charge("extra", strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)), "MALFORMED_JSON", "extra:INVALID"},
		"invalid_utf8_in_order":         {charge("orderId", "\"a\xffb\""), "MALFORMED_JSON", "orderId:INVALID"},
		"invalid_utf8_in_name":          {charge("cardHolderName", "\"J\xc3\x28 Doe\""), "MALFORMED_JSON", "cardHolderName:INVALID"},
		"half_a_surrogate":              {charge("orderId", `"a\ud800b"`), "MALFORMED_JSON", "orderId:INVALID"},
		"amount_with_exponent":          {charge("amount", "1e3"), "VALIDATION_ERROR", "amount:INVALID"},
		"amount_with_negative_exponent": {charge("amount", "10050e-2"), "VALIDATION_ERROR", "amount:INVALID"},
		"amount_quoted":                 {charge("amount", `"100.50"`), "VALIDATION_ERROR", "amount:INVALID"},
		"amount_negative":               {charge("amount", "-100.50"), "VALIDATION_ERROR", "amount:OUT_OF_RANGE"},
		"amount_zero":                   {charge("amount", "0"), "VALIDATION_ERROR", "amount:OUT_OF_RANGE"},
		"amount_minus_zero":             {charge("amount", "-0.00"), "VALIDATION_ERROR", "amount:OUT_OF_RANGE"},
		"amount_with_a_third_decimal":   {charge("amount", "100.505"), "VALIDATION_ERROR", "amount:INVALID"},
		"amount_with_a_third_zero":      {charge("amount", "100.500"), "VALIDATION_ERROR", "amount:INVALID"},
		"amount_of_thirteen_digits":     {charge("amount", "1000000000000.00"), "VALIDATION_ERROR", "amount:OUT_OF_RANGE"},
		"amount_beyond_64_bits":         {charge("amount", "99999999999999999999"), "VALIDATION_ERROR", "amount:OUT_OF_RANGE"},
		"amount_true":                   {charge("amount", "true"), "VALIDATION_ERROR", "amount:INVALID"},
		"amount_null":                   {charge("amount", "null"), "VALIDATION_ERROR", "amount:REQUIRED"},
		"amount_missing":                {charge("amount", ""), "VALIDATION_ERROR", "amount:REQUIRED"},
		"amount_an_object":              {charge("amount", `{"value":1}`), "VALIDATION_ERROR", "amount:INVALID"},
		"decimals_of_yen":               {charge("amount", "100.5", "currency", `"JPY"`, "pan", quoted(foreignCard)), "VALIDATION_ERROR", "amount:INVALID"},
		"fourth_decimal_of_dinars":      {charge("amount", "1.2505", "currency", `"KWD"`, "pan", quoted(foreignCard)), "VALIDATION_ERROR", "amount:INVALID"},
		"currency_without_a_pos":        {charge("currency", `"AED"`), "UNSUPPORTED_CURRENCY", "currency:INVALID"},
		"currency_unknown":              {charge("currency", `"XYZ"`), "UNSUPPORTED_CURRENCY", "currency:INVALID"},
		"currency_lower_case":           {charge("currency", `"try"`), "UNSUPPORTED_CURRENCY", "currency:INVALID"},
		"currency_a_number":             {charge("currency", "949"), "VALIDATION_ERROR", "currency:INVALID"},
		"currency_missing":              {charge("currency", ""), "VALIDATION_ERROR", "currency:REQUIRED"},
		"pan_failing_luhn":              {charge("pan", `"5421190122090657"`), "VALIDATION_ERROR", "pan:INVALID"},
		"pan_of_eleven_digits":          {charge("pan", `"00000000000"`), "VALIDATION_ERROR", "pan:INVALID"},
		"pan_of_twenty_digits":          {charge("pan", `"54211901220906560000"`), "VALIDATION_ERROR", "pan:INVALID"},
		"pan_with_spaces":               {charge("pan", `"5421 1901 2209 0656"`), "VALIDATION_ERROR", "pan:INVALID"},
		"pan_a_number":                  {charge("pan", "5421190122090656"), "VALIDATION_ERROR", "pan:INVALID"},
		"pan_in_arabic_digits":          {charge("pan", `"٥٤٢١١٩٠١٢٢٠٩٠٦٥٦"`), "VALIDATION_ERROR", "pan:INVALID"},
		"pan_empty":                     {charge("pan", `""`), "VALIDATION_ERROR", "pan:INVALID"},
		"pan_missing":                   {charge("pan", ""), "VALIDATION_ERROR", "pan:REQUIRED"},
		"expired_last_year":             {charge("expiryYear", `"25"`), "VALIDATION_ERROR", "expiryYear:OUT_OF_RANGE"},
		"expired_long_ago":              {charge("expiryYear", `"00"`), "VALIDATION_ERROR", "expiryYear:OUT_OF_RANGE"},
		"month_thirteen":                {charge("expiryMonth", `"13"`), "VALIDATION_ERROR", "expiryMonth:INVALID"},
		"month_zero":                    {charge("expiryMonth", `"00"`), "VALIDATION_ERROR", "expiryMonth:INVALID"},
		"month_of_one_digit":            {charge("expiryMonth", `"4"`), "VALIDATION_ERROR", "expiryMonth:INVALID"},
		"month_a_number":                {charge("expiryMonth", "4"), "VALIDATION_ERROR", "expiryMonth:INVALID"},
		"year_of_four_digits":           {charge("expiryYear", `"2028"`), "VALIDATION_ERROR", "expiryYear:INVALID"},
		"cvv_of_two_digits":             {charge("cvv", `"91"`), "VALIDATION_ERROR", "cvv:INVALID"},
		"cvv_of_four_digits":            {charge("cvv", `"9161"`), "VALIDATION_ERROR", "cvv:INVALID"},
		"amex_with_three_digits":        {charge("pan", `"378282246310005"`), "VALIDATION_ERROR", "cvv:INVALID"},
		"cvv_of_letters":                {charge("cvv", `"abc"`), "VALIDATION_ERROR", "cvv:INVALID"},
		"cvv_missing":                   {charge("cvv", ""), "VALIDATION_ERROR", "cvv:REQUIRED"},
		"holder_of_one_letter":          {charge("cardHolderName", `"J"`), "VALIDATION_ERROR", "cardHolderName:OUT_OF_RANGE"},
		"holder_of_spaces":              {charge("cardHolderName", `"   "`), "VALIDATION_ERROR", "cardHolderName:REQUIRED"},
		"holder_too_long":               {charge("cardHolderName", quoted(longText(101))), "VALIDATION_ERROR", "cardHolderName:TOO_LONG"},
		"holder_with_digits":            {charge("cardHolderName", `"John 1234567"`), "VALIDATION_ERROR", "cardHolderName:INVALID"},
		"holder_with_a_card_number":     {charge("cardHolderName", `"5421190122090656"`), "CARD_NUMBER_IN_TEXT", "cardHolderName:INVALID"},
		"holder_with_markup":            {charge("cardHolderName", `"<b>John"`), "VALIDATION_ERROR", "cardHolderName:INVALID"},
		"holder_with_a_bell":            {charge("cardHolderName", `"John\u0007Doe"`), "VALIDATION_ERROR", "cardHolderName:INVALID"},
		"order_empty":                   {charge("orderId", `""`), "VALIDATION_ERROR", "orderId:REQUIRED"},
		"order_missing":                 {charge("orderId", ""), "VALIDATION_ERROR", "orderId:REQUIRED"},
		"order_too_long":                {charge("orderId", quoted(longText(129))), "VALIDATION_ERROR", "orderId:TOO_LONG"},
		"order_with_a_line_break":       {charge("orderId", `"a\nb"`), "VALIDATION_ERROR", "orderId:INVALID"},
		"order_with_a_null":             {charge("orderId", `"a\u0000b"`), "VALIDATION_ERROR", "orderId:INVALID"},
		"order_with_a_c1_control":       {charge("orderId", `"a\u0085b"`), "VALIDATION_ERROR", "orderId:INVALID"},
		"order_a_number":                {charge("orderId", "12345"), "VALIDATION_ERROR", "orderId:INVALID"},
		"customer_too_long":             {charge("customerId", quoted(longText(65))), "VALIDATION_ERROR", "customerId:TOO_LONG"},
		"customer_with_a_tab":           {charge("customerId", `"a\tb"`), "VALIDATION_ERROR", "customerId:INVALID"},
		"ip_a_name":                     {charge("requestIp", `"localhost"`), "VALIDATION_ERROR", "requestIp:INVALID"},
		"ip_out_of_range":               {charge("requestIp", `"192.168.1.256"`), "VALIDATION_ERROR", "requestIp:INVALID"},
		"ip_with_a_zone":                {charge("requestIp", `"fe80::1%eth0"`), "VALIDATION_ERROR", "requestIp:INVALID"},
		"port_zero":                     {charge("requestPort", "0"), "VALIDATION_ERROR", "requestPort:OUT_OF_RANGE"},
		"port_too_high":                 {charge("requestPort", "65536"), "VALIDATION_ERROR", "requestPort:OUT_OF_RANGE"},
		"port_quoted":                   {charge("requestPort", `"8080"`), "VALIDATION_ERROR", "requestPort:INVALID"},
		"port_with_a_fraction":          {charge("requestPort", "8080.0"), "VALIDATION_ERROR", "requestPort:INVALID"},
		"port_missing":                  {charge("requestPort", ""), "VALIDATION_ERROR", "requestPort:REQUIRED"},
		"three_installments":            {charge("installmentCount", "3"), "INSTALLMENT_NOT_AVAILABLE", "installmentCount:OUT_OF_RANGE"},
		"several_at_once": {
			charge("amount", "-1", "pan", `"1"`, "requestPort", "0"), "VALIDATION_ERROR",
			"amount:OUT_OF_RANGE pan:INVALID requestPort:OUT_OF_RANGE",
		},
	} {
		want := `{"resultCode":"` + tt.code + `","resultMessage":"*","requestId":"*","paymentId":null}`
		all[name] = step{send: pay, body: tt.body, status: http.StatusBadRequest, want: want, fields: tt.fields}
		all["hold_"+name] = step{send: hold, body: tt.body, status: http.StatusBadRequest, want: want, fields: tt.fields}
	}
	for name, body := range map[string]string{
		"quoted":   `{"amount":"1.00","currency":"TRY"}`,
		"exponent": `{"amount":1e0,"currency":"TRY"}`,
		"decimals": `{"amount":1.001,"currency":"TRY"}`,
		"negative": `{"amount":-1.00,"currency":"TRY"}`,
		"zero":     `{"amount":0.00,"currency":"TRY"}`,
	} {
		for what, send := range map[string]string{"refund_": refund, "capture_": capture} {
			all[what+name] = step{send: send, body: body, status: http.StatusBadRequest, want: `{"resultCode":"VALIDATION_ERROR"}`}
		}
	}
	all["refund_above_the_payment"] = step{send: refund, body: `{"amount":100.51,"currency":"TRY"}`, status: 400, want: `{"resultCode":"REFUND_AMOUNT_EXCEEDED"}`}
	all["refund_in_another_currency"] = step{send: refund, body: `{"amount":1.00,"currency":"USD"}`, status: 400, want: `{"resultCode":"CURRENCY_MISMATCH"}`}
	all["capture_of_a_sale"] = step{send: capture, body: `{"amount":1.00,"currency":"TRY"}`, status: 409, want: `{"resultCode":"NOT_CAPTURABLE","paymentId":"{p}"}`}
	all["void_of_anothers"] = step{send: void, body: `{}`, as: servertest.OtherMerchant(), status: 404, want: `{"resultCode":"NOT_FOUND"}`}
	all["body_over_the_limit"] = step{send: pay, body: charge("padding", quoted(longText(64<<10))), status: 413, want: `{"resultCode":"BODY_TOO_LARGE"}`}
	all["duplicate_in_a_void"] = step{send: void, body: `{"a":1,"a":2}`, status: 400, want: `{"resultCode":"MALFORMED_JSON"}`, fields: "a:INVALID"}
	return all
}
