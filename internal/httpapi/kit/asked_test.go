package kit_test

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
)

// sending is a request with an idempotency key.
type sending struct {
	method, target, media, body string
	merchant                    id.Merchant // 7 if zero
}

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
	textType = "text/csv"
)

// posted is a request with a JSON body.
func posted(body string) sending {
	return sending{method: http.MethodPost, target: "/t/things", media: jsonType, body: body}
}

func (s sending) to(target string) sending { s.target = target; return s }

func (s sending) by(method string) sending { s.method = method; return s }

// as is the same with a body of another type.
func (s sending) as(media, body string) sending { s.media, s.body = media, body; return s }

// key returns what a request's idempotency key becomes.
func (s sending) key(t *testing.T, sent string) idempotency.Key {
	t.Helper()
	var got idempotency.Key
	keep := func(_ context.Context, r *kit.Request[id.Merchant]) (kit.Response, error) {
		got = r.Key
		return kit.OK(answer{Code: "FINE"}), nil
	}
	// A body that is no JSON never gets to its route; what it asks is told by Check.
	check := func(_ context.Context, _ id.Merchant, k idempotency.Key) error {
		got = k
		return nil
	}
	merchant := max(s.merchant, 0)
	if merchant == 0 {
		merchant = 7
	}
	routes := make([]kit.Route[id.Merchant], 0, 5)
	for _, method := range []string{http.MethodPost, http.MethodPut} {
		routes = append(routes,
			kit.Route[id.Merchant]{Method: method, Pattern: "/t/things", EmptyBody: true, ListBody: true, Handle: keep},
			kit.Route[id.Merchant]{Method: method, Pattern: "/t/things/{thing}", EmptyBody: true, Handle: keep})
	}
	routes = append(routes, kit.Route[id.Merchant]{
		Method: http.MethodPost, Pattern: "/t/files", Raw: &kit.RawBody{MediaType: textType, Max: 100}, Handle: keep,
	})
	h := kit.Handler(newKit(t, io.Discard), kit.Surface[id.Merchant]{
		Name: "test", Keys: kit.Keys[id.Merchant]{Header: "Idempotency-Key", Check: check}, Forms: true,
		Authenticator: kit.AuthFunc[id.Merchant](func(context.Context, kit.AuthRequest) (id.Merchant, error) { return merchant, nil }),
		Merchant:      func(m id.Merchant) id.Merchant { return m },
		Form:          form, Language: language.English, Routes: routes,
	})
	r := httptest.NewRequestWithContext(t.Context(), s.method, "http://vezne.test"+s.target, strings.NewReader(s.body))
	r.Header.Set("Idempotency-Key", sent)
	if s.media != "" {
		r.Header.Set("Content-Type", s.media)
	}
	if w := serve(t, h, r); got.IsZero() {
		t.Fatalf("%+v came to nothing: %d %s", s, w.Code, w.Body)
	}
	return got
}

// parts is a multipart form with a boundary of the writer's choosing.
func parts(t *testing.T, fields ...string) (media, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.String()
}

const thing = `{"order":"A/ş","amount":100.50,"card":{"pan":"5421","cvv":"916"},"items":[{"id":1,"price":0.1},{"id":2,"price":20}],"note":null}`

func TestSameRequest(t *testing.T) {
	t.Parallel()
	pairs := func(s string) sending { return posted("").as(formType, s) }
	media, body := parts(t, "b", "2", "a", "ş 1", "a", "3")
	other, otherBody := parts(t, "a", "ş 1", "a", "3", "b", "2")
	for name, tt := range map[string]struct{ one, another sending }{
		"to_the_byte": {posted(thing), posted(thing)},
		"members_in_another_order": {posted(thing), posted(
			`{"note":null,"items":[{"price":0.1,"id":1},{"price":20,"id":2}],"amount":100.50,"card":{"cvv":"916","pan":"5421"},"order":"A/ş"}`)},
		"blanks":                      {posted(`{"a":[1,{"b":true}]}`), posted("\r\n{ \"a\" :\t[ 1 , { \"b\" : true } ] } \n")},
		"escapes":                     {posted(`{"ş/a":"\"ığ\u2028😀"}`), posted(`{"\u015f\/\u0061":"\u0022\u0131\u011F\u2028\ud83d\uDE00"}`)},
		"a_fraction_of_nothing":       {posted(`{"a":10}`), posted(`{"a":10.00}`)},
		"a_superfluous_zero":          {posted(`{"a":[-0.5,7]}`), posted(`{"a":[-0.50,7]}`)},
		"a_power_of_ten":              {posted(`{"a":1200}`), posted(`{"a":1.2E+3}`)},
		"a_power_of_a_tenth":          {posted(`{"a":0.00012}`), posted(`{"a":12e-5}`)},
		"nothing_however_much":        {posted(`{"a":[0,0,0]}`), posted(`{"a":[-0,0.00,0e9]}`)},
		"digits_that_no_float_has":    {posted(`{"a":12345678901234567890.10}`), posted(`{"a":12345678901234567890.1}`)},
		"a_body_that_is_left_out":     {posted(`{}`), posted(``).as("", "")},
		"a_path_that_is_escaped":      {posted(`{}`).to("/t/things/a;b"), posted(`{}`).to("/t/things/%61%3Bb")},
		"parameters_in_another_order": {posted(`{}`).to("/t/things?a=1&b=%C5%9F&a=2"), posted(`{}`).to("/t/things?b=ş&a=1&a=%32")},
		"a_question_mark_alone":       {posted(`{}`).to("/t/things"), posted(`{}`).to("/t/things?")},
		"a_mark_before_it":            {posted(thing), posted("\ufeff" + thing)},
		"a_mark_before_a_list":        {posted("[" + thing + "]"), posted("\ufeff[" + thing + "]")},
		"a_mark_before_nothing":       {posted(`{}`), posted("\ufeff")},
		"charset_named":               {posted(thing), posted(thing).as(jsonType+"; charset=utf-8", thing)},
		"pairs_in_another_order":      {pairs("a=1&b=%C5%9F+x"), pairs("b=ş%20x&a=%31")},
		"pairs_in_parts":              {pairs("a=%C5%9F+1&b=2&a=3"), posted("").as(media, body)},
		"parts_with_another_boundary": {posted("").as(media, body), posted("").as(other, otherBody)},
		"a_file":                      {posted("").to("/t/files").as(textType, "1,2\n"), posted("").to("/t/files").as(textType, "1,2\n")},
		"what_cannot_be_read":         {posted(`{"a":`), posted(`{"a":`)},
	} {
		if tt.one.key(t, "key") != tt.another.key(t, "key") {
			t.Errorf("%s: another request", name)
		}
	}
}

func TestAnotherRequest(t *testing.T) {
	t.Parallel()
	pairs := func(s string) sending { return posted("").as(formType, s) }
	change := func(old, changed string) sending { return posted(strings.Replace(thing, old, changed, 1)) }
	all := map[string]sending{
		"the_first":                      posted(thing),
		"a_digit_of_an_amount":           change("100.50", "100.51"),
		"a_power_of_an_amount":           change("100.50", "1005"),
		"a_sign":                         change("100.50", "-100.50"),
		"a_number_as_a_text":             change("100.50", `"100.50"`),
		"a_text_with_a_zero_more":        change("100.50", `"100.5"`),
		"a_letter":                       change("A/ş", "B/ş"),
		"a_letter_that_looks_alike":      change("A/ş", "A/s\u0327"),
		"a_blank_in_a_text":              change("A/ş", "A/ş "),
		"a_member_deep_within":           change("916", "917"),
		"a_digit_in_a_text":              change("5421", "5420"),
		"a_list_in_another_order":        change(`{"id":1,"price":0.1},{"id":2,"price":20}`, `{"id":2,"price":20},{"id":1,"price":0.1}`),
		"a_member_that_moves_up":         change(`"cvv":"916"}`, `"x":{"cvv":"916"}}`),
		"a_member_less":                  change(`,"note":null`, ""),
		"a_member_more":                  change(`,"note":null`, `,"note":null,"b":1`),
		"false_for_null":                 change("null", "false"),
		"true_for_null":                  change("null", "true"),
		"a_list_of_it":                   posted("[" + thing + "]"),
		"another_method":                 posted(thing).by(http.MethodPut),
		"another_path":                   posted(thing).to("/t/things/1"),
		"a_slash_that_is_escaped":        posted(thing).to("/t/things/1%2F2"),
		"a_query":                        posted(thing).to("/t/things?a=1"),
		"another_query":                  posted(thing).to("/t/things?a=2"),
		"a_query_in_another_order":       posted(thing).to("/t/things?a=1&a=2"),
		"the_same_of_one_name":           posted(thing).to("/t/things?a=2&a=1"),
		"a_query_that_cannot_be_read":    posted(thing).to("/t/things?a=%zz"),
		"nothing":                        posted("{}"),
		"a_huge_power":                   posted(`{"a":1e99999999999}`),
		"another_huge_power":             posted(`{"a":1e99999999998}`),
		"a_digit_beyond_floats":          posted(`{"a":12345678901234567890.1}`),
		"another_digit_beyond_floats":    posted(`{"a":12345678901234567891.1}`),
		"a_form":                         pairs("a=1&b=2"),
		"a_form_with_a_number_otherwise": pairs("a=1.0&b=2"),
		"a_form_of_swapped_values":       pairs("a=2&b=1"),
		"a_form_of_one_pair":             pairs("a=1%26b%3D2"),
		"a_form_with_a_name_twice":       pairs("a=1&a=2"),
		"the_two_swapped":                pairs("a=2&a=1"),
		"an_empty_field":                 pairs("a=1&b="),
		"no_field":                       pairs("a=1"),
		"a_form_like_json":               posted(`{"a":"1"}`),
		"a_file":                         posted("").to("/t/files").as(textType, "1,2\n"),
		"a_file_with_a_blank":            posted("").to("/t/files").as(textType, "1, 2\n"),
		"what_cannot_be_read":            posted(`{"a":`),
		"what_cannot_be_read_either":     posted(`{"a": `),
		"a_member_twice":                 posted(`{"a":1,"a":1}`),
		"a_member_twice_as_one":          posted(`{"a":1}`),
	}
	seen := make(map[[32]byte]string)
	for name, s := range all {
		k := s.key(t, "key").Request
		if first, ok := seen[k]; ok {
			t.Errorf("%s is the same request as %s", name, first)
		}
		seen[k] = name
	}
}

func TestKeyIsHashed(t *testing.T) {
	t.Parallel()
	const pan = "5421190122090656"
	mine := posted(thing).key(t, pan)
	foreign := posted(thing)
	foreign.merchant = 8
	if posted(`{}`).key(t, pan).Value != mine.Value {
		t.Error("a key is another with another body, so its reuse would not be noticed")
	}
	if foreign.key(t, pan).Value == mine.Value {
		t.Error("two merchants have one hash of a key")
	}
	if posted(thing).key(t, pan+"0").Value == mine.Value || bytes.Contains(mine.Value[:], []byte(pan)[:8]) {
		t.Errorf("key = %x", mine.Value)
	}
}
