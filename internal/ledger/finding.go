package ledger

import (
	"fmt"

	"github.com/vezne/vezne/internal/id"
)

// Rule names what a finding contradicts.
type Rule string

// The rules that Verify holds.
const (
	// PaymentMissing: every item, operation, share and posting of a payment has its
	// payment.
	PaymentMissing Rule = "payment_missing"
	// PostingUnbalanced: the entries of a posting add up to zero in each currency.
	PostingUnbalanced Rule = "posting_unbalanced"
	// PostingMissing: every operation that moved money has its posting.
	PostingMissing Rule = "posting_missing"
	// PostingDoubled: and only one.
	PostingDoubled Rule = "posting_doubled"
	// PostingUnfounded: every posting has a source, and that source moved money.
	PostingUnfounded Rule = "posting_unfounded"
	// PostingDiffers: time, amounts and accounts of a posting follow from its source.
	PostingDiffers Rule = "posting_differs"
	// CurrencyDiffers: everything of a payment is in its currency.
	CurrencyDiffers Rule = "currency_differs"
	// ItemsDiffer: the items of a payment add up to it.
	ItemsDiffer Rule = "items_differ"
	// SharesDiffer: what operations moved of each item adds up to what they moved, and
	// to what the items say.
	SharesDiffer Rule = "shares_differ"
	// SumDiffers: what was authorized, captured, refunded and is being refunded is
	// what the operations say.
	SumDiffers Rule = "sum_differs"
	// StateDiffers: the state of a payment is one to which its operations lead.
	StateDiffers Rule = "state_differs"
	// CommissionDiffers: the commission follows from the rate and what was taken.
	CommissionDiffers Rule = "commission_differs"
	// OperationDiffers: an operation fits its payment and the charge that it follows.
	OperationDiffers Rule = "operation_differs"
	// OpenAskDiffers: a capture or void in progress is marked in its payment.
	OpenAskDiffers Rule = "open_ask_differs"
	// OrderHeld: a payment that takes no money any more leaves its order free.
	OrderHeld Rule = "order_held"
	// OrderShared: no two payments hold one order.
	OrderShared Rule = "order_shared"
)

// Rules returns every rule.
func Rules() []Rule {
	return []Rule{
		PaymentMissing, PostingUnbalanced, PostingMissing, PostingDoubled, PostingUnfounded, PostingDiffers, CurrencyDiffers,
		ItemsDiffer, SharesDiffer, SumDiffers, StateDiffers, CommissionDiffers, OperationDiffers, OpenAskDiffers,
		OrderHeld, OrderShared,
	}
}

// Finding is a contradiction.
type Finding struct {
	Rule       Rule
	MerchantID id.Merchant
	// Subject is what is wrong, "payment" and its UUID for most, and Detail says how.
	Subject string
	Detail  string
}

// String returns the finding as one line.
func (f Finding) String() string {
	return fmt.Sprintf("merchant %d: %s: %s: %s", f.MerchantID, f.Subject, f.Rule, f.Detail)
}
