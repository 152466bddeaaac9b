package keyword_test

import (
	"testing"

	"github.com/vezne/vezne/internal/keyword"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ in, want string }{
		"small_letters_stay":                 {"visa", "visa"},
		"capitals":                           {"VISA", "visa"},
		"capital_with_a_dot":                 {"VİSA", "visa"},
		"small_letter_without_a_dot":         {"vısa", "visa"},
		"dot_that_stands_for_itself":         {"vi\u0307sa", "visa"},
		"capital_with_a_dot_of_its_own":      {"VI\u0307SA", "visa"},
		"space_around_and_no_break_space":    {" \u00a0Debit\t", "debit"},
		"space_within_stays":                 {"Union Pay", "union pay"},
		"other_letters_of_Turkish":           {"SİPARİŞ", "sipariş"},
		"nothing":                            {"", ""},
		"what_is_no_letter_stays_as_it_is":   {"bank_code-1", "bank_code-1"},
		"other_alphabets_have_one_case_each": {"ВИЗА", "виза"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := keyword.Fold(tt.in); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestSame(t *testing.T) {
	t.Parallel()
	if !keyword.Same("PREFİX", "prefix") || keyword.Same("prefix", "prefixes") {
		t.Error("words are told apart by their case, or not at all")
	}
}
