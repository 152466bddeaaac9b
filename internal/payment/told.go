package payment

import "github.com/vezne/vezne/internal/connector"

// ChargeOf returns what a bank is told of the payment that an operation charges:
// everything that is known of it but the card.
func (p Payment) ChargeOf(o Operation) connector.Charge {
	c := connector.Charge{
		Kind: o.Kind, Reference: o.Reference, Order: p.OrderRef, Amount: o.Amount, Price: p.Price.Sub(p.Wallet),
		Installments: p.Installments, ClientIP: p.ClientIP,
	}
	if len(p.Items) > 0 {
		c.Items = make([]connector.Item, len(p.Items))
	}
	for i, it := range p.Items {
		c.Items[i] = connector.Item{ID: it.ExternalID, Name: it.Name, Amount: it.Price.Sub(it.Wallet)}
	}
	if p.CustomerRef != "" {
		c.Buyer = &connector.Buyer{ID: p.CustomerRef}
	}
	return c
}

// Named returns an approved operation as a bank is told of it, but for its memo and
// its capture. One that was approved against our record, to be undone, is dated by
// when it was sent.
func (p Payment) Named(o Operation) connector.Original {
	n := connector.Original{
		Kind: o.Kind, Reference: o.Reference, Order: p.OrderRef, Amount: o.Amount, Installments: p.Installments,
		TransactionID: o.Result.TransactionID, HostReference: o.Result.HostReference, AuthCode: o.Result.AuthCode,
		At: o.StartedAt,
	}
	if o.Status == OperationApproved {
		n.At = o.Result.At
	}
	return n
}

// Siblings returns the other follow-ups of what o is about that were sent, as a
// connector is told of them. One that we call declined because the bank had no record
// of it may still be carried out: nothing is known of it.
func Siblings(o Operation, all []Operation) []connector.Sibling {
	var siblings []connector.Sibling
	for _, other := range all {
		if other.Original != o.Original || other.ID == o.ID || other.Status == OperationUnsent {
			continue
		}
		s := connector.Sibling{
			Kind: other.Kind, Reference: other.Reference, TransactionID: other.Result.TransactionID,
			Amount: other.Amount, At: other.StartedAt,
		}
		switch {
		case other.Status == OperationApproved:
			s.Outcome = connector.Approved
		case other.Status == OperationDeclined && other.Result.Reason != connector.NoResponse:
			s.Outcome = connector.Declined
		}
		siblings = append(siblings, s)
	}
	return siblings
}

// Followed returns the charge that a follow-up is about, and the approved capture of
// it whose money a void or a refund moves, unless that was voided already; both are nil
// for a charge.
func Followed(o Operation, all []Operation) (charge, capture *Operation) {
	if o.Original == "" {
		return nil, nil
	}
	voided := false
	for i := range all {
		switch other := &all[i]; {
		case other.Reference == o.Original:
			charge = other
		case other.Original != o.Original || other.Status != OperationApproved || other.ID == o.ID:
		case other.Kind == connector.Capture:
			capture = other
		case other.Kind == connector.Void:
			voided = true
		}
	}
	if voided {
		capture = nil
	}
	return charge, capture
}

// Taken returns the operation that took the money which a void or a refund moves: the
// charge, or the capture of a hold; nil if it is not among them.
func Taken(o Operation, all []Operation) *Operation {
	charge, capture := Followed(o, all)
	if capture != nil {
		return capture
	}
	return charge
}
