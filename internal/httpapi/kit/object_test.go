package kit_test

import (
	"bytes"
	"encoding/json" //nolint:depguard // the other reader, to compare with
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/money"
)

func TestFields(t *testing.T) {
	t.Parallel()
	o, err := kit.ParseObject([]byte(` { "text" : "a\u00e7" , "empty":"", "none": null, "yes": true , "no":false, "n": 12.50 , "i":7,"list":[1] } `))
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := o.Text("text", 1, 2); s != "aç" || !ok {
		t.Errorf("text = %q, %v", s, ok)
	}
	for _, name := range []string{"none", "missing"} {
		if s, ok := o.OptionalText(name, 5); s != "" || ok || o.Has(name) {
			t.Errorf("%s = %q, %v", name, s, ok)
		}
	}
	if n, ok := o.Number("n"); n != "12.50" || !ok {
		t.Errorf("number = %q, %v", n, ok)
	}
	if i, ok := o.Int("i", 1, 7); i != 7 || !ok {
		t.Errorf("int = %d, %v", i, ok)
	}
	if !o.OptionalBool("yes", false) || o.OptionalBool("no", true) || !o.OptionalBool("none", true) || !o.OptionalBool("missing", true) {
		t.Error("booleans are misread")
	}
	if err := o.Err(); err != nil {
		t.Errorf("right fields are wrong: %v", err)
	}
	o.Text("empty", 1, 5)
	o.Text("list", 1, 5)
	o.Text("text", 3, 5)
	o.Int("i", 1, 6)
	o.Number("yes")
	o.OptionalBool("i", false)
	got := fault.From(o.Err())
	var all []string
	for _, f := range got.Fields {
		all = append(all, f.Name+":"+string(f.Code))
	}
	want := "empty:REQUIRED list:INVALID text:OUT_OF_RANGE i:OUT_OF_RANGE yes:INVALID i:INVALID"
	if s := strings.Join(all, " "); s != want || got.Code != fault.ValidationError {
		t.Errorf("wrong fields = %s %q, want %q", got.Code, s, want)
	}
}

func TestStrict(t *testing.T) {
	t.Parallel()
	const body = `{"a":"x","amuont":1,"5421190122090656":1,"part":{"b":1,"more":null},` +
		`"list":[{"d":1},{"other":2}],"later":null,"no name":1}`
	fields := func(strict bool) string {
		o, err := kit.ParseObject([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if strict {
			o.Strict()
		}
		o.OptionalString("a")
		part := o.Object("part")
		part.Int("b", 1, 1)
		o.Adopt("part", part)
		for _, one := range o.Objects("list", 2) {
			one.Int("d", 1, 1)
			o.Adopt("list", one)
		}
		o.Know("later")
		var all []string
		if err := o.Err(); err != nil {
			for _, f := range fault.From(err).Fields {
				all = append(all, f.Name+":"+string(f.Code))
			}
		}
		return strings.Join(all, " ")
	}
	const all = "part.more:INVALID list.d:REQUIRED list.other:INVALID body:INVALID amuont:INVALID body:INVALID"
	if got, want := fields(true), all; got != want {
		t.Errorf("strict: %s, want %s", got, want)
	}
	if got, want := fields(false), "list.d:REQUIRED"; got != want {
		t.Errorf("not strict: %s, want %s", got, want)
	}
}

func TestRejectAs(t *testing.T) {
	t.Parallel()
	alone, err := kit.ParseObject([]byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	alone.RejectAs(fault.UnsupportedCurrency, fault.Field{Name: "currency", Code: fault.FieldInvalid, Message: "unknown"})
	if got := fault.CodeOf(alone.Err()); got != fault.UnsupportedCurrency {
		t.Errorf("alone = %s", got)
	}
	alone.Reject("amount", fault.FieldRequired, "is required")
	if got := fault.CodeOf(alone.Err()); got != fault.ValidationError {
		t.Errorf("with another = %s", got)
	}
}

func TestRejectFault(t *testing.T) {
	t.Parallel()
	plain := fault.Validation(
		fault.Field{Name: "a", Code: fault.FieldInvalid, Message: "no"}, fault.Field{Name: "b", Code: fault.FieldInvalid, Message: "no"})
	coded := fault.Validation(fault.Field{Name: "c", Code: fault.FieldInvalid, Message: "no"})
	coded.Code = fault.CurrencyMismatch
	for name, tt := range map[string]struct {
		errs   []error
		code   fault.Code
		fields int
	}{
		"nothing_is_nothing":             {[]error{nil}, "", 0},
		"fields_are_taken_over":          {[]error{plain, nil}, fault.ValidationError, 2},
		"a_code_of_its_own_stays":        {[]error{fmt.Errorf("check: %w", coded)}, fault.CurrencyMismatch, 1},
		"two_of_one_code_have_it":        {[]error{coded, coded}, fault.CurrencyMismatch, 2},
		"with_another_field_it_does_not": {[]error{coded, plain}, fault.ValidationError, 3},
		"one_without_fields_is_not_lost": {[]error{fault.New(fault.Invalid, fault.UnknownPOSAlias, "no such POS")}, fault.UnknownPOSAlias, 1},
		"what_is_no_fault_is_not_let_by": {[]error{errors.New("disk")}, fault.InternalError, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, err := kit.ParseObject([]byte(`{}`))
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range tt.errs {
				o.RejectFault(e)
			}
			if err = o.Err(); (err == nil) != (tt.fields == 0) {
				t.Fatalf("error = %v", err)
			}
			if f := fault.From(err); err != nil && (f.Code != tt.code || len(f.Fields) != tt.fields) {
				t.Errorf("fault = %+v, want %s with %d fields", f, tt.code, tt.fields)
			}
		})
	}
}

func TestAmount(t *testing.T) {
	t.Parallel()
	lira := money.FromMinor(1050, money.TRY)
	for name, tt := range map[string]struct {
		body     string
		currency money.Currency
		optional bool
		want     money.Amount
		code     fault.FieldCode
	}{
		"amount_of_its_currency":                  {`{"a":10.50}`, money.TRY, false, lira, ""},
		"optional_amount":                         {`{"a":10.50}`, money.TRY, true, lira, ""},
		"missing_is_required":                     {`{}`, money.TRY, false, money.Amount{}, fault.FieldRequired},
		"missing_may_be":                          {`{"a":null}`, money.TRY, true, money.Amount{}, ""},
		"text_is_none":                            {`{"a":"10.50"}`, money.TRY, true, money.Amount{}, fault.FieldInvalid},
		"zero_is_none":                            {`{"a":0}`, money.TRY, false, money.Zero(money.TRY), fault.FieldOutOfRange},
		"negative_is_none":                        {`{"a":-10.50}`, money.TRY, true, money.FromMinor(-1050, money.TRY), fault.FieldOutOfRange},
		"more_digits_than_the_currency_has":       {`{"a":10.501}`, money.TRY, false, money.Amount{}, fault.FieldInvalid},
		"too_large":                               {`{"a":1234567890123}`, money.TRY, false, money.Amount{}, fault.FieldOutOfRange},
		"digits_of_an_unknown_currency_may_be":    {`{"a":10.50123}`, 0, false, money.Amount{}, ""},
		"the_size_in_an_unknown_currency_may_not": {`{"a":1234567890123}`, 0, false, money.Amount{}, fault.FieldOutOfRange},
		"the_sign_in_an_unknown_currency_may_not": {`{"a":-1}`, 0, false, money.Amount{}, fault.FieldOutOfRange},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, err := kit.ParseObject([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			read := o.Amount
			if tt.optional {
				read = o.OptionalAmount
			}
			if got := read("a", tt.currency); got != tt.want {
				t.Errorf("amount = %v, want %v", got, tt.want)
			}
			var code fault.FieldCode
			if err := o.Err(); err != nil {
				code = fault.From(err).Fields[0].Code
			}
			if code != tt.code {
				t.Errorf("code = %q, want %q", code, tt.code)
			}
		})
	}
}

// TestMalformedNamesNothingOfTheCaller holds that the words of a broken body are
// not repeated, for they may be a card number.
func TestMalformedNamesNothingOfTheCaller(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"4111111111111111":1,"4111111111111111":2}`,
		`{"<script>":1,"<script>":2}`,
		`{"pan":4111111111111111x}`,
		`4111111111111111`,
		`{"a":"4111111111111111`,
		`{"` + strings.Repeat("n", 65) + `":1,"` + strings.Repeat("n", 65) + `":1}`,
	} {
		_, err := kit.ParseObject([]byte(body))
		f := fault.From(err)
		if f.Code != fault.MalformedJSON || f.Kind != fault.Invalid {
			t.Errorf("code = %s", f.Code)
		}
		if s := err.Error(); strings.Contains(s, "1111") || strings.Contains(s, "script") || strings.Contains(s, "nnnn") {
			t.Errorf("the error repeats the body: %s", s)
		}
	}
}

// FuzzParseObject holds that whatever is read is one JSON object for another
// reader too, with the same text, and that reading never panics.
func FuzzParseObject(f *testing.F) {
	for _, seed := range []string{
		`{"text":"a","n":1.50}`, `{}`, `null`, ` { "text" : null } `, `{"text":"\ud800"}`, `{"n":1e3}`, `{"a":{"a":1,"a":2}}`,
		"{\"text\":\"\xff\"}", `{"n":-0.00}`, `[{}]`, `{"text":"x"}{}`, `{"n":"1"}`,
		"\ufeff{\"text\":\"a\"}", "\ufeff\ufeff{}", "{\"\ufeffn\":1}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := kit.ParseObject(body)
		if err != nil {
			if fault.CodeOf(err) != fault.MalformedJSON {
				t.Fatalf("code = %s", fault.CodeOf(err))
			}
			return
		}
		var other map[string]any
		if err := json.Unmarshal(bytes.TrimPrefix(body, []byte("\ufeff")), &other); err != nil || other == nil {
			t.Fatalf("read what is no object: %v", err)
		}
		for name := range other {
			if !o.Has(name) && other[name] != nil {
				t.Fatalf("member %q was lost", name)
			}
		}
		if s, ok := o.String("text"); ok && s != other["text"] {
			t.Fatalf("text = %q, another reader has %q", s, other["text"])
		}
		if n, ok := o.Number("n"); ok {
			if _, isNumber := other["n"].(float64); !isNumber || strings.ContainsAny(string(n), "eE ") {
				t.Fatalf("number = %q, another reader has %v", n, other["n"])
			}
		}
		o.Int("n", 0, 9)
		o.OptionalBool("text", true)
	})
}
