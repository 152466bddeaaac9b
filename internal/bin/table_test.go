package bin_test

import (
	"strconv"
	"testing"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/id"
)

func TestLookup(t *testing.T) {
	t.Parallel()
	table, err := bin.NewTable([]bin.Info{
		{Prefix: "542119", Bank: "six"},
		{Prefix: "5421190", Bank: "seven"},
		{Prefix: "54211901", Bank: "eight"},
		{Prefix: "00542119", Bank: "zeros"},
		{Prefix: "97921700", Bank: "alone"},
	})
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ digits, want string }{
		"eight_before_seven_and_six":             {"5421190122090656", "eight"},
		"seven_before_six":                       {"5421190222090656", "seven"},
		"six_when_nothing_longer":                {"5421199922090656", "six"},
		"six_digits_are_enough":                  {"542119", "six"},
		"seven_digits_are_enough":                {"5421190", "seven"},
		"leading_zeros_count":                    {"0054211900000000", "zeros"},
		"number_without_its_zeros_is_another":    {"542119000", "seven"},
		"prefix_longer_than_the_digits":          {"9792170", ""},
		"no_such_prefix":                         {"4111111111111111", ""},
		"five_digits_match_nothing":              {"54211", ""},
		"nothing":                                {"", ""},
		"letters_match_nothing":                  {"54211a", ""},
		"letter_in_the_eighth_place":             {"5421190x", ""},
		"letters_after_the_eighth_do_not_matter": {"54211901xx", "eight"},
		"other_digits_are_no_digits":             {"٥٤٢١١٩", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			info, ok := table.Lookup(tt.digits)
			if ok != (tt.want != "") {
				t.Fatalf("found %t, want %q", ok, tt.want)
			}
			if ok && info.Bank != tt.want {
				t.Errorf("found %q, want %q", info.Bank, tt.want)
			}
		})
	}
}

func TestLookupInBothTables(t *testing.T) {
	t.Parallel()
	table := func(owner id.Merchant, prefixes ...string) *bin.Table {
		var rows []bin.Info
		for _, p := range prefixes {
			rows = append(rows, bin.Info{MerchantID: owner, Prefix: p})
		}
		table, err := bin.NewTable(rows)
		if err != nil {
			t.Fatal(err)
		}
		return table
	}
	shared := table(bin.Shared, "542119", "5421190", "97921700")
	for name, tt := range map[string]struct {
		own    []string
		digits string
		want   string // of which prefix
		mine   bool
	}{
		"nothing_of_its_own":               {nil, "5421190122", "5421190", false},
		"own_of_the_same_prefix_wins":      {[]string{"5421190"}, "5421190122", "5421190", true},
		"longer_own_one_wins":              {[]string{"54211901"}, "5421190122", "54211901", true},
		"longer_shared_one_wins":           {[]string{"542119"}, "5421190122", "5421190", false},
		"own_one_that_nobody_shares":       {[]string{"411111"}, "4111111111", "411111", true},
		"own_ones_of_other_cards":          {[]string{"411111"}, "9792170012", "97921700", false},
		"card_that_neither_knows":          {[]string{"411111"}, "3782822463", "", false},
		"own_of_the_same_prefix_six_digit": {[]string{"542119"}, "5421199999", "542119", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			info, found := bin.Lookup(table(7, tt.own...), shared, tt.digits)
			if found != (tt.want != "") || (found && (info.Prefix != tt.want || (info.MerchantID == 7) != tt.mine)) {
				t.Errorf("found %t: %+v", found, info)
			}
		})
	}
}

func TestNewTable(t *testing.T) {
	t.Parallel()
	for name, prefixes := range map[string][]string{
		"five_digits":       {"54211"},
		"nine_digits":       {"542119012"},
		"letters":           {"54211a"},
		"sign":              {"-542119"},
		"same_prefix_twice": {"542119", "411111", "542119"},
	} {
		t.Run(name+"_is_refused", func(t *testing.T) {
			t.Parallel()
			var rows []bin.Info
			for _, p := range prefixes {
				rows = append(rows, bin.Info{Prefix: p})
			}
			if _, err := bin.NewTable(rows); err == nil {
				t.Error("accepted")
			}
		})
	}
	t.Run("rows_changed_afterwards_do_not_reach_the_table", func(t *testing.T) {
		t.Parallel()
		rows := []bin.Info{{Prefix: "542119", Bank: "first"}}
		table, err := bin.NewTable(rows)
		if err != nil {
			t.Fatal(err)
		}
		rows[0].Bank = "changed"
		if info, _ := table.Lookup("542119"); info.Bank != "first" {
			t.Errorf("the table changed to %q", info.Bank)
		}
	})
}

//nolint:paralleltest // allocations are counted for the whole process
func TestLookupDoesNotAllocate(t *testing.T) {
	table := tableOf(t, 1000)
	if n := testing.AllocsPerRun(100, func() { table.Lookup("5001230122090656") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkLookup(b *testing.B) {
	table := tableOf(b, 100_000)
	for b.Loop() {
		table.Lookup("50000001")
	}
}

func tableOf(tb testing.TB, n int) *bin.Table {
	tb.Helper()
	rows := make([]bin.Info, n)
	for i := range rows {
		rows[i].Prefix = strconv.Itoa(500000 + i)
	}
	table, err := bin.NewTable(rows)
	if err != nil {
		tb.Fatal(err)
	}
	return table
}
