package threeds

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/vault"
)

// WayPath is what follows the address of a return in that of the page which leads
// a payer on to the bank.
const WayPath = "/go"

// formOf returns the form that takes a payer to the bank: the bank's own, or else
// one without fields to the page of ours that hands on the bank's page or address.
func (s *Service) formOf(w connector.Way, at pos.POS, session payment.Session) connector.Form {
	if w.Form.Action != "" {
		return w.Form
	}
	return connector.Form{Action: s.ReturnURL(at, session) + WayPath}
}

// Way returns how the payer of a session gets to the bank, for as long as it leads
// anywhere. Errors: NoSuchThing for a session that is unknown, over, or another
// connector's.
func (s *Service) Way(ctx context.Context, connectorName, sessionKey string) (connector.Way, error) {
	session, err := s.store.Session(ctx, sessionKey)
	if err != nil {
		return connector.Way{}, fmt.Errorf("find session: %w", err)
	}
	ch, err := s.challengeOf(ctx, session)
	if err != nil {
		return connector.Way{}, err
	}
	over := session.State != payment.SessionOpen || s.clock.Now().After(session.ExpiresAt)
	if over || session.SealedForm == nil || ch.at.Connector != connectorName {
		return connector.Way{}, fault.New(fault.NotFound, fault.NoSuchThing, "no such way to a bank")
	}
	return s.openWay(ctx, session)
}

// sealedFor is what a value of a session is sealed for.
func sealedFor(session payment.Session, p vault.Purpose) vault.Subject {
	return vault.Subject{MerchantID: session.MerchantID, Purpose: p, ID: int64(session.PaymentID)}
}

func (s *Service) openWay(ctx context.Context, session payment.Session) (connector.Way, error) {
	plain, err := s.sealer.Open(ctx, sealedFor(session, vault.PurposeThreeDSForm), session.SealedForm)
	if err != nil {
		return connector.Way{}, fmt.Errorf("open way to bank: %w", err)
	}
	var w connector.Way
	if err := json.Unmarshal(plain, &w); err != nil {
		return connector.Way{}, fmt.Errorf("decode way to bank: %w", err)
	}
	return w, nil
}
