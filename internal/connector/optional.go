package connector

import (
	"context"
	"net/netip"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/money"
)

// Points tells how many points a card has at the bank. They are spent with
// Charge.Points, and come back by the bank's own rules when the charge is undone.
type Points interface {
	// QueryPoints asks for the points of a card. It has no effect at the bank. Its
	// Answer is Approved when Balances are the card's, which may be none, and
	// Declined when the bank has no points for this card.
	QueryPoints(ctx context.Context, q PointsQuery) (PointsFound, error)
}

// PointsQuery asks for the points of a card.
type PointsQuery struct {
	// Reference is ours, and of this question alone.
	Reference string
	Currency  money.Currency
	Card      card.Card
	Token     CardToken // in place of Card
	ClientIP  netip.Addr
}

// PointsFound is what a card has.
type PointsFound struct {
	Answer
	Balances []PointsUse
}

// Tokenizer keeps cards at the bank, to be charged by Charge.Token.
type Tokenizer interface {
	// SaveCard has the bank keep a card. Its Answer is Approved when there is a Token.
	SaveCard(ctx context.Context, s SaveCard) (SavedCard, error)
	// ForgetCard has the bank forget it. A card that the bank does not know is
	// Approved: it is forgotten.
	ForgetCard(ctx context.Context, t CardToken) (Answer, error)
}

// SaveCard is a card to keep.
type SaveCard struct {
	// User is the bank's id of an owner that it has cards of already; empty for a
	// new one, whom the bank gives an id.
	User  string
	Alias string // for people
	Email string
	Card  card.Card
}

// SavedCard is a card that the bank keeps.
type SavedCard struct {
	Answer
	Token CardToken
}

// RateSource tells what the bank takes for installments.
type RateSource interface {
	// Rates asks for the rates of the POS account. It has no effect at the bank; its
	// error means that nothing was found out. A plan that is not listed is not offered.
	Rates(ctx context.Context, q RateQuery) ([]InstallmentRate, error)
}

// RateQuery asks for installment rates. All members may be empty: everything that
// the POS account has, then.
type RateQuery struct {
	// BIN is the first digits of a card, six to eight.
	BIN    string
	Amount money.Amount
}

// InstallmentRate is what one plan costs.
type InstallmentRate struct {
	Program string // card family, as in bin.Info; empty for every card
	Count   int    // of installments; 1 is a single payment
	// Commission is what the bank keeps of the amount, and Interest what the payer
	// pays on top of it.
	Commission money.Rate
	Interest   money.Rate
}
