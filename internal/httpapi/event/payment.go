package event

import (
	"time"

	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
)

// paymentView is what merchants are told of a payment. Of the card it shows what
// PCI DSS lets people see.
type paymentView struct {
	ID             string       `json:"id"`
	Version        int          `json:"version"`
	State          string       `json:"state"`
	Unclear        bool         `json:"unclear"`
	Surface        string       `json:"surface"`
	Phase          string       `json:"phase"`
	OrderRef       string       `json:"order_ref"`
	ConversationID *string      `json:"conversation_id"`
	ExternalID     *string      `json:"external_id"`
	CustomerRef    *string      `json:"customer_ref"`
	Currency       string       `json:"currency"`
	Price          money.Amount `json:"price"`
	Paid           money.Amount `json:"paid"`
	Authorized     money.Amount `json:"authorized"`
	Captured       money.Amount `json:"captured"`
	Refunded       money.Amount `json:"refunded"`
	Installments   int          `json:"installments"`
	ThreeDS        bool         `json:"three_ds"`
	POSAlias       *string      `json:"pos_alias"`
	Reason         *string      `json:"reason"`
	AuthCode       *string      `json:"auth_code"`
	Card           cardView     `json:"card"`
	CreatedAt      time.Time    `json:"created_at"`
	UpdatedAt      time.Time    `json:"updated_at"`
}

type cardView struct {
	Masked  *string `json:"masked"`
	Bank    *string `json:"bank"`
	Scheme  *string `json:"scheme"`
	Type    *string `json:"type"`
	Program *string `json:"program"`
}

func viewPayment(p payment.Payment) *paymentView {
	in := func(a money.Amount) money.Amount { return a.Or(p.Paid.Currency()) }
	return &paymentView{
		ID: p.UUID.String(), Version: p.Version, State: string(p.State), Unclear: p.Unclear, Surface: string(p.Surface),
		Phase: string(p.Phase), OrderRef: p.OrderRef, ConversationID: kit.TextOrNull(p.ConversationID),
		ExternalID: kit.TextOrNull(p.ExternalID), CustomerRef: kit.TextOrNull(p.CustomerRef),
		Currency: p.Paid.Currency().String(), Price: in(p.Price), Paid: in(p.Paid), Authorized: in(p.Authorized),
		Captured: in(p.Captured), Refunded: in(p.Refunded), Installments: p.Installments, ThreeDS: p.ThreeDS,
		POSAlias: kit.TextOrNull(p.POSAlias), Reason: kit.TextOrNull(string(p.Result.Reason)),
		AuthCode: kit.TextOrNull(p.Result.AuthCode),
		Card: cardView{
			Masked: kit.TextOrNull(p.Card.Masked), Bank: kit.TextOrNull(p.Card.Bank),
			Scheme: kit.TextOrNull(string(p.Card.Scheme)), Type: kit.TextOrNull(string(p.Card.Type)),
			Program: kit.TextOrNull(p.Card.Program),
		},
		CreatedAt: p.CreatedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC(),
	}
}
