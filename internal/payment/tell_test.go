package payment_test

import (
	"testing"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
)

func lira(minor int64) money.Amount { return money.FromMinor(minor, money.TRY) }

func TestCommissions(t *testing.T) {
	t.Parallel()
	sale := payment.Payment{Phase: payment.PhaseSale, Paid: lira(1000), Captured: lira(1000), Commission: lira(20)}
	hold := payment.Payment{Phase: payment.PhasePreAuthorization, Paid: lira(1000), Authorized: lira(1000), CommissionRate: 2_000_000}
	taken := hold
	taken.Captured, taken.Commission = lira(500), lira(10)
	unset := payment.Payment{Phase: payment.PhaseSale, Paid: lira(1000)}
	for name, tt := range map[string]struct {
		payment    payment.Payment
		first      money.Amount
		took       bool
		ofCapture  money.Amount
		takenTotal money.Amount
	}{
		"sale":                        {payment: sale, first: lira(20), ofCapture: lira(20)},
		"hold":                        {payment: hold, first: lira(20), ofCapture: lira(0)},
		"hold_that_was_taken_in_part": {payment: taken, first: lira(20), took: true, takenTotal: lira(500), ofCapture: lira(10)},
		"nothing_is_zero_of_the_payments_currency": {payment: unset, first: lira(0), ofCapture: lira(0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.payment.FirstCommission(); got != tt.first {
				t.Errorf("first commission = %s, want %s", got, tt.first)
			}
			amount, commission, took := tt.payment.TakenOfHold()
			if took != tt.took || amount != tt.takenTotal || (took && commission != tt.payment.Commission) {
				t.Errorf("taken of hold = %s, %s, %v", amount, commission, took)
			}
			for _, o := range []struct {
				kind   connector.Kind
				status payment.Status
				want   money.Amount
			}{
				{connector.Capture, payment.OperationApproved, tt.ofCapture}, {connector.Capture, payment.OperationUnknown, lira(0)},
				{connector.Refund, payment.OperationApproved, lira(0)},
			} {
				if got := tt.payment.CommissionOf(payment.Operation{Kind: o.kind, Status: o.status}); got != o.want {
					t.Errorf("commission of a %s that is %s = %s, want %s", o.kind, o.status, got, o.want)
				}
			}
		})
	}
}

func TestFailureReason(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		state                   payment.State
		result                  connector.Reason
		ofPayment, ofOperations connector.Reason
	}{
		"the_banks":             {payment.Declined, connector.NotSufficientFunds, connector.NotSufficientFunds, connector.NotSufficientFunds},
		"none":                  {payment.Declined, "", connector.UnknownReason, connector.UnknownReason},
		"never_a_success":       {payment.Declined, connector.Success, connector.UnknownReason, connector.UnknownReason},
		"hold_that_lapsed":      {payment.Expired, connector.Success, connector.ExpiredProvision, connector.UnknownReason},
		"expired_with_a_reason": {payment.Expired, connector.NotSufficientFunds, connector.NotSufficientFunds, connector.NotSufficientFunds},
	} {
		r := payment.Result{Reason: tt.result}
		if got := (payment.Payment{State: tt.state, Result: r}).FailureReason(); got != tt.ofPayment {
			t.Errorf("%s: payment = %s, want %s", name, got, tt.ofPayment)
		}
		if got := (payment.Operation{Result: r}).FailureReason(); got != tt.ofOperations {
			t.Errorf("%s: operation = %s, want %s", name, got, tt.ofOperations)
		}
	}
}
