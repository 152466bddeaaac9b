package ledger_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/money"
)

func lira(minor int64) money.Amount { return money.FromMinor(minor, money.TRY) }

func entry(a ledger.Account, amount money.Amount) ledger.Entry {
	return ledger.Entry{Account: a, Amount: amount}
}

// payout is a posting that may enter the books.
func payout(entries ...ledger.Entry) ledger.Posting {
	return ledger.Posting{
		ID: 7, MerchantID: 1, Source: ledger.Source{Kind: ledger.OfPayout, ID: 3, Event: "sent"},
		At: time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC), Entries: entries,
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	dollar := func(minor int64) money.Amount { return money.FromMinor(minor, money.USD) }
	balanced := payout(entry("bank", lira(-5)), entry("payable:4", lira(5)))
	for name, c := range map[string]struct {
		posting ledger.Posting
		why     string // empty if it may enter the books
	}{
		"balanced": {balanced, ""},
		"balanced_in_each_of_two_currencies": {
			payout(entry("bank", lira(-5)), entry("bank", dollar(-9)), entry("payable:4", lira(5)), entry("payable:4", dollar(9))), "",
		},
		"no_entry":                       {payout(), "fewer than two entries"},
		"one_entry":                      {payout(entry("bank", lira(0))), "fewer than two entries"},
		"unbalanced":                     {payout(entry("bank", lira(-5)), entry("payable:4", lira(4))), "off by -0.01 TRY"},
		"balanced_only_over_currencies":  {payout(entry("bank", lira(-5)), entry("payable:4", dollar(5))), "off by -0.05 TRY"},
		"unbalanced_in_the_second":       {payout(entry("bank", lira(-5)), entry("payable:4", lira(5)), entry("bank", dollar(1))), "off by 0.01 USD"},
		"no_id":                          {with(balanced, func(p *ledger.Posting) { p.ID = 0 }), "required"},
		"no_merchant":                    {with(balanced, func(p *ledger.Posting) { p.MerchantID = 0 }), "required"},
		"no_kind_of_source":              {with(balanced, func(p *ledger.Posting) { p.Source.Kind = "" }), "required"},
		"no_id_of_source":                {with(balanced, func(p *ledger.Posting) { p.Source.ID = 0 }), "required"},
		"no_event_of_source":             {with(balanced, func(p *ledger.Posting) { p.Source.Event = "" }), "required"},
		"a_kind_that_comes_with_a_noun":  {with(balanced, func(p *ledger.Posting) { p.Source.Kind = "fee" }), ""},
		"a_payment_is_not_needed_at_all": {with(balanced, func(p *ledger.Posting) { p.PaymentID = 0 }), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.posting.Check()
			if (err == nil) != (c.why == "") || (err != nil && !strings.Contains(err.Error(), c.why)) {
				t.Errorf("got %v, want %q", err, c.why)
			}
		})
	}
}

func with(p ledger.Posting, change func(*ledger.Posting)) ledger.Posting {
	change(&p)
	return p
}

// TestMovement_entries_balance holds that whatever moves, the books balance, and
// that refunds in any number of parts give back exactly what was taken.
func TestMovement_entries_balance(t *testing.T) {
	t.Parallel()
	const seed, rounds = 20261130, 500
	random := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // the same numbers each time
	for range rounds {
		price := 1 + random.Int64N(1_000_000)
		terms := ledger.Terms{
			Price: lira(price), Paid: lira(price + random.Int64N(price+1) - price/4), Wallet: lira(0), CommissionRate: money.Rate(random.Int64N(10_000_000)),
		}
		captured := lira(1 + random.Int64N(terms.Charged().Minor()+price/2))
		taken := terms.Taken(captured)
		left := captured.Minor()
		sums := sum(nil, taken.Entries(3))
		balances(t, taken)
		for before := lira(0); left > 0; {
			part := 1 + random.Int64N(left)
			left -= part
			after := before.Add(lira(part))
			back := terms.Given(captured, before).Sub(terms.Given(captured, after))
			if back.Charged != lira(-part) {
				t.Fatalf("a refund of %d moves %s", part, back.Charged)
			}
			balances(t, back)
			sums, before = sum(sums, back.Entries(3)), after
		}
		for account, s := range sums {
			if s != 0 {
				t.Fatalf("%+v, captured %s and all given back: %s is left with %d", terms, captured, account, s)
			}
		}
	}
}

func balances(t *testing.T, m ledger.Movement) {
	t.Helper()
	if err := payout(m.Entries(3)...).Check(); err != nil {
		t.Fatalf("%+v: %v", m, err)
	}
}

func sum(sums map[ledger.Account]int64, entries []ledger.Entry) map[ledger.Account]int64 {
	if sums == nil {
		sums = make(map[ledger.Account]int64)
	}
	for _, e := range entries {
		sums[e.Account] += e.Amount.Minor()
	}
	return sums
}

func TestSource(t *testing.T) {
	t.Parallel()
	o := ledger.OperationApproved(12)
	if o.Operation() != 12 || o.String() != "operation 12 (approved)" {
		t.Errorf("%s of operation %d", o, o.Operation())
	}
	if other := (ledger.Source{Kind: ledger.OfPayout, ID: 12, Event: "sent"}); other.Operation() != 0 {
		t.Errorf("%s is operation %d", other, other.Operation())
	}
}
