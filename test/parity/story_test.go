package parity_test

import (
	"maps"
	"testing"

	"github.com/vezne/vezne/test/servertest"
)

// teller tells a story through a door.
type teller struct {
	surface
	server *servertest.Server
	ref    string
}

// story is told through every door, except those that have a reason not to know
// it.
type story struct {
	tell func(*testing.T, teller) string
	want trace
	// not are the doors that cannot tell it.
	not []string
}

func sale(t *testing.T, d teller) string {
	t.Helper()
	return d.pay(t, order{ref: d.ref, amount: "100.50", card: axessCard})
}

// fail is a payment whose payer types the wrong password at the bank.
func fail(t *testing.T, d teller) string {
	t.Helper()
	return d.pay(t, order{ref: d.ref, amount: "100.50", card: axessCard, password: "b"})
}

func reserve(t *testing.T, d teller) string {
	t.Helper()
	return d.hold(t, order{ref: d.ref, amount: "100.50", card: axessCard})
}

// try is a payment with a card.
func try(number string) func(*testing.T, teller) string {
	return func(t *testing.T, d teller) string {
		t.Helper()
		return d.pay(t, order{ref: d.ref, amount: "100.50", card: number})
	}
}

// sold is what a sale leaves in the books.
func sold() []string {
	return []string{"pos_receivable:3 98.50", "sales -100.50", "bank_commission 2.00"}
}

// stories returns all of them, by name.
func stories() map[string]story {
	all := sales()
	for _, more := range []map[string]story{holds(), authentications()} {
		maps.Copy(all, more)
	}
	return all
}

// sales are stories of paid and unpaid orders. The doors that are excepted have no
// count in their requests (gateway API, section 12.8), or a bank that is not asked
// for the money: it has booked when it sends the payer back, and what gets lost
// then is the payer and not an answer.
func sales() map[string]story {
	return map[string]story{
		"sale": {tell: sale, want: trace{
			"captured", "akbank", "100.50", "2.00", "0.00", "100.50", "0.00",
			[]string{"sale 100.50 approved SUCCESS"}, sold(), []string{"payment.sale"},
		}},
		"three_installments_that_the_payer_pays_for": {
			tell: func(t *testing.T, d teller) string {
				return d.pay(t, order{ref: d.ref, amount: "1000.00", card: axessCard, count: 3})
			},
			want: trace{
				"captured", "akbank", "1000.00", "29.91", "0.00", "1035.00", "0.00",
				[]string{"sale 1035.00 approved SUCCESS"},
				[]string{"pos_receivable:3 1005.09", "sales -1000.00", "bank_commission 29.91", "customer_interest -35.00"},
				[]string{"payment.sale"},
			},
			not: []string{direct},
		},
		"decline": {tell: try(brokeCard), want: trace{
			"declined", "garanti", "100.50", "0.00", "0.00", "0.00", "0.00",
			[]string{"sale 100.50 declined NOT_SUFFICIENT_FUNDS"}, nil, []string{"payment.sale"},
		}},
		"answer_that_was_lost_and_is_found": {
			tell: func(t *testing.T, d teller) string {
				defer d.server.Misbehave(t, "")
				p := d.pay(t, order{ref: d.ref, amount: "100.50", card: axessCard, before: func() {
					d.server.Misbehave(t, `{"rate":1,"kinds":["reset_after_approve"],"inquiries":true}`)
				}})
				if state := d.server.Detail(t, servertest.Admin(), p).State; state != "pending" {
					t.Fatalf("the payment is %s while nobody knows", state)
				}
				d.server.Misbehave(t, "")
				servertest.Eventually(t, func() bool {
					return d.server.QuickDetail(t, servertest.Admin(), p).State != "pending"
				})
				return p
			},
			want: trace{
				"captured", "akbank", "100.50", "2.00", "0.00", "100.50", "0.00",
				[]string{"sale 100.50 approved SUCCESS"}, sold(), []string{"payment.sale"},
			},
			not: []string{secure + bookedAt, payPage + bookedAt},
		},
		"void_of_a_sale": {
			tell: func(t *testing.T, d teller) string {
				p := sale(t, d)
				d.void(t, p)
				return p
			},
			want: trace{
				"voided", "akbank", "100.50", "2.00", "0.00", "100.50", "0.00",
				[]string{"sale 100.50 approved SUCCESS", "void 100.50 approved SUCCESS"},
				append(sold(), "pos_receivable:3 -98.50", "sales 100.50", "bank_commission -2.00"),
				[]string{"payment.sale", "payment.void"},
			},
		},
		"refund_in_parts": {
			tell: func(t *testing.T, d teller) string {
				p := sale(t, d)
				d.refund(t, p, "33.50")
				d.refund(t, p, "67.00")
				return p
			},
			want: trace{
				// The commission comes back with the money: 0.67 of 2.00 for a third.
				"refunded", "akbank", "100.50", "2.00", "0.00", "100.50", "100.50",
				[]string{"sale 100.50 approved SUCCESS", "refund 33.50 approved SUCCESS", "refund 67.00 approved SUCCESS"},
				append(sold(),
					"pos_receivable:3 -32.83", "sales 33.50", "bank_commission -0.67",
					"pos_receivable:3 -65.67", "sales 67.00", "bank_commission -1.33"),
				[]string{"payment.sale", "payment.refund", "payment.refund"},
			},
		},
	}
}

// holds are stories of money that is held. Only a direct request can hold it: the
// others have no phase (gateway API, sections 5 and 7).
func holds() map[string]story {
	not := []string{secure, payPage, paySoon, secure + bookedAt, payPage + bookedAt}
	return map[string]story{
		"hold": {tell: reserve, not: not, want: trace{
			"authorized", "akbank", "100.50", "2.00", "100.50", "0.00", "0.00",
			[]string{"authorize 100.50 approved SUCCESS"}, nil, []string{"payment.authorize"},
		}},
		"capture_of_a_part": {
			tell: func(t *testing.T, d teller) string {
				p := reserve(t, d)
				d.capture(t, p, "90.00")
				return p
			},
			not: not,
			want: trace{
				"captured", "akbank", "100.50", "1.79", "100.50", "90.00", "0.00",
				[]string{"authorize 100.50 approved SUCCESS", "capture 90.00 approved SUCCESS"},
				[]string{"pos_receivable:3 88.21", "sales -90.00", "bank_commission 1.79"},
				[]string{"payment.authorize", "payment.capture"},
			},
		},
		"void_of_a_hold": {
			tell: func(t *testing.T, d teller) string {
				p := reserve(t, d)
				d.void(t, p)
				return p
			},
			not: not,
			want: trace{
				"voided", "akbank", "100.50", "2.00", "100.50", "0.00", "0.00",
				[]string{"authorize 100.50 approved SUCCESS", "void 100.50 approved SUCCESS"}, nil,
				[]string{"payment.authorize", "payment.void"},
			},
		},
	}
}

// authentications are stories of payers whom the bank does not know. Where nobody
// is authenticated there are none.
func authentications() map[string]story {
	not := []string{direct, paySoon}
	refused := func(bank string) trace {
		return trace{
			"declined", bank, "100.50", "0.00", "0.00", "0.00", "0.00",
			[]string{"sale 100.50 declined THREEDS_FAILED"}, nil, []string{"payment.sale"},
		}
	}
	return map[string]story{
		"payer_who_fails": {tell: fail, want: refused("akbank"), not: not},
		"card_that_fails": {tell: try(failedCard), want: refused("yapikredi"), not: not},
		"card_that_is_only_attempted": {
			tell: try(triedCard), want: refused("garanti"), not: append(not, secure+bookedAt, payPage+bookedAt),
		},
		// A bank that books at the return has booked an attempt too, which is not
		// enough for this merchant.
		"booking_that_nobody_wants_goes_back": {
			tell: func(t *testing.T, d teller) string {
				p := d.pay(t, order{ref: d.ref, amount: "100.50", card: triedCard})
				servertest.Eventually(t, func() bool {
					return d.server.QuickDetail(t, servertest.Admin(), p).Operations[0].Status == "reversed"
				})
				return p
			},
			want: trace{
				"declined", "garanti", "100.50", "0.00", "0.00", "0.00", "0.00",
				[]string{"sale 100.50 reversed THREEDS_FAILED", "void 100.50 approved SUCCESS"}, nil,
				[]string{"payment.sale", "payment.void"},
			},
			not: append(not, secure, payPage),
		},
		"card_that_cannot_begin": {tell: try(strayCard), not: not, want: trace{
			"declined", "garanti", "100.50", "0.00", "0.00", "0.00", "0.00",
			[]string{"sale 100.50 declined THREEDS_INIT_ERROR"}, nil, []string{"payment.sale"},
		}},
	}
}
