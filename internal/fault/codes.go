package fault

//go:generate go run github.com/vezne/vezne/internal/arch/errordoc/gen

// Entry documents a Code.
type Entry struct {
	Code Code
	// Kind is the kind that an Error of this code has.
	Kind    Kind
	Meaning string
	// Inside is set for codes that never reach a caller.
	Inside bool
}

// Codes returns every Code with its meaning, in the order of docs/errors.md,
// which is generated from it.
func Codes() []Entry {
	return []Entry{
		{Code: MalformedJSON, Kind: Invalid, Meaning: "The body is not one JSON object in UTF-8, has a member twice, or goes on after its end."},
		{Code: ValidationError, Kind: Invalid, Meaning: "A field is missing, of the wrong type or form, or out of range; the answer names every such field."},
		{Code: CardNumberInText, Kind: Invalid, Meaning: "A text that would be stored as it came has a card's number in it."},
		{Code: UnsupportedCurrency, Kind: Invalid, Meaning: "The currency is unknown, or no POS of the merchant takes it."},
		{Code: CurrencyMismatch, Kind: Invalid, Meaning: "The amount is in another currency than the payment."},
		{Code: InstallmentUnavailable, Kind: Invalid, Meaning: "The card cannot have this number of installments for this amount."},
		{Code: CaptureAmountExceeded, Kind: Invalid, Meaning: "More than the authorized amount was to be captured."},
		{Code: RefundAmountExceeded, Kind: Invalid, Meaning: "More was to be refunded than is left of the captured amount."},
		{Code: UnknownPOSAlias, Kind: Invalid, Meaning: "The merchant has no POS of the alias that the request names."},
		{Code: Unauthorized, Kind: Unauthenticated, Meaning: "The credentials are missing, unknown, wrong or disabled; which of them is not told."},
		{Code: SecondFactorRequired, Kind: Unauthenticated, Meaning: "The password is right and the code of the authenticator is missing."},
		{Code: ForbiddenAction, Kind: Forbidden, Meaning: "The credentials are right and lack the permission for this."},
		{Code: NoSuchThing, Kind: NotFound, Meaning: "There is no such path or thing, or it belongs to another merchant."},
		{Code: WrongMethod, Kind: MethodNotAllowed, Meaning: "The path exists and does not take this method; the header Allow names those that it takes."},
		{Code: OrderAlreadyPaid, Kind: Conflict, Meaning: "The order was paid before by a request that differs from this one."},
		{Code: OrderInProgress, Kind: Conflict, Meaning: "Another payment of the order is running, or its outcome is not known yet."},
		{Code: TotalChanged, Kind: Conflict, Meaning: "The payment costs another total than the one that was agreed to; nothing was charged, and the answer tells the total of now."},
		{Code: AlreadyCaptured, Kind: Conflict, Meaning: "The pre-authorization was captured before with another amount."},
		{Code: CaptureInProgress, Kind: Conflict, Meaning: "Another capture of the payment is running, or its outcome is not known yet."},
		{Code: NotCapturable, Kind: Conflict, Meaning: "The payment is no pre-authorization that is held at the moment, or its POS cannot capture."},
		{Code: PreAuthExpired, Kind: Conflict, Meaning: "The time in which the POS lets a pre-authorization be captured is over."},
		{Code: ThreeDSNotCompleted, Kind: Conflict, Meaning: "The payer has not been authenticated yet."},
		{Code: CompleteInProgress, Kind: Conflict, Meaning: "The same payment is being completed by another request."},
		{Code: InvalidSecurityKey, Kind: Invalid, Meaning: "The security key is not the payment's."},
		{Code: SecurityKeyExpired, Kind: Conflict, Meaning: "The security key came too late; nothing was charged."},
		{Code: URLNotAllowed, Kind: Invalid, Meaning: "The merchant may not have anything sent to this address."},
		{Code: ForgedReturn, Kind: Invalid, Meaning: "The return from the bank's authentication page has a missing or wrong MAC."},
		{Code: NotRefundable, Kind: Conflict, Meaning: "The payment holds no captured money that could be refunded, or its POS cannot refund."},
		{Code: OperationSettled, Kind: Conflict, Meaning: "The outcome of the operation became known before somebody resolved it by hand; what is stored stays."},
		{Code: NotVoidable, Kind: Conflict, Meaning: "The payment cannot be undone as a whole any more, or its POS cannot void."},
		{Code: OperationInProgress, Kind: Conflict, Meaning: "Another operation on the payment is running, or its outcome is not known yet."},
		{Code: NotRotatable, Kind: Conflict, Meaning: "The credential was revoked or rotated before; its successor can be rotated."},
		{Code: POSConnectorFixed, Kind: Conflict, Meaning: "A payment has used the POS, which keeps its connector from then on; create another POS."},
		{Code: LastOwner, Kind: Conflict, Meaning: "The team would be left without an owner who can log in."},
		{Code: InvitationInvalid, Kind: Invalid, Meaning: "The invitation is unknown, used or expired."},
		{Code: SecondFactorActive, Kind: Conflict, Meaning: "An authenticator is set up already, or none is being set up."},
		{Code: IdempotencyInProgress, Kind: Conflict, Meaning: "The first request with this idempotency key is still running."},
		{Code: IdempotencyKeyReused, Kind: Unprocessable, Meaning: "The idempotency key was used before for another request."},
		{Code: VersionMismatch, Kind: PreconditionFailed, Meaning: "It was changed since it was read; read it again and send its new ETag in If-Match."},
		{Code: VersionRequired, Kind: PreconditionRequired, Meaning: "An edit must say by If-Match which version it is of."},
		{Code: BodyTooLarge, Kind: TooLarge, Meaning: "The body is over the size limit."},
		{Code: UnsupportedMediaType, Kind: UnsupportedMedia, Meaning: "The body is of another media type than the path takes."},
		{Code: TooManyRequests, Kind: RateLimited, Meaning: "Too many requests in too little time; the header Retry-After says how long to wait."},
		{Code: ServiceUnavailable, Kind: Unavailable, Meaning: "A part of the service is away for a while. Asking again is safe."},
		{Code: InternalError, Kind: Internal, Meaning: "A mistake on our side. Asking again with the same order or idempotency key is safe."},

		{Code: StaleVersion, Kind: Conflict, Inside: true, Meaning: "The row was changed since it was read."},
		{Code: OrderClaimed, Kind: Conflict, Inside: true, Meaning: "Another payment holds the order."},
		{Code: IdempotencyKeyTaken, Kind: Conflict, Inside: true, Meaning: "Another request claimed the idempotency key first."},
		{Code: DuplicateKey, Kind: Conflict, Inside: true, Meaning: "A row with the same unique name exists."},
	}
}
