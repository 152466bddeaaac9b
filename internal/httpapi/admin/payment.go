package admin

import (
	"time"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
)

// paymentView is everything about a payment.
type paymentView struct {
	summaryView

	Items      []itemView      `json:"items"`
	Operations []operationView `json:"operations"`
	Routing    routingView     `json:"routing"`
	Ledger     []entryView     `json:"ledger"`
}

// summaryView is a payment without what belongs to it. Of the card it shows what
// PCI DSS lets people see: first six, last four, and what its issuer publishes.
type summaryView struct {
	ID       int64  `json:"id"`
	UUID     string `json:"uuid"`
	Version  int    `json:"version"`
	Surface  string `json:"surface"`
	Phase    string `json:"phase"`
	Group    string `json:"group"`
	State    string `json:"state"`
	OrderRef string `json:"order_ref"`
	// HoldsOrder says whether this is the payment of its order.
	HoldsOrder     bool         `json:"holds_order"`
	ConversationID *string      `json:"conversation_id"`
	ExternalID     *string      `json:"external_id"`
	Channel        *string      `json:"channel"`
	CustomerRef    *string      `json:"customer_ref"`
	BuyerID        *int64       `json:"buyer_id"`
	Currency       string       `json:"currency"`
	Price          money.Amount `json:"price"`
	Paid           money.Amount `json:"paid"`
	Wallet         money.Amount `json:"wallet"`
	Installments   int          `json:"installments"`
	InterestPayer  string       `json:"interest_payer"`
	CustomerRate   money.Rate   `json:"customer_rate"`
	CommissionRate money.Rate   `json:"commission_rate"`
	Commission     money.Amount `json:"commission"`
	Authorized     money.Amount `json:"authorized"`
	Captured       money.Amount `json:"captured"`
	Refunded       money.Amount `json:"refunded"`
	Refunding      money.Amount `json:"refunding"`
	// OpenAsk is the capture or void that is in progress.
	OpenAsk *int64 `json:"open_ask"`
	// Unclear says that the bank may hold money of a payment that ended without.
	Unclear           bool       `json:"unclear"`
	Card              cardView   `json:"card"`
	RequestedPOSAlias *string    `json:"requested_pos_alias"`
	POSID             *int64     `json:"pos_id"`
	POSAlias          *string    `json:"pos_alias"`
	Result            resultView `json:"result"`
	ClientIP          *string    `json:"client_ip"`
	CreatedAt         time.Time  `json:"created_at"`
	UpdatedAt         time.Time  `json:"updated_at"`
}

type cardView struct {
	Masked     *string `json:"masked"`
	Last4      *string `json:"last4"`
	Holder     *string `json:"holder"`
	Bank       *string `json:"bank"`
	Scheme     *string `json:"scheme"`
	Type       *string `json:"type"`
	Program    *string `json:"program"`
	Brand      *string `json:"brand"`
	Commercial bool    `json:"commercial"`
	Known      bool    `json:"known"`
	Domestic   bool    `json:"domestic"`
	CardID     *int64  `json:"card_id"`
}

type resultView struct {
	Reason        *string    `json:"reason"`
	TransactionID *string    `json:"transaction_id"`
	HostReference *string    `json:"host_reference"`
	AuthCode      *string    `json:"auth_code"`
	At            *time.Time `json:"at"`
}

type itemView struct {
	ID               int64        `json:"id"`
	Position         int          `json:"position"`
	Name             *string      `json:"name"`
	ExternalID       *string      `json:"external_id"`
	Price            money.Amount `json:"price"`
	Paid             money.Amount `json:"paid"`
	Wallet           money.Amount `json:"wallet"`
	Commission       money.Amount `json:"commission"`
	Refunded         money.Amount `json:"refunded"`
	SubMerchantID    *int64       `json:"sub_merchant_id"`
	SubMerchantPrice money.Amount `json:"sub_merchant_price"`
}

func viewDetail(d charge.Detail) paymentView {
	p := d.Payment
	in := func(a money.Amount) money.Amount { return a.Or(p.Paid.Currency()) }
	v := paymentView{
		summaryView: viewSummary(p), Items: make([]itemView, 0, len(p.Items)),
		Routing: viewRouting(p.Routing), Operations: viewOperations(d), Ledger: viewLedger(d.Postings),
	}
	for _, it := range p.Items {
		v.Items = append(v.Items, itemView{
			ID: int64(it.ID), Position: it.Position, Name: kit.TextOrNull(it.Name), ExternalID: kit.TextOrNull(it.ExternalID),
			Price: in(it.Price), Paid: in(it.Paid), Wallet: in(it.Wallet), Commission: in(it.Commission),
			Refunded: in(it.Refunded), SubMerchantID: idOrNull(it.SubMerchantID), SubMerchantPrice: in(it.SubMerchantPrice),
		})
	}
	return v
}

func viewSummary(p payment.Payment) summaryView {
	in := func(a money.Amount) money.Amount { return a.Or(p.Paid.Currency()) }
	v := summaryView{
		ID: int64(p.ID), UUID: p.UUID.String(), Version: p.Version,
		Surface: string(p.Surface), Phase: string(p.Phase), Group: string(p.Group), State: string(p.State),
		OrderRef: p.OrderRef, HoldsOrder: p.HoldsOrder,
		ConversationID: kit.TextOrNull(p.ConversationID), ExternalID: kit.TextOrNull(p.ExternalID),
		Channel: kit.TextOrNull(p.Channel), CustomerRef: kit.TextOrNull(p.CustomerRef), BuyerID: idOrNull(p.BuyerID),
		Currency: p.Paid.Currency().String(), Price: in(p.Price), Paid: in(p.Paid), Wallet: in(p.Wallet),
		Installments: p.Installments, InterestPayer: viewPayer(p.InterestPayer),
		CustomerRate: p.CustomerRate, CommissionRate: p.CommissionRate, Commission: in(p.Commission),
		Authorized: in(p.Authorized), Captured: in(p.Captured), Refunded: in(p.Refunded), Refunding: in(p.Refunding),
		OpenAsk: idOrNull(p.OpenAsk), Unclear: p.Unclear, Card: viewCard(p.Card), RequestedPOSAlias: kit.TextOrNull(p.RequestedPOSAlias),
		POSID: idOrNull(p.POSID), POSAlias: kit.TextOrNull(p.POSAlias), Result: viewResult(p.Result),
		CreatedAt: moment(p.CreatedAt), UpdatedAt: moment(p.UpdatedAt),
	}
	if p.ClientIP.IsValid() {
		v.ClientIP = kit.TextOrNull(p.ClientIP.String())
	}
	return v
}

func viewCard(c payment.Instrument) cardView {
	return cardView{
		Masked: kit.TextOrNull(c.Masked), Last4: kit.TextOrNull(c.Last4), Holder: kit.TextOrNull(c.Holder),
		Bank: kit.TextOrNull(c.Bank), Scheme: kit.TextOrNull(string(c.Scheme)), Type: kit.TextOrNull(string(c.Type)),
		Program: kit.TextOrNull(c.Program), Brand: kit.TextOrNull(c.Brand), Commercial: c.Commercial, Known: c.Known,
		Domestic: c.Domestic, CardID: idOrNull(c.CardID),
	}
}

func viewResult(r payment.Result) resultView {
	return resultView{
		Reason: kit.TextOrNull(string(r.Reason)), TransactionID: kit.TextOrNull(r.TransactionID),
		HostReference: kit.TextOrNull(r.HostReference), AuthCode: kit.TextOrNull(r.AuthCode), At: timeOrNull(r.At),
	}
}

func viewPayer(p installment.InterestPayer) string {
	if p == installment.PaidByCustomer {
		return "customer"
	}
	return "merchant"
}

func idOrNull[T id.Member | id.Operation | id.POS | id.Card | id.Rule](n T) *int64 {
	if n == 0 {
		return nil
	}
	i := int64(n)
	return &i
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = moment(t)
	return &t
}

// moment returns a time as it is stored, to the microsecond, so that an answer
// is the same whether what it tells was just decided or read again.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
