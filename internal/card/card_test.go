package card_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/card"
)

func TestParsePAN(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in     string
		masked string // empty when it must be refused
	}{
		"sixteen_digits":       {"5421190122090656", "542119******0656"},
		"fifteen_digits":       {"378282246310005", "378282*****0005"},
		"fourteen_digits":      {"30569309025904", "305693****5904"},
		"eleven_digits":        {"42424242424", ""},
		"twenty_digits":        {"42424242424242424242", ""},
		"last_digit_wrong":     {"5421190122090657", ""},
		"neighbours_swapped":   {"5421190122090665", ""},
		"spaces":               {"5421 1901 2209 0656", ""},
		"hyphens":              {"5421-1901-2209-0656", ""},
		"space_around":         {" 5421190122090656", ""},
		"letters":              {"542119012209O656", ""},
		"other_digits":         {"٥٤٢١١٩٠١٢٢٠٩٠٦٥٦", ""},
		"nothing":              {"", ""},
		"zeros_pass_the_check": {"0000000000000000", "000000******0000"},
	}
	// The shortest and the longest are made to pass, since nobody publishes such.
	for name, digits := range map[string]string{
		"twelve_digits": "50000000000", "thirteen_digits": "422222222222", "nineteen_digits": "630400000000000000",
	} {
		in := completed(digits)
		tests[name] = struct{ in, masked string }{in, in[:6] + strings.Repeat("*", len(in)-10) + in[len(in)-4:]}
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pan, err := card.ParsePAN(tt.in)
			if tt.masked == "" {
				if !errors.Is(err, card.ErrPAN) || !pan.IsZero() {
					t.Errorf("%s, %v; want it refused", pan, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if pan.Reveal() != tt.in || pan.Masked() != tt.masked || pan.Last4() != tt.in[len(tt.in)-4:] {
				t.Errorf("masked %s, want %s", pan.Masked(), tt.masked)
			}
			if pan.BIN(8) != tt.in[:8] || pan.BIN(6) != tt.in[:6] || pan.BIN(19) != tt.in[:8] {
				t.Errorf("BINs are %s, %s and %s", pan.BIN(8), pan.BIN(6), pan.BIN(19))
			}
		})
	}
}

// completed appends the digit that makes the number pass the Luhn check.
func completed(digits string) string {
	for d := range 10 {
		if _, err := card.ParsePAN(digits + strconv.Itoa(d)); err == nil {
			return digits + strconv.Itoa(d)
		}
	}
	return ""
}

// TestLuhnCatchesEveryWrongDigit holds what the check is for.
func TestLuhnCatchesEveryWrongDigit(t *testing.T) {
	t.Parallel()
	const good = "5421190122090656"
	for place := range len(good) {
		for d := byte('0'); d <= '9'; d++ {
			wrong := []byte(good)
			wrong[place] = d
			_, err := card.ParsePAN(string(wrong))
			if (err == nil) != (good[place] == d) {
				t.Errorf("digit %c in place %d: %v", d, place, err)
			}
		}
	}
}

func TestZeroPAN(t *testing.T) {
	t.Parallel()
	var none card.PAN
	if !none.IsZero() || none.Reveal() != "" || none.Masked() != "" || none.Last4() != "" || none.BIN(8) != "" ||
		card.SchemeOf(none) != "" {
		t.Error("no card number is one")
	}
	if one := pan(t, "5421190122090656"); one == none || one != pan(t, "5421190122090656") {
		t.Error("equal numbers are not equal")
	}
}

// TestNothingPrints tries every way of turning a card into text that the house
// uses, alone, in a struct, and in an unexported field, where fmt calls no method.
func TestNothingPrints(t *testing.T) {
	t.Parallel()
	const digits, code = "5421190122090656", "916"
	typed := card.Card{PAN: pan(t, digits), CVV: cvv(t, code), Holder: "A B"}
	within := struct {
		pan card.PAN
		cvv card.CVV
	}{typed.PAN, typed.CVV}
	var printed []string
	for _, verb := range []string{
		"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%t", "%c", "%U", "%e", "%p", "%o", "%b", "%30s", "%.3s", "%T",
	} {
		for _, v := range []any{typed.PAN, &typed.PAN, typed.CVV, &typed.CVV, typed, &typed, within, &within, []card.PAN{typed.PAN}, map[card.PAN]card.CVV{typed.PAN: typed.CVV}} {
			printed = append(printed, fmt.Sprintf(verb, v))
		}
	}
	for _, handler := range []func(*bytes.Buffer) slog.Handler{
		func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("paid", "pan", typed.PAN, "cvv", typed.CVV, "card", typed, "pointer", &typed, "within", within)
		// The time stamp is digits too; it is not what is looked for.
		_, rest, _ := strings.Cut(b.String(), "paid")
		printed = append(printed, rest)
	}
	marshalled, err := json.Marshal(map[string]any{"card": typed, "pointer": &typed, "key": map[card.PAN]int{typed.PAN: 1}})
	if err != nil {
		t.Fatal(err)
	}
	printed = append(printed, string(marshalled), fmt.Errorf("charge %s: %w", typed.PAN, card.ErrCVV).Error())
	hexDigits := fmt.Sprintf("%x", digits)
	for _, text := range printed {
		for _, secret := range []string{digits, digits[6:12], hexDigits, strings.ToUpper(hexDigits)} {
			if strings.Contains(text, secret) {
				t.Errorf("the number shows in %q", text)
			}
		}
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %d %x", typed.CVV, typed.CVV, typed.CVV, typed.CVV, typed.CVV), string(marshalled)} {
		if strings.Contains(text, code) {
			t.Errorf("the code shows in %q", text)
		}
	}
	if got := fmt.Sprintf("%v", struct{ cvv card.CVV }{typed.CVV}); strings.Contains(got, " ") ||
		!strings.Contains(got, "0x") {
		t.Errorf("an unexported code prints %q, want an address", got)
	}
	if got := fmt.Sprintf("%s|%v|%d", typed.PAN, typed.PAN, typed.PAN); got != "542119******0656|542119******0656|542119******0656" {
		t.Errorf("printed %s, want it masked", got)
	}
}

func TestCVV(t *testing.T) {
	t.Parallel()
	for in, ok := range map[string]bool{"916": true, "0000": true, "12": false, "12345": false, "12a": false, "": false, "١٢٣": false} {
		if _, err := card.ParseCVV(in); ok != (err == nil) {
			t.Errorf("%q: %v", in, err)
		}
	}
	amex, visa := pan(t, "378282246310005"), pan(t, "4111111111111111")
	tests := map[string]struct {
		pan    card.PAN
		issued card.Scheme
		code   string
		want   bool
	}{
		"three_for_most":                     {visa, card.Visa, "916", true},
		"four_for_most":                      {visa, card.Visa, "9161", false},
		"four_for_amex":                      {amex, card.Amex, "9161", true},
		"three_for_amex":                     {amex, card.Amex, "916", false},
		"amex_range_whatever_the_table_says": {amex, card.Visa, "916", false},
		"three_where_the_table_says_amex":    {visa, card.Amex, "916", true},
		"four_where_the_table_says_amex":     {visa, card.Amex, "9161", true},
		"three_without_a_table":              {visa, "", "916", true},
	}
	for name, tt := range tests {
		if got := cvv(t, tt.code).Fits(tt.pan, tt.issued); got != tt.want {
			t.Errorf("%s: fits %t", name, got)
		}
	}
	for _, p := range []card.PAN{amex, visa} {
		if (card.CVV{}).Fits(p, card.Amex) {
			t.Error("no code fits")
		}
	}
	if !(card.CVV{}).IsZero() || cvv(t, "916").IsZero() || cvv(t, "916").Reveal() != "916" {
		t.Error("the code is not what was typed")
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	for in, ok := range map[[2]string]bool{
		{"04", "28"}: true, {"12", "99"}: true, {"01", "00"}: true, {"00", "28"}: false, {"13", "28"}: false, {"4", "28"}: false,
		{"04", "2028"}: false, {"", ""}: false, {"0a", "28"}: false, {"04", "-8"}: false, {"+4", "28"}: false,
	} {
		if e, err := card.ParseExpiry(in[0], in[1]); ok != (err == nil) || (ok && (e.MM() != in[0] || e.YY() != in[1])) {
			t.Errorf("%v: %+v, %v", in, e, err)
		}
	}
	april, december := expiry(t, "04", "28"), expiry(t, "12", "28")
	for name, tt := range map[string]struct {
		expiry card.Expiry
		at     time.Time
		past   bool
	}{
		"month_before":                  {april, time.Date(2028, 3, 31, 0, 0, 0, 0, time.UTC), false},
		"last_moment_of_the_month":      {april, time.Date(2028, 4, 30, 23, 59, 59, 999999999, time.UTC), false},
		"first_moment_of_the_next":      {april, time.Date(2028, 5, 1, 0, 0, 0, 0, time.UTC), true},
		"last_moment_of_the_year":       {december, time.Date(2028, 12, 31, 23, 59, 59, 0, time.UTC), false},
		"first_moment_of_the_next_year": {december, time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC), true},
		"same_moment_elsewhere":         {april, time.Date(2028, 5, 1, 2, 59, 0, 0, time.FixedZone("+03", 10800)), false},
	} {
		if got := tt.expiry.Past(tt.at); got != tt.past {
			t.Errorf("%s: past %t", name, got)
		}
	}
}

func TestSchemeOf(t *testing.T) {
	t.Parallel()
	for prefix, want := range map[string]card.Scheme{
		"4": card.Visa, "34": card.Amex, "37": card.Amex, "9792": card.Troy, "65": card.Troy,
		"51": card.Mastercard, "55": card.Mastercard, "2221": card.Mastercard, "2720": card.Mastercard, "2220": "", "2721": "",
		"300": card.Diners, "3059": card.Diners, "306": "", "36": card.Diners, "38": card.Diners, "35": card.JCB,
		"6011": card.Discover, "64": card.Discover, "62": card.UnionPay, "50": card.Maestro, "6304": card.Maestro, "9": "", "1": "",
	} {
		number := completed(prefix + strings.Repeat("0", 15-len(prefix)))
		if got := card.SchemeOf(pan(t, number)); got != want {
			t.Errorf("%s…: %q, want %q", prefix, got, want)
		}
	}
}

// FuzzParsePAN holds that what is accepted has the promised form and is masked.
func FuzzParsePAN(f *testing.F) {
	f.Add("5421190122090656")
	f.Add("378282246310005")
	f.Add("5421 1901")
	f.Fuzz(func(t *testing.T, in string) {
		p, err := card.ParsePAN(in)
		if err != nil {
			return
		}
		if len(in) < 12 || len(in) > 19 || strings.Trim(in, "0123456789") != "" || p.Reveal() != in {
			t.Fatalf("%d characters were accepted", len(in))
		}
		if m := p.Masked(); len(m) != len(in) || strings.Count(m, "*") != len(in)-10 {
			t.Fatalf("masked as %s", m)
		}
	})
}

func pan(t *testing.T, s string) card.PAN {
	t.Helper()
	p, err := card.ParsePAN(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func cvv(t *testing.T, s string) card.CVV {
	t.Helper()
	c, err := card.ParseCVV(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func expiry(t *testing.T, month, year string) card.Expiry {
	t.Helper()
	e, err := card.ParseExpiry(month, year)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
