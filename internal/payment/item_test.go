package payment_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
)

// basket is a payment of items of these prices, at which everything is as it costs.
func basket(phase payment.Phase, prices ...int64) payment.Payment {
	zero := lira(0)
	p := payment.Payment{
		ID: 1, MerchantID: 1, Phase: phase, State: payment.Pending, POSID: 3, Price: zero, Wallet: zero, Commission: zero,
		Authorized: zero, Captured: zero, Refunded: zero, Refunding: zero, CaptureLimit: zero, CommissionRate: 2_000_000,
	}
	for i, price := range prices {
		p.Price = p.Price.Add(lira(price))
		p.Items = append(p.Items, payment.Item{ID: id.Item(10 + i), Position: i, Price: lira(price), Refunded: zero, Refunding: zero})
	}
	p.Paid = p.Price
	p.ShareItems()
	return p
}

// at is when everything happens.
var at = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func settled(p payment.Payment, o payment.Operation, s payment.Status) payment.Payment {
	return payment.Settle(p, o, payment.Verdict{Status: s, Result: payment.Result{Reason: connector.Success, At: at}}).Payment
}

// sold is a basket that was paid.
func sold(prices ...int64) payment.Payment {
	p := basket(payment.PhaseSale, prices...)
	return settled(p, payment.Operation{ID: 100, MerchantID: 1, Kind: connector.Sale, Amount: p.Due()}, payment.OperationApproved)
}

// held is a basket that was authorized.
func held(prices ...int64) payment.Payment {
	p := basket(payment.PhasePreAuthorization, prices...)
	return settled(p, payment.Operation{ID: 100, MerchantID: 1, Kind: connector.Authorize, Amount: p.Due()}, payment.OperationApproved)
}

func of(item id.Item, minor int64) payment.ItemAmount {
	return payment.ItemAmount{ItemID: item, Amount: lira(minor)}
}

func named(items ...payment.ItemAmount) payment.Part { return payment.Part{Items: items} }

func whole(minor int64) payment.Part { return payment.Part{Amount: lira(minor)} }

func part(minor int64, items ...payment.ItemAmount) payment.Part {
	return payment.Part{Amount: lira(minor), Items: items}
}

func sameAmounts() cmp.Option { return cmp.Comparer(func(a, b money.Amount) bool { return a == b }) }

func TestAdmitRefund(t *testing.T) {
	t.Parallel()
	dollar := money.FromMinor(1, money.USD)
	for name, tt := range map[string]struct {
		prices []int64
		asked  payment.Part
		want   payment.Part
		code   fault.Code
		field  string
	}{
		"a_sum_is_spread_by_what_is_left":        {[]int64{600, 300, 100}, whole(500), part(500, of(10, 300), of(11, 150), of(12, 50)), "", ""},
		"what_is_left_over_goes_by_remainders":   {[]int64{1, 1, 1}, whole(2), part(2, of(10, 1), of(11, 1)), "", ""},
		"nothing_said_is_all":                    {[]int64{600, 300}, payment.Part{}, part(900, of(10, 600), of(11, 300)), "", ""},
		"one_item_alone_is_the_payment":          {[]int64{900}, named(of(10, 400)), part(400), "", ""},
		"a_sum_of_one_item":                      {[]int64{900}, whole(400), part(400), "", ""},
		"items_are_given_back_as_named":          {[]int64{600, 300, 100}, named(of(12, 100), of(10, 5)), part(105, of(10, 5), of(12, 100)), "", ""},
		"all_that_is_left_of_an_item":            {[]int64{600, 300}, named(payment.ItemAmount{ItemID: 11}), part(300, of(11, 300)), "", ""},
		"the_sum_may_be_said_too":                {[]int64{600, 300}, part(7, of(10, 3), of(11, 4)), part(7, of(10, 3), of(11, 4)), "", ""},
		"a_sum_that_is_not_the_items":            {[]int64{600, 300}, part(8, of(10, 3), of(11, 4)), payment.Part{}, fault.ValidationError, "amount"},
		"an_item_of_nobody":                      {[]int64{600, 300}, named(of(10, 1), of(99, 1)), payment.Part{}, fault.ValidationError, "items[1].itemId"},
		"an_item_twice":                          {[]int64{600, 300}, named(of(10, 1), of(10, 1)), payment.Part{}, fault.ValidationError, "items[1].itemId"},
		"nothing_of_an_item":                     {[]int64{600, 300}, named(of(10, 0)), payment.Part{}, fault.ValidationError, "items[0].amount"},
		"less_than_nothing_of_an_item":           {[]int64{600, 300}, named(of(10, 2), of(11, -1)), payment.Part{}, fault.ValidationError, "items[1].amount"},
		"more_than_was_taken_for_an_item":        {[]int64{600, 300}, named(of(11, 301)), payment.Part{}, fault.RefundAmountExceeded, "items[0].amount"},
		"more_than_was_taken":                    {[]int64{600, 300}, whole(901), payment.Part{}, fault.RefundAmountExceeded, "amount"},
		"an_item_in_another_currency":            {[]int64{600, 300}, named(payment.ItemAmount{ItemID: 10, Amount: dollar}), payment.Part{}, fault.CurrencyMismatch, "currency"},
		"a_sum_in_another_currency_beside_items": {[]int64{600, 300}, payment.Part{Amount: dollar, Items: []payment.ItemAmount{of(10, 1)}}, payment.Part{}, fault.CurrencyMismatch, "currency"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sold(tt.prices...).AdmitRefund(tt.asked)
			if diff := cmp.Diff(tt.want, got, sameAmounts()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			wantRefusal(t, err, tt.code, tt.field)
		})
	}
}

func wantRefusal(t *testing.T, err error, code fault.Code, field string) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Error(err)
		}
		return
	}
	refusal, refused := errors.AsType[*fault.Error](err)
	if !refused || refusal.Code != code || refusal.Kind != fault.Invalid || len(refusal.Fields) != 1 || refusal.Fields[0].Name != field {
		t.Errorf("error = %#v, want %s of %s", err, code, field)
	}
}

func TestPartOfHold(t *testing.T) {
	t.Parallel()
	const half = money.Rate(50_000_000)
	for name, tt := range map[string]struct {
		bank, above money.Rate // how much above the hold they let be captured
		asked       payment.Part
		want        payment.Part
		code        fault.Code
		field       string
	}{
		"nothing_said_is_all":               {0, 0, payment.Part{}, part(903, of(10, 602), of(11, 301)), "", ""},
		"a_sum_is_spread_by_what_is_held":   {0, 0, whole(300), part(300, of(10, 200), of(11, 100)), "", ""},
		"items_are_taken_as_named":          {0, 0, named(of(11, 300)), part(300, of(11, 300)), "", ""},
		"all_of_an_item":                    {0, 0, named(payment.ItemAmount{ItemID: 10}), part(602, of(10, 602)), "", ""},
		"above_the_hold":                    {0, 0, whole(904), payment.Part{}, fault.CaptureAmountExceeded, "amount"},
		"above_an_item":                     {0, 0, named(of(11, 302)), payment.Part{}, fault.CaptureAmountExceeded, "items[0].amount"},
		"what_only_the_caller_may":          {0, half, whole(904), payment.Part{}, fault.CaptureAmountExceeded, "amount"},
		"what_only_the_bank_lets":           {half, 0, whole(904), payment.Part{}, fault.CaptureAmountExceeded, "amount"},
		"as_far_as_both_go_rounded_down":    {half, half, whole(1354), part(1354, of(10, 903), of(11, 451)), "", ""},
		"further_than_both":                 {half, half, whole(1355), payment.Part{}, fault.CaptureAmountExceeded, "amount"},
		"further_than_the_lesser":           {half, half / 2, whole(1129), payment.Part{}, fault.CaptureAmountExceeded, "amount"},
		"an_item_as_far_as_its_share_goes":  {half, half, named(of(11, 451)), part(451, of(11, 451)), "", ""},
		"an_item_further_than_its_share":    {half, half, named(of(11, 452)), payment.Part{}, fault.CaptureAmountExceeded, "items[0].amount"},
		"an_item_of_nobody":                 {half, half, named(of(99, 1)), payment.Part{}, fault.ValidationError, "items[0].itemId"},
		"nothing_of_an_item":                {half, half, named(of(10, 0)), payment.Part{}, fault.ValidationError, "items[0].amount"},
		"a_sum_that_is_not_that_of_an_item": {half, half, part(5, of(10, 4)), payment.Part{}, fault.ValidationError, "amount"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := held(602, 301)
			p.CaptureLimit = connector.Rules{CaptureAbove: tt.bank}.CaptureLimit(p.Authorized)
			got, err := p.PartOfHold(tt.asked)
			if err == nil {
				err = p.AdmitCapture(got, tt.asked.Items, tt.above)
			}
			wantRefusal(t, err, tt.code, tt.field)
			if diff := cmp.Diff(tt.want, got, sameAmounts()); diff != "" && err == nil {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestItems_follow_what_is_moved captures and refunds whatever comes to mind, with
// items and without, and has refunds end in any way and in any order.
func TestItems_follow_what_is_moved(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		prices := rapid.SliceOfN(rapid.Int64Range(1, 1_000), 1, 6).Draw(t, "prices")
		p := held(prices...)
		above := rapid.SampledFrom([]money.Rate{0, 0, 50_000_000}).Draw(t, "above the hold")
		p.CaptureLimit = connector.Rules{CaptureAbove: above}.CaptureLimit(p.Authorized)
		asked := anyPart(t, p, p.CaptureLimit)
		taken, err := p.PartOfHold(asked)
		if err == nil {
			err = p.AdmitCapture(taken, asked.Items, above)
		}
		if err != nil {
			t.Fatalf("capture %v: %v", asked, err)
		}
		o := payment.Operation{ID: 200, MerchantID: 1, Kind: connector.Capture, Amount: taken.Amount, Items: taken.Items}
		p.Reserve(o)
		p = settled(p, o, payment.OperationApproved)
		wantSums(t, p)
		for _, it := range p.Items {
			if above == 0 && it.Taken.Cmp(it.Paid) > 0 {
				t.Fatalf("%+v of %v", it, asked)
			}
		}
		var open []payment.Operation
		for n := range rapid.IntRange(1, 30).Draw(t, "steps") {
			if len(open) > 0 && rapid.Bool().Draw(t, "answer") {
				i := rapid.IntRange(0, len(open)-1).Draw(t, "whose")
				answer := rapid.SampledFrom([]payment.Status{
					payment.OperationApproved, payment.OperationApproved, payment.OperationDeclined, payment.OperationUnsent,
				}).Draw(t, "answer is")
				p = settled(p, open[i], answer)
				open = append(open[:i], open[i+1:]...)
				wantSums(t, p)
				continue
			}
			back, err := p.AdmitRefund(anyPart(t, p, p.Captured))
			if err != nil {
				continue
			}
			o := payment.Operation{ID: id.Operation(300 + n), MerchantID: 1, Kind: connector.Refund, Amount: back.Amount, Items: back.Items}
			p.Reserve(o)
			open = append(open, o)
			wantSums(t, p)
		}
	})
}

// anyPart asks for a sum, for items, or for all.
func anyPart(t *rapid.T, p payment.Payment, most money.Amount) payment.Part {
	switch rapid.SampledFrom([]string{"sum", "sum", "items", "items", "all"}).Draw(t, "asked by") {
	case "sum":
		return whole(rapid.Int64Range(1, most.Minor()).Draw(t, "sum"))
	case "items":
		var asked payment.Part
		for _, it := range p.Items {
			if rapid.Bool().Draw(t, "this item") {
				asked.Items = append(asked.Items, of(it.ID, rapid.Int64Range(1, it.Paid.Minor()).Draw(t, "of it")))
			}
		}
		return asked
	}
	return payment.Part{}
}

// wantSums holds that items add up to their payment and that no more is, or is being,
// given back of any than was taken for it.
func wantSums(t *rapid.T, p payment.Payment) {
	zero := lira(0)
	got := [...]money.Amount{zero, zero, zero, zero, zero}
	for _, it := range p.Items {
		for i, a := range [...]money.Amount{it.Paid, it.Taken, it.Commission, it.Refunded, it.Refunding} {
			got[i] = got[i].Add(a)
			if a.IsNegative() {
				t.Fatalf("%+v", it)
			}
		}
		if it.Refundable().IsNegative() {
			t.Fatalf("%+v", it)
		}
	}
	if want := [...]money.Amount{p.Paid, p.Captured, p.Commission, p.Refunded, p.Refunding}; got != want {
		t.Fatalf("items add up to %v (paid, taken, commission, refunded, refunding), the payment to %v", got, want)
	}
}
