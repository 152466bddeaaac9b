package admin

import (
	"time"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/routing"
)

// operationView is one request to a bank, with the reference that the bank saw.
type operationView struct {
	ID            int64        `json:"id"`
	AskID         int64        `json:"ask_id"`
	Attempt       int          `json:"attempt"`
	Kind          string       `json:"kind"`
	Reference     string       `json:"reference"`
	Original      *string      `json:"original"`
	Amount        money.Amount `json:"amount"`
	Currency      string       `json:"currency"`
	Status        string       `json:"status"`
	Reason        *string      `json:"reason"`
	BankCode      *string      `json:"bank_code"`
	BankMessage   *string      `json:"bank_message"`
	AuthCode      *string      `json:"auth_code"`
	TransactionID *string      `json:"transaction_id"`
	HostReference *string      `json:"host_reference"`
	POSID         int64        `json:"pos_id"`
	POSAlias      *string      `json:"pos_alias"`
	Actor         *string      `json:"actor"`
	StartedAt     time.Time    `json:"started_at"`
	FinishedAt    *time.Time   `json:"finished_at"`
	Inquiries     int          `json:"inquiries"`
}

type routingView struct {
	RuleID     *int64          `json:"rule_id"`
	Rule       *string         `json:"rule"`
	Candidates []candidateView `json:"candidates"`
	Rejected   []rejectionView `json:"rejected"`
}

type candidateView struct {
	Order  int    `json:"order"`
	POSID  int64  `json:"pos_id"`
	Alias  string `json:"alias"`
	Reason string `json:"reason"`
	// ThreeDS is why the POS takes the card with 3-D Secure alone.
	ThreeDS *string `json:"three_ds"`
}

type rejectionView struct {
	POSID  int64  `json:"pos_id"`
	Alias  string `json:"alias"`
	Reason string `json:"reason"`
}

// entryView is one side of a posting: a debit if positive, a credit if negative.
type entryView struct {
	OperationID int64        `json:"operation_id"`
	Account     string       `json:"account"`
	Amount      money.Amount `json:"amount"`
	Currency    string       `json:"currency"`
	At          time.Time    `json:"at"`
}

func viewOperations(d charge.Detail) []operationView {
	names := aliases(d.Payment)
	out := make([]operationView, 0, len(d.Operations))
	for _, o := range d.Operations {
		out = append(out, viewOperation(d.Payment, o, names[o.POSID]))
	}
	return out
}

func viewOperation(p payment.Payment, o payment.Operation, alias string) operationView {
	amount := o.Amount.Or(p.Paid.Currency())
	return operationView{
		ID: int64(o.ID), AskID: int64(o.AskID), Attempt: o.Attempt, Kind: string(o.Kind),
		Reference: o.Reference, Original: kit.TextOrNull(o.Original),
		Amount: amount, Currency: amount.Currency().String(),
		Status: string(o.Status), Reason: kit.TextOrNull(string(o.Result.Reason)),
		BankCode: kit.TextOrNull(o.BankCode), BankMessage: kit.TextOrNull(o.BankMessage),
		AuthCode: kit.TextOrNull(o.Result.AuthCode), TransactionID: kit.TextOrNull(o.Result.TransactionID),
		HostReference: kit.TextOrNull(o.Result.HostReference),
		POSID:         int64(o.POSID), POSAlias: kit.TextOrNull(alias), Actor: kit.TextOrNull(o.Actor),
		StartedAt: moment(o.StartedAt), FinishedAt: timeOrNull(o.FinishedAt), Inquiries: o.Inquiries,
	}
}

// aliases returns the names of the POSes that a payment knows of, as they were
// when it was routed.
func aliases(p payment.Payment) map[id.POS]string {
	names := map[id.POS]string{p.POSID: p.POSAlias}
	for _, c := range p.Routing.Candidates {
		names[c.POS.ID] = c.POS.Alias
	}
	for _, r := range p.Routing.Rejected {
		names[r.POSID] = r.Alias
	}
	return names
}

func viewRouting(d routing.Decision) routingView {
	v := routingView{
		RuleID: idOrNull(d.RuleID), Rule: kit.TextOrNull(d.RuleName),
		Candidates: make([]candidateView, 0, len(d.Candidates)), Rejected: make([]rejectionView, 0, len(d.Rejected)),
	}
	for i, c := range d.Candidates {
		v.Candidates = append(v.Candidates, candidateView{
			Order: i + 1, POSID: int64(c.POS.ID), Alias: c.POS.Alias, Reason: string(c.Reason),
			ThreeDS: kit.TextOrNull(string(c.ThreeDS)),
		})
	}
	for _, r := range d.Rejected {
		v.Rejected = append(v.Rejected, rejectionView{POSID: int64(r.POSID), Alias: r.Alias, Reason: string(r.Reason)})
	}
	return v
}

func viewLedger(postings []ledger.Posting) []entryView {
	out := []entryView{}
	for _, p := range postings {
		for _, e := range p.Entries {
			out = append(out, entryView{
				OperationID: int64(p.Source.Operation()), Account: string(e.Account),
				Amount: e.Amount, Currency: e.Amount.Currency().String(), At: moment(p.At),
			})
		}
	}
	return out
}
