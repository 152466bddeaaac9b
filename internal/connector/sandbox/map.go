package sandbox

import (
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/connector"
)

// maxMessage bounds what is kept of the bank's own words, in bytes.
const maxMessage = 120

// parseReply reads an answer whose MAC is right. Its error holds nothing of it.
func parseReply(body []byte) (reply, error) {
	var r reply
	if err := json.Unmarshal(body, &r); err != nil {
		return reply{}, errReply
	}
	switch {
	case r.Outcome == approved && r.TransactionID != "":
	case r.Outcome == declined && r.Code != "" && r.Code != string(connector.Success):
	case r.Outcome == missing:
	default:
		return reply{}, errReply
	}
	return r, nil
}

func toAnswer(r reply) connector.Answer {
	a := connector.Answer{
		Outcome:       connector.Declined,
		Reason:        toReason(r.Code),
		BankCode:      clean(r.Code),
		BankMessage:   clean(r.Message),
		TransactionID: r.TransactionID,
		HostReference: r.RRN,
		AuthCode:      r.AuthCode,
	}
	if r.Outcome == approved {
		a.Outcome, a.Reason = connector.Approved, connector.Success
	}
	return a
}

// clean shortens the bank's words and stars every run of digits that is long
// enough to be a card number.
func clean(s string) string {
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "")
	}
	b := []byte(s)
	for start := 0; start < len(b); {
		end := start
		for end < len(b) && b[end] >= '0' && b[end] <= '9' {
			end++
		}
		if end-start >= 12 {
			copy(b[start:end], strings.Repeat("*", end-start))
		}
		start = end + 1
	}
	return string(b)
}

// toReason takes the bank's code, which is a reason's name; one that nobody has
// heard of is UnknownReason, so that no surface shows a code that is not in its list.
func toReason(code string) connector.Reason {
	switch r := connector.Reason(code); r {
	case connector.AmexCanUseOnlyMR, connector.ApprovedCompleted, connector.ArchivedPayment,
		connector.BINNotFound, connector.BlockedCard, connector.CardNotPermitted,
		connector.CommunicationOrSystemError, connector.CVC2MaxAttempt, connector.CVCRequired,
		connector.DebitCardsInstallmentNotAllowed, connector.DebitCardsRequires3DS,
		connector.DeclinedByBank, connector.DoNotHonour, connector.ExceedsAllowablePINTries,
		connector.ExceedsWithdrawalAmountLimit, connector.ExpiredCard, connector.ExpiredProvision,
		connector.FraudCheckBlock, connector.FraudSuspect, connector.InputData,
		connector.InvalidAmount, connector.InvalidCardNumber, connector.InvalidCardType,
		connector.InvalidCAVV, connector.InvalidCharsInEmail, connector.InvalidCVC2,
		connector.InvalidCVC2Length, connector.InvalidECI, connector.InvalidExpireYearMonth,
		connector.InvalidIP, connector.InvalidMerchantOrSP, connector.InvalidPIN,
		connector.InvalidRefundTransaction, connector.InvalidTransaction,
		connector.IssuerOrSwitchInoperative, connector.LostCard, connector.MayHaveAlreadyRefunded,
		connector.NonRefundablePayment, connector.NotPermittedToCardholder,
		connector.NotPermittedToForeignCard, connector.NotPermittedToInstallment,
		connector.NotPermittedToTerminal, connector.NotSufficientAward,
		connector.NotSufficientFunds, connector.NoResponse, connector.NoSuchIssuer,
		connector.OrderIDAlreadyUsed, connector.PaymentNotFoundForRefund, connector.PickupCard,
		connector.POSBalanceNotSufficient, connector.ReferToCardIssuer, connector.RefundDecline,
		connector.RequestBlockedByBank, connector.RequestTimeout, connector.Requires3DS,
		connector.RequiresDayEnd, connector.RestrictedByLaw, connector.RestrictedCard,
		connector.SalesAmountLessThanAward, connector.StolenCard, connector.ThreeDSInitError,
		connector.TooManyRequests:
		return r
	}
	return connector.UnknownReason
}
