package connector

import (
	"context"
	"errors"

	"github.com/vezne/vezne/internal/money"
)

// ThreeDS authenticates a payer with 3-D Secure before the card is charged. It
// is for banks whose model is "3D" (we provision after the return) and for those
// whose model is "3D pay" (the bank provisions by itself while it returns).
type ThreeDS interface {
	// Enrol asks the bank to authenticate the payer of a charge. Its Answer is
	// Approved when the payer can be sent to the bank, Declined when the bank
	// refuses, Unknown or Unsent otherwise; no money moves in any case, unless the
	// payer goes on.
	Enrol(ctx context.Context, e Enrolment) (Enrolled, error)
	// ReadReturn reads the form with which the bank sends the payer of the charge
	// back. The memo is that of the enrolment. The charge has no card; what else
	// it carries beyond Kind, Reference, Amount and Installments is not certain.
	//
	// It checks the bank's MAC before it believes anything, and fails with
	// ErrForgedReturn if that is missing or wrong, or if the form cannot be about
	// the charge. A protocol that has its return explained by the bank
	// (PosNet oosResolveMerchantData) asks the bank here, and fails with
	// ErrUnconfirmedReturn if it gave no answer that can be believed: the same
	// return may then come again. Any other error is a return whose MAC is right
	// and which makes no sense. It moves no money, and says the same however often
	// it reads the same return.
	ReadReturn(ctx context.Context, f ReturnForm, c Charge, m Memo) (Authentication, error)
	// AuthorizeAuthenticated provisions a charge whose payer was authenticated. It
	// is not called when the bank has provisioned by itself. The Charge has no card,
	// unless the connector is a CardWanter that wants it, and never a security code.
	// Of the Authentication it is given what ReadReturn said, but for Amount,
	// Provisioned and Answer; its Memo is the return's, or else the enrolment's.
	AuthorizeAuthenticated(ctx context.Context, c Charge, a Authentication) (Answer, error)
}

// CardWanter is a ThreeDS whose bank wants the card once more when it provisions,
// because nothing in its return stands for the card. The card is then kept, sealed
// and without its security code, for as long as the payer may take.
type CardWanter interface {
	// WantsCard reports whether AuthorizeAuthenticated needs the card. It answers
	// alike for as long as the connector is open.
	WantsCard() bool
}

// Enrolment is a charge whose payer is to be authenticated.
type Enrolment struct {
	Charge
	// ReturnURL is where the bank sends the payer's browser, by POST.
	ReturnURL string
	// Language is the payer's, as a BCP 47 tag.
	Language string
}

// Enrolled is the answer to an Enrolment.
type Enrolled struct {
	// Answer is the bank's: its code, message and identities belong into the
	// operation's record like those of every other answer, and its Memo goes to
	// ReadReturn.
	Answer
	// Way takes the payer to the bank when Answer is Approved, and is empty
	// otherwise.
	Way Way
}

// Authentication is what a bank's return says, after its MAC was checked. The
// caller compares Reference and Amount with its own record before it believes the
// rest.
type Authentication struct {
	Reference string
	// Amount is as the bank says it; zero for banks whose return does not name it.
	Amount money.Amount
	// MDStatus is the result: 1 full, 2 to 4 half secure, anything else is a failure
	// (EST 3D Pay guide, "mdStatus").
	MDStatus int
	// Token stands for the card at the bank (often called md); XID, ECI and CAVV are
	// the scheme's proof.
	Token string
	XID   string
	ECI   string
	CAVV  string
	// Memo is what AuthorizeAuthenticated wants of the return beyond those. Where
	// it is empty internal/pos puts the enrolment's.
	Memo Memo
	// Provisioned is set by a "3D pay" bank; Answer is then the bank's answer to
	// the charge itself.
	Provisioned bool
	Answer      Answer
}

// Why a return is not believed.
var (
	// ErrForgedReturn is a bank's return whose MAC is missing or wrong.
	ErrForgedReturn = errors.New("the return's MAC is missing or wrong")
	// ErrUnconfirmedReturn is a return about which the bank was asked and gave no
	// answer. Nothing was decided: the return may be sent again.
	ErrUnconfirmedReturn = errors.New("the bank did not confirm the return")
)
