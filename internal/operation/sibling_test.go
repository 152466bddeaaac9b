package operation_test

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// TestSiblings holds that a bank which knows follow-ups by their sums alone can be
// asked about one of two equal refunds, and that what cannot be told stays unknown.
func TestSiblings(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		first connector.Answer
		want  payment.Status
	}{
		"after_one_that_was_approved": {paymenttest.Approval(), payment.OperationUnknown},
		"after_one_that_was_declined": {paymenttest.Refusal(connector.DoNotHonour), payment.OperationApproved},
		"after_one_that_is_not_known": {connector.Answer{}, payment.OperationUnknown},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onSQLite(t, func(t *testing.T, w *world) {
				bank := &paymenttest.Scripted{}
				answers := []connector.Answer{tt.first, {}}
				bank.FollowUp = func(connector.FollowUp) (connector.Answer, error) {
					a := answers[0]
					answers = answers[1:]
					if a.Outcome == connector.Unknown {
						return a, errSilent
					}
					return a, nil
				}
				// The bank's list has one refund, without a number.
				bank.Inquiry = func(q connector.Inquiry) (connector.Finding, error) {
					switch standing, _ := q.Among([]connector.Movement{{Amount: q.Amount}}); {
					case len(bank.Followed) == 1: // the first is not found out
					case standing == connector.Present:
						return connector.Finding{Answer: paymenttest.Approval()}, nil
					case standing == connector.Absent:
						return connector.Finding{Missing: true}, nil
					}
					return connector.Finding{}, nil
				}
				w.Ask(t, bank)
				o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
				if _, err := w.TryRefund(t, o, "100.00"); err != nil {
					t.Fatal(err)
				}
				second, err := w.TryRefund(t, o, "100.00")
				if err != nil || second.Operation.Status != tt.want {
					t.Fatalf("the second refund is %s, %v; want %s", second.Operation.Status, err, tt.want)
				}
				q := bank.Inquired[len(bank.Inquired)-1]
				if len(q.Siblings) != 1 || q.Siblings[0].Outcome != tt.first.Outcome || q.Siblings[0].Kind != connector.Refund {
					t.Errorf("siblings %+v", q.Siblings)
				}
				w.Later(t, time.Second)
			})
		})
	}
}
