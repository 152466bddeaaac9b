package simulator

import (
	_ "embed" // the card table
	"encoding/csv"
	"fmt"
	"strings"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/connector"
)

// cardTable lists every card that simulated banks know, with what they do to it.
// The numbers and their outcomes are those of the card payments API's sandbox.
//
//go:embed cards.csv
var cardTable string

// cardColumns is the header of cardTable.
const cardColumns = "number,bank,type,brand,scheme,commercial,foreign,sale,authorize,capture,reverse,threeds"

// TestCard is a card that every simulated bank knows: public, worth nothing, and
// refused by every real bank.
type TestCard struct {
	Number     string
	Bank       string // the issuer's name; empty for a foreign card
	Type       card.Type
	Brand      string
	Scheme     card.Scheme
	Commercial bool
	Foreign    bool
	// Sale, Authorize and Capture are why the bank declines these requests, and
	// Reverse why it declines a refund or a void; empty where it approves.
	Sale      connector.Reason
	Authorize connector.Reason
	Capture   connector.Reason
	Reverse   connector.Reason
	// ThreeDS is what goes wrong in 3-D Secure, empty for nothing: INIT or
	// COMPLETE with a reason, or MD_STATUS with the status that comes back.
	ThreeDS string
}

// TestCards returns every card that simulated banks know. Any future expiry
// and any security code of the right length go with them. All other numbers are
// declined with CardNotPermitted.
func TestCards() ([]TestCard, error) {
	rows, err := csv.NewReader(strings.NewReader(cardTable)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read test cards: %w", err)
	}
	if len(rows) == 0 || strings.Join(rows[0], ",") != cardColumns {
		return nil, fmt.Errorf("read test cards: header is not %s", cardColumns)
	}
	cards := make([]TestCard, 0, len(rows)-1)
	for _, r := range rows[1:] {
		cards = append(cards, TestCard{
			Number: r[0], Bank: r[1], Type: card.Type(r[2]), Brand: r[3], Scheme: card.Scheme(r[4]),
			Commercial: r[5] == "true", Foreign: r[6] == "true",
			Sale: connector.Reason(r[7]), Authorize: connector.Reason(r[8]),
			Capture: connector.Reason(r[9]), Reverse: connector.Reason(r[10]), ThreeDS: r[11],
		})
	}
	return cards, nil
}
