package fault

// Code names one kind of refusal for programs: upper snake case, stable, never
// renamed and never reused.
type Code string

// The codes. Codes documents each; a test holds the two lists together.
const (
	MalformedJSON          Code = "MALFORMED_JSON"
	ValidationError        Code = "VALIDATION_ERROR"
	CardNumberInText       Code = "CARD_NUMBER_IN_TEXT"
	UnsupportedCurrency    Code = "UNSUPPORTED_CURRENCY"
	CurrencyMismatch       Code = "CURRENCY_MISMATCH"
	InstallmentUnavailable Code = "INSTALLMENT_NOT_AVAILABLE"
	CaptureAmountExceeded  Code = "CAPTURE_AMOUNT_EXCEEDED"
	RefundAmountExceeded   Code = "REFUND_AMOUNT_EXCEEDED"
	UnknownPOSAlias        Code = "UNKNOWN_POS_ALIAS"
	Unauthorized           Code = "UNAUTHORIZED"
	ForbiddenAction        Code = "FORBIDDEN"
	NoSuchThing            Code = "NOT_FOUND"
	WrongMethod            Code = "METHOD_NOT_ALLOWED"
	OrderAlreadyPaid       Code = "ORDER_ALREADY_PAID"
	OrderInProgress        Code = "ORDER_IN_PROGRESS"
	TotalChanged           Code = "TOTAL_CHANGED"
	AlreadyCaptured        Code = "ALREADY_CAPTURED"
	CaptureInProgress      Code = "CAPTURE_IN_PROGRESS"
	NotCapturable          Code = "NOT_CAPTURABLE"
	PreAuthExpired         Code = "PRE_AUTHORIZATION_EXPIRED"
	ThreeDSNotCompleted    Code = "THREEDS_NOT_COMPLETED"
	CompleteInProgress     Code = "COMPLETE_IN_PROGRESS"
	InvalidSecurityKey     Code = "INVALID_SECURITY_KEY"
	SecurityKeyExpired     Code = "SECURITY_KEY_EXPIRED"
	URLNotAllowed          Code = "URL_NOT_ALLOWED"
	ForgedReturn           Code = "FORGED_RETURN"
	NotRefundable          Code = "NOT_REFUNDABLE"
	NotVoidable            Code = "NOT_VOIDABLE"
	OperationInProgress    Code = "OPERATION_IN_PROGRESS"
	OperationSettled       Code = "OPERATION_SETTLED"
	IdempotencyInProgress  Code = "IDEMPOTENCY_IN_PROGRESS"
	IdempotencyKeyReused   Code = "IDEMPOTENCY_KEY_REUSED"
	BodyTooLarge           Code = "BODY_TOO_LARGE"
	UnsupportedMediaType   Code = "UNSUPPORTED_MEDIA_TYPE"
	TooManyRequests        Code = "TOO_MANY_REQUESTS"
	NotRotatable           Code = "NOT_ROTATABLE"
	POSConnectorFixed      Code = "POS_CONNECTOR_FIXED"
	LastOwner              Code = "LAST_OWNER"
	InvitationInvalid      Code = "INVITATION_INVALID"
	SecondFactorActive     Code = "SECOND_FACTOR_ACTIVE"
	SecondFactorRequired   Code = "SECOND_FACTOR_REQUIRED"
	VersionMismatch        Code = "VERSION_MISMATCH"
	VersionRequired        Code = "VERSION_REQUIRED"
	ServiceUnavailable     Code = "UNAVAILABLE"
	InternalError          Code = "INTERNAL_ERROR"

	// The codes below stay inside: they tell a domain which rule of a commit
	// failed, and are turned into an answer before they reach a caller.
	StaleVersion        Code = "STALE_VERSION"
	OrderClaimed        Code = "ORDER_CLAIMED"
	IdempotencyKeyTaken Code = "IDEMPOTENCY_KEY_TAKEN"
	DuplicateKey        Code = "DUPLICATE_KEY"
)
