package connector_test

import (
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/connector"
)

func TestClean(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ş", 200)
	for name, tt := range map[string]struct{ in, want string }{
		"plain_text_stays":                   {"Onaylandi 00", "Onaylandi 00"},
		"letters_of_any_script_stay":         {"İşlem onaylandı, ваш заказ, 注文", "İşlem onaylandı, ваш заказ, 注文"},
		"bytes_that_are_no_text_are_shown":   {"a\xdd\xfeb", "a\ufffd\ufffdb"},
		"line_breaks_become_one_blank":       {" a\r\n\tb  c ", "a b c"},
		"control_characters_go":              {"a\x00b\x1b[31mc\x7f", "ab[31mc"},
		"direction_marks_go":                 {"a\u202eb\u200fc\ufeff", "abc"},
		"no_break_space_is_a_blank":          {"a\u00a0b", "a b"},
		"long_text_is_cut_between_letters":   {long, strings.Repeat("ş", 128)},
		"nothing_stays_nothing":              {"", ""},
		"blanks_alone_are_nothing":           {" \n ", ""},
		"characters_nobody_has_assigned_go":  {"a\U000e0001b\U0010ffffc", "abc"},
		"half_of_a_letter_at_the_end_is_not": {"a\xc5", "a\ufffd"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := connector.Clean(tt.in, connector.MaxText); got != tt.want {
				t.Errorf("Clean(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestCleanWords(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ in, want string }{
		"card_number_is_starred":          {"card 5421190122090656 refused", "card **************** refused"},
		"so_is_one_in_groups":             {"card 5421 1901 2209-0656.", "card **** **** ****-****."},
		"and_one_at_the_end":              {"5421190122090656", "****************"},
		"telephone_number_stays":          {"call 0850 222 04 00", "call 0850 222 04 00"},
		"digits_around_words_are_not_one": {"12345678 and 12345678", "12345678 and 12345678"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := connector.CleanWords(tt.in, connector.MaxText); got != tt.want {
				t.Errorf("CleanWords(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func FuzzCleanWords(f *testing.F) {
	f.Add("card 5421190122090656 refused")
	f.Add("\xdd\xfelem onayland\xfd \u202e\x00")
	f.Add("5421 1901-2209 0656\n5421")
	f.Fuzz(func(t *testing.T, s string) {
		got := connector.CleanWords(s, connector.MaxText)
		digits, between := 0, 0
		for _, r := range got {
			switch {
			case r >= '0' && r <= '9':
				if digits++; digits >= 12 {
					t.Fatalf("twelve digits in a row are left in %q", got)
				}
				between = 0
			case (r == ' ' || r == '-') && between == 0:
				between++
			default:
				digits, between = 0, 0
			}
			if !unicode.IsPrint(r) {
				t.Fatalf("%U is left", r)
			}
		}
		if !utf8.ValidString(got) || len(got) > connector.MaxText || got != strings.TrimSpace(got) {
			t.Fatalf("not clean: %q", got)
		}
		if again := connector.CleanWords(got, connector.MaxText); again != got {
			t.Fatalf("cleaned again it is %q, before %q", again, got)
		}
	})
}

func TestDecodeReturn(t *testing.T) {
	t.Parallel()
	const turkish = "message=%DD%FElem+onayland%FD&code=00"
	for name, tt := range map[string]struct {
		body, said string
		known      connector.Charset
		want       string
	}{
		"windows_1254_by_the_bank":              {body: turkish, known: connector.Windows1254, want: "İşlem onaylandı"},
		"iso_8859_9_by_the_bank":                {body: turkish, known: connector.ISO88599, want: "İşlem onaylandı"},
		"windows_1254_by_the_request":           {body: turkish, said: "Windows-1254", want: "İşlem onaylandı"},
		"windows_1254_by_the_form":              {body: turkish + "&_charset_=windows-1254", want: "İşlem onaylandı"},
		"request_stands_above_the_bank":         {body: turkish, said: "windows-1254", known: connector.UTF8, want: "İşlem onaylandı"},
		"utf8_of_a_bank_known_for_another":      {body: "message=%C4%B0%C5%9Flem", known: connector.Windows1254, want: "İşlem"},
		"bytes_nobody_declared_are_shown_as_so": {body: turkish, want: "\ufffdlem onayland\ufffd"},
		"euro_sign_of_browsers":                 {body: "message=%80+%DD", known: connector.ISO88599, want: "€ İ"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fields, err := url.ParseQuery(tt.body)
			if err != nil {
				t.Fatal(err)
			}
			f := connector.DecodeReturn(fields, tt.said, tt.known)
			if got := f.Get("message"); got != tt.want {
				t.Errorf("message = %q, want %q", got, tt.want)
			}
			if diff := cmp.Diff(fields, f.Bytes); diff != "" {
				t.Errorf("the bytes changed: %s", diff)
			}
		})
	}
	t.Run("form_is_in_one_charset_even_where_a_field_looks_like_utf8", func(t *testing.T) {
		t.Parallel()
		f := connector.DecodeReturn(url.Values{"a": {"\xdd"}, "b": {"\xc4\xb0"}}, "", connector.Windows1254)
		if f.Get("b") != "Ä°" {
			t.Errorf("b = %q", f.Get("b"))
		}
	})
}

func TestCharset(t *testing.T) {
	t.Parallel()
	for _, c := range []connector.Charset{connector.ISO88599, connector.Windows1254} {
		b, ok := c.Encode("Hatalı İŞ")
		if want := "Hatal\xfd \xdd\xde"; !ok || b != want {
			t.Errorf("%s: %q, want %q", c, b, want)
		}
		if got := c.Decode(b); got != "Hatalı İŞ" {
			t.Errorf("%s: decoded %q", c, got)
		}
		if _, ok := c.Encode("注文"); ok {
			t.Errorf("%s has no letters for that", c)
		}
	}
	if _, ok := connector.UTF8.Encode("\xff"); ok {
		t.Error("encoded what is no text")
	}
}
