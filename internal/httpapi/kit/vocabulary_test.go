package kit_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
)

func TestAlike(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		a, b string
		want bool
	}{
		"the_same":                    {"amount", "amount", true},
		"another_case":                {"Amount", "amount", true},
		"capitals":                    {"ORDERID", "orderId", true},
		"underscores":                 {"order_id", "orderId", true},
		"hyphens":                     {"order-id", "orderId", true},
		"blanks_around":               {" amount\t", "amount", true},
		"a_mark_before_it":            {"\ufeffamount", "amount", true},
		"a_letter_missing":            {"amunt", "amount", true},
		"a_letter_twice":              {"amountt", "amount", true},
		"a_plural":                    {"amounts", "amount", true},
		"another_letter":              {"amaunt", "amount", true},
		"two_letters_swapped":         {"amuont", "amount", true},
		"a_letter_and_the_case":       {"Amountt", "amount", true},
		"capitals_of_turkish":         {"LİMİT", "limit", true},
		"small_letters_of_turkish":    {"lımıt", "LIMIT", true},
		"two_letters_missing":         {"amnt", "amount", false},
		"two_other_letters":           {"emaunt", "amount", false},
		"two_letters_swapped_afar":    {"omaunt", "amount", false},
		"swapped_and_missing":         {"amuot", "amount", false},
		"another_word":                {"total", "amount", false},
		"a_word_within":               {"refundAmount", "amount", false},
		"first_and_last_of_another":   {"expiryMonth", "expiryYear", false},
		"nothing_and_a_letter":        {"", "a", true},
		"nothing_and_two":             {"_", "ab", false},
		"an_insertion_of_a_neighbour": {"aab", "ab", true},
	} {
		if got := kit.Alike(tt.a, tt.b); got != tt.want || kit.Alike(tt.b, tt.a) != tt.want {
			t.Errorf("%s: %q and %q are alike: %v", name, tt.a, tt.b, got)
		}
	}
}

// FuzzAlike holds that names are alike exactly if the one becomes the other by at most
// one step (optimal string alignment distance), once case and separators are gone.
func FuzzAlike(f *testing.F) {
	for _, seed := range [][2]string{
		{"amount", "Amount"}, {"amuont", "amount"}, {"a", ""}, {"ab", "ba"}, {"abc", "cab"}, {"order_id", "orderId"},
		{"İ", "i"}, {"\xff", "a"}, {"aaab", "aaba"}, {"abab", "baba"}, {"from", "form"}, {"ß", "SS"}, {"\u200bto", "ot"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a) > 80 || len(b) > 80 {
			return
		}
		got := kit.Alike(a, b)
		if want := distance(plain(a), plain(b)) <= 1; got != want {
			t.Fatalf("%q and %q are alike: %v, want %v", a, b, got, want)
		}
		if kit.Alike(b, a) != got || !kit.Alike(a, a) || !kit.Alike(a, " "+a+"_") {
			t.Fatalf("%q and %q: the one is like the other, and itself, either way", a, b)
		}
	})
}

// plain is a name as a list of letters, written otherwise than in the code.
func plain(s string) []rune {
	return []rune(strings.Map(func(r rune) rune {
		if r == 'ı' {
			r = 'i'
		}
		if unicode.In(r, unicode.Zs, unicode.Zl, unicode.Zp, unicode.Cc, unicode.Cf, unicode.Pd) || r == '_' {
			return -1
		}
		return unicode.ToLower(r)
	}, s))
}

// distance is the optimal string alignment distance by its recurrence.
func distance(a, b []rune) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		for j := range d[i] {
			switch {
			case i == 0 || j == 0:
				d[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				d[i][j] = d[i-1][j-1]
				continue
			}
			d[i][j] = 1 + min(d[i-1][j], d[i][j-1], d[i-1][j-1])
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

// TestMisspelledMembers holds that a member that is like a known one is refused by
// name, and that one that is like none is the caller's own business.
func TestMisspelledMembers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ body, want string }{
		"a_known_one":            {`{"amount":1,"orderId":"a"}`, ""},
		"one_of_the_callers_own": {`{"amount":1,"basket":{"amuont":1},"5421190122090656":1}`, ""},
		"another_case":           {`{"Amount":1}`, "Amount: is not known here; did you mean amount?"},
		"beside_the_right_one":   {`{"amount":1,"AMOUNT":2}`, "AMOUNT: is not known here; did you mean amount?"},
		"two_of_them": {
			`{"amountt":1,"order_id":2}`,
			"amountt: is not known here; did you mean amount? order_id: is not known here; did you mean orderId?",
		},
		"even_null":                {`{"amuont":null}`, "amuont: is not known here; did you mean amount?"},
		"what_is_no_name":          {`{"amount\u0000":1}`, "amount: is not known here; did you mean amount?"},
		"within_a_part":            {`{"part":{"Price":1}}`, "part.Price: is not known here; did you mean price?"},
		"unlike_any_within_a_part": {`{"part":{"value":1}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, err := kit.ParseObject([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			o.Know("amount", "orderId")
			if part := o.Object("part"); part != nil {
				part.Has("price")
				o.Adopt("part", part)
			}
			if got := told(o.Err()); got != tt.want {
				t.Errorf("wrong: %s, want %s", got, tt.want)
			}
		})
	}
}

func told(err error) string {
	if err == nil {
		return ""
	}
	f := fault.From(err)
	if f.Code != fault.ValidationError || f.Kind != fault.Invalid {
		return string(f.Code)
	}
	var all []string
	for _, w := range f.Fields {
		all = append(all, w.Name+": "+w.Message)
	}
	return strings.Join(all, " ")
}

func TestMisspelledParameters(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"status=SUCCESS&from=":  "",
		"Status=SUCCESS":        "Status: is not known here; did you mean status?",
		"order-id=1":            "order-id: is not known here; did you mean order_id?",
		"form=2026":             "form: is not known here; did you mean from?",
		"utm_source=newsletter": "",
	} {
		if got := told(readQuery(t, query, func(q *kit.Query) {
			q.Text("status", 9)
			q.Text("order_id", 9)
			q.Time("from")
		})); got != want {
			t.Errorf("%s: wrong: %s, want %s", query, got, want)
		}
	}
}

func TestMisspelt(t *testing.T) {
	t.Parallel()
	known := []string{"version", "token"}
	for sent, want := range map[string]string{
		"version token": "", "Token version": "Token", "tokne": "tokne", "lang": "",
	} {
		if got, _ := kit.Misspelt(slices.Values(strings.Fields(sent)), known...); got != want {
			t.Errorf("of %s %q is misspelt, want %q", sent, got, want)
		}
	}
}
