package connector_test

import (
	"testing"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/money"
)

func lira(minor int64) money.Amount { return money.FromMinor(minor, money.TRY) }

// refundOf is an inquiry about a refund with siblings.
func refundOf(minor int64, siblings ...connector.Sibling) connector.Inquiry {
	return connector.Inquiry{Kind: connector.Refund, Reference: "MINE", Amount: lira(minor), Siblings: siblings}
}

func sibling(minor int64, o connector.Outcome, number string) connector.Sibling {
	return connector.Sibling{Kind: connector.Refund, Reference: "OTHER" + number, TransactionID: number, Amount: lira(minor), Outcome: o}
}

func TestAmong(t *testing.T) {
	t.Parallel()
	moved := func(sums ...int64) (all []connector.Movement) {
		for _, s := range sums {
			all = append(all, connector.Movement{Amount: lira(s)})
		}
		return all
	}
	capture := connector.Sibling{Kind: connector.Capture, Reference: "C", Amount: lira(100), Outcome: connector.Approved}
	for name, tt := range map[string]struct {
		q    connector.Inquiry
		list []connector.Movement
		want connector.Standing
		mine string // number of the movement that is it, empty if that is not told
	}{
		"alone_and_there":                     {refundOf(100), moved(100), connector.Present, ""},
		"alone_and_not_there":                 {refundOf(100), moved(), connector.Absent, ""},
		"another_sum_is_not_it":               {refundOf(100), moved(50), connector.Absent, ""},
		"equal_sibling_is_there_and_it_is":    {refundOf(100, sibling(100, connector.Approved, "")), moved(100, 100), connector.Present, ""},
		"equal_sibling_is_there_and_it_isnt":  {refundOf(100, sibling(100, connector.Approved, "")), moved(100), connector.Absent, ""},
		"declined_sibling_took_nothing":       {refundOf(100, sibling(100, connector.Declined, "")), moved(100), connector.Present, ""},
		"two_open_and_one_there_is_unclear":   {refundOf(100, sibling(100, connector.Unknown, "")), moved(100), connector.Unclear, ""},
		"two_open_and_both_there":             {refundOf(100, sibling(100, connector.Unknown, "")), moved(100, 100), connector.Present, ""},
		"two_open_and_none_there":             {refundOf(100, sibling(100, connector.Unknown, "")), moved(), connector.Absent, ""},
		"more_than_anybody_asked_is_unclear":  {refundOf(100), moved(100, 100), connector.Unclear, ""},
		"list_that_lacks_what_we_know":        {refundOf(100, sibling(100, connector.Approved, "")), moved(), connector.Unclear, ""},
		"sibling_of_another_kind_counts_not":  {refundOf(100, capture), moved(100), connector.Present, ""},
		"number_tells_whose_it_is":            {refundOf(100, sibling(100, connector.Approved, "7")), []connector.Movement{{lira(100), "8"}, {lira(100), "7"}}, connector.Present, "8"},
		"number_of_a_sibling_is_not_it":       {refundOf(100, sibling(100, connector.Approved, "7")), []connector.Movement{{lira(100), "7"}}, connector.Absent, ""},
		"number_unknown_to_the_list_is_a_sum": {refundOf(100, sibling(100, connector.Approved, "7")), moved(100), connector.Absent, ""},
		"itself_among_its_siblings_is_none": {
			refundOf(100, connector.Sibling{Kind: connector.Refund, Reference: "MINE", Amount: lira(100), Outcome: connector.Unknown}),
			moved(100), connector.Present, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, mine := tt.q.Among(tt.list)
			if got != tt.want || mine.TransactionID != tt.mine {
				t.Errorf("standing %d of %+v, want %d of %q", got, mine, tt.want, tt.mine)
			}
		})
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	many := make([]connector.Sibling, 13)
	for i := range many {
		many[i] = sibling(1, connector.Unknown, "")
	}
	for name, tt := range map[string]struct {
		q     connector.Inquiry
		total int64
		want  connector.Standing
	}{
		"nothing_was_refunded":             {refundOf(100), 0, connector.Absent},
		"its_sum_was_refunded":             {refundOf(100), 100, connector.Present},
		"equal_sibling_is_all_there_is":    {refundOf(100, sibling(100, connector.Approved, "")), 100, connector.Absent},
		"both_are_there":                   {refundOf(100, sibling(100, connector.Approved, "")), 200, connector.Present},
		"one_of_two_equal_open_is_unclear": {refundOf(100, sibling(100, connector.Unknown, "")), 100, connector.Unclear},
		"open_ones_differ_by_their_sums":   {refundOf(100, sibling(70, connector.Unknown, "")), 70, connector.Absent},
		"sum_that_nothing_makes_up":        {refundOf(100), 30, connector.Unclear},
		"sum_made_up_in_two_ways": {
			refundOf(100, sibling(40, connector.Unknown, ""), sibling(60, connector.Unknown, "")), 100, connector.Unclear,
		},
		"too_many_open_ones": {refundOf(100, many...), 100, connector.Unclear},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.q.Within(lira(tt.total)); got != tt.want {
				t.Errorf("standing %d, want %d", got, tt.want)
			}
		})
	}
	if got := refundOf(100).Within(money.FromMinor(100, money.USD)); got != connector.Unclear {
		t.Errorf("another currency: %d", got)
	}
}
