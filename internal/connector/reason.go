package connector

// Reason is why a payment or an operation ended as it did, by the group names of
// the card payments API, so that every surface names a decline alike.
type Reason string

// Success is the reason of everything approved.
const Success Reason = "SUCCESS"

// The reasons of a bank's refusal.
const (
	AlreadySettled                  Reason = "ALREADY_SETTLED"
	AmexCanUseOnlyMR                Reason = "AMEX_CAN_USE_ONLY_MR"
	ApprovedCompleted               Reason = "APPROVED_COMPLETED"
	ArchivedPayment                 Reason = "ARCHIVED_PAYMENT"
	BINNotFound                     Reason = "BIN_NOT_FOUND"
	BlockedCard                     Reason = "BLOCKED_CARD"
	CardNotPermitted                Reason = "CARD_NOT_PERMITTED"
	CommunicationOrSystemError      Reason = "COMMUNICATION_OR_SYSTEM_ERROR"
	CVC2MaxAttempt                  Reason = "CVC2_MAX_ATTEMPT"
	CVCRequired                     Reason = "CVC_REQUIRED"
	DebitCardsInstallmentNotAllowed Reason = "DEBIT_CARDS_INSTALLMENT_NOT_ALLOWED"
	DebitCardsRequires3DS           Reason = "DEBIT_CARDS_REQUIRES_3DS"
	DeclinedByBank                  Reason = "DECLINED"
	DoNotHonour                     Reason = "DO_NOT_HONOUR"
	ExceedsAllowablePINTries        Reason = "EXCEEDS_ALLOWABLE_PIN_TRIES"
	ExceedsWithdrawalAmountLimit    Reason = "EXCEEDS_WITHDRAWAL_AMOUNT_LIMIT"
	ExpiredCard                     Reason = "EXPIRED_CARD"
	ExpiredProvision                Reason = "EXPIRED_PROVISION"
	FraudCheckBlock                 Reason = "FRAUD_CHECK_BLOCK"
	FraudSuspect                    Reason = "FRAUD_SUSPECT"
	InputData                       Reason = "INPUT_DATA"
	InvalidAmount                   Reason = "INVALID_AMOUNT"
	InvalidCardNumber               Reason = "INVALID_CARD_NUMBER"
	InvalidCardType                 Reason = "INVALID_CARD_TYPE"
	InvalidCAVV                     Reason = "INVALID_CAVV"
	InvalidCharsInEmail             Reason = "INVALID_CHARS_IN_EMAIL"
	InvalidCVC2                     Reason = "INVALID_CVC2"
	InvalidCVC2Length               Reason = "INVALID_CVC2_LENGTH"
	InvalidECI                      Reason = "INVALID_ECI"
	InvalidExpireYearMonth          Reason = "INVALID_EXPIRE_YEAR_MONTH"
	InvalidIP                       Reason = "INVALID_IP"
	InvalidMerchantOrSP             Reason = "INVALID_MERCHANT_OR_SP"
	InvalidPIN                      Reason = "INVALID_PIN"
	InvalidRefundTransaction        Reason = "INVALID_REFUND_TRANSACTION"
	InvalidTransaction              Reason = "INVALID_TRANSACTION"
	IssuerOrSwitchInoperative       Reason = "ISSUER_OR_SWITCH_INOPERATIVE"
	LostCard                        Reason = "LOST_CARD"
	MayHaveAlreadyRefunded          Reason = "MAY_HAVE_ALREADY_REFUNDED"
	NonRefundablePayment            Reason = "NON_REFUNDABLE_PAYMENT"
	NotPermittedToCardholder        Reason = "NOT_PERMITTED_TO_CARDHOLDER"
	NotPermittedToForeignCard       Reason = "NOT_PERMITTED_TO_FOREIGN_CARD"
	NotPermittedToInstallment       Reason = "NOT_PERMITTED_TO_INSTALLMENT"
	NotPermittedToTerminal          Reason = "NOT_PERMITTED_TO_TERMINAL"
	NotSufficientAward              Reason = "NOT_SUFFICIENT_AWARD"
	NotSufficientFunds              Reason = "NOT_SUFFICIENT_FUNDS"
	NoResponse                      Reason = "NO_RESPONSE"
	NoSuchIssuer                    Reason = "NO_SUCH_ISSUER"
	OrderIDAlreadyUsed              Reason = "ORDER_ID_ALREADY_USED"
	PaymentNotFoundForRefund        Reason = "PAYMENT_NOT_FOUND_FOR_REFUND"
	PickupCard                      Reason = "PICKUP_CARD"
	POSBalanceNotSufficient         Reason = "POS_BALANCE_NOT_SUFFICIENT"
	ReferToCardIssuer               Reason = "REFER_TO_CARD_ISSUER"
	RefundDecline                   Reason = "REFUND_DECLINE"
	RequestBlockedByBank            Reason = "REQUEST_BLOCKED_BY_BANK"
	RequestTimeout                  Reason = "REQUEST_TIMEOUT"
	Requires3DS                     Reason = "REQUIRES_3DS"
	RequiresDayEnd                  Reason = "REQUIRES_DAY_END"
	RestrictedByLaw                 Reason = "RESTRICTED_BY_LAW"
	RestrictedCard                  Reason = "RESTRICTED_CARD"
	SalesAmountLessThanAward        Reason = "SALES_AMOUNT_LESS_THAN_AWARD"
	StolenCard                      Reason = "STOLEN_CARD"
	ThreeDSInitError                Reason = "THREEDS_INIT_ERROR"
	TooManyRequests                 Reason = "TOO_MANY_REQUESTS"
	UnknownReason                   Reason = "UNKNOWN"
)

// The reasons that Vezne itself gives.
const (
	ResultUnknown     Reason = "RESULT_UNKNOWN"
	NoPOSAvailable    Reason = "NO_POS_AVAILABLE"
	OrderAlreadyPaid  Reason = "ORDER_ALREADY_PAID"
	ThreeDSFailed     Reason = "THREEDS_FAILED"
	ThreeDSExpired    Reason = "THREEDS_EXPIRED"
	Awaiting3DS       Reason = "AWAITING_3DS"
	CardForgotten     Reason = "CARD_FORGOTTEN"
	WaitingForPayment Reason = "WAITING_FOR_PAYMENT"
	CheckoutExpired   Reason = "CHECKOUT_EXPIRED"
	CheckoutCancelled Reason = "CHECKOUT_CANCELLED"
)

// softReasons are refusals that are the POS's or the moment's rather than the
// card's, so that another bank may well approve.
var softReasons = map[Reason]bool{
	DoNotHonour: true, InvalidTransaction: true, InvalidMerchantOrSP: true,
	NotPermittedToTerminal: true, NotPermittedToForeignCard: true, NotPermittedToInstallment: true,
	CommunicationOrSystemError: true, IssuerOrSwitchInoperative: true, RequestBlockedByBank: true,
	TooManyRequests: true, BINNotFound: true,
}

// Soft reports whether another POS may be tried after this refusal.
func (r Reason) Soft() bool { return softReasons[r] }

// knownReasons holds every Reason of the list.
var knownReasons = func() map[Reason]bool {
	known := make(map[Reason]bool)
	for _, e := range Reasons() {
		known[e.Reason] = true
	}
	return known
}()

// Known reports whether the reason is in the list, so that every surface has words
// for it.
func (r Reason) Known() bool { return knownReasons[r] }

// OfBank reports whether the reason is one that a bank may give for a refusal.
func (r Reason) OfBank() bool { return r.Known() && r != Success && !ownReasons[r] }

// ownReasons are those that Vezne itself gives.
var ownReasons = map[Reason]bool{
	ResultUnknown: true, NoPOSAvailable: true, OrderAlreadyPaid: true, ThreeDSFailed: true, ThreeDSExpired: true,
	Awaiting3DS: true, CardForgotten: true, WaitingForPayment: true, CheckoutExpired: true, CheckoutCancelled: true,
}
