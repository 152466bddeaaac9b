package charge

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/trace"
)

// Prepare checks the command, prices and routes it, and builds the payment.
func (s *Service) Prepare(ctx context.Context, c Pay) (a *Attempt, err error) {
	ctx, span := trace.Start(ctx, trace.StepPrepare)
	defer func() {
		if a != nil {
			span.Set(trace.Candidates(len(a.candidates)))
		}
		span.Fail(err)
		span.End()
	}()
	if err := c.check(s.clock.Now()); err != nil {
		return nil, err
	}
	if c.byWallet() { // nothing is left for a bank: Pay asks none
		return nil, fault.Validation(fault.Field{
			Name: "wallet", Code: fault.FieldInvalid, Message: "must leave something for the card",
		})
	}
	table, err := s.tables.Table(ctx, c.MerchantID)
	if err != nil {
		return nil, fmt.Errorf("load routing table: %w", err)
	}
	if err := c.checkTable(table); err != nil {
		return nil, err
	}
	info, err := s.bins.Lookup(ctx, c.MerchantID, c.Card.PAN.BIN(8))
	if err != nil {
		return nil, fmt.Errorf("look up BIN: %w", err)
	}
	if !c.Card.CVV.IsZero() && !c.Card.CVV.Fits(c.Card.PAN, schemeOf(info, c.Card.PAN)) {
		return nil, fault.Validation(fault.Field{Name: "cvv", Code: fault.FieldInvalid, Message: "has the wrong length for this card"})
	}
	p, err := s.newPayment(ctx, c)
	if err != nil {
		return nil, err
	}
	fingerprint, err := s.prints.Fingerprint(ctx, c.MerchantID, c.Card.PAN)
	if err != nil {
		return nil, fmt.Errorf("fingerprint card: %w", err)
	}
	p.Card = instrument(c.Card, fingerprint, info)
	request := routing.Request{
		Amount: c.Price, Installments: c.Installments, BINDigits: c.Card.PAN.BIN(8), BIN: info,
		POSAlias: c.POSAlias, At: p.CreatedAt, Seed: routingSeed(c),
	}
	p.Routing = routing.Decide(*table, request, s.banks.Healthy)
	if c.Phase == payment.PhasePreAuthorization {
		p.Routing = p.Routing.Keeping(func(at pos.POS) bool { return s.holds(ctx, at) }, routing.NoHolds)
	}
	if err := s.checkDecision(c, p.Routing, table, request); err != nil {
		return nil, err
	}
	a = &Attempt{Command: c, Payment: p, candidates: p.Routing.Candidates}
	if c.Paid.IsZero() {
		a.candidates = routing.EquallyPriced(a.candidates, c.Price, c.InterestPayer)
	}
	return a, nil
}

// holds reports whether a POS's bank captures later what it holds now. One that cannot
// be opened is left among the candidates: the payment fails over from it.
func (s *Service) holds(ctx context.Context, at pos.POS) bool {
	bank, err := s.banks.Bank(ctx, at)
	return err != nil || bank.Capabilities().Capture
}

func (c Pay) check(now time.Time) error {
	var fields []fault.Field
	wrong := func(name string, code fault.FieldCode, message string) {
		fields = append(fields, fault.Field{Name: name, Code: code, Message: message})
	}
	if !c.Price.IsPositive() {
		wrong("amount", fault.FieldOutOfRange, "must be greater than zero")
	}
	if c.Installments < 1 {
		wrong("installmentCount", fault.FieldOutOfRange, "must be at least 1")
	}
	c.checkWallet(wrong)
	if c.Card.PAN.IsZero() && !c.byWallet() {
		wrong("pan", fault.FieldRequired, "is required")
	}
	if !c.Card.PAN.IsZero() && c.Card.Expiry.Past(now) {
		wrong("expiryYear", fault.FieldOutOfRange, "the card has expired")
	}
	if len(c.Items) > 0 {
		sum := money.Zero(c.Price.Currency())
		for _, it := range c.Items {
			sum = sum.Add(it.Price)
		}
		if sum != c.Price {
			wrong("items", fault.FieldInvalid, "prices must add up to the amount")
		}
	}
	if len(fields) > 0 {
		return fault.Validation(fields...)
	}
	return nil
}

// checkTable refuses what no POS of the merchant could ever take.
func (c Pay) checkTable(t *routing.Table) error {
	if err := t.CheckCurrency(c.Price.Currency()); err != nil {
		return err
	}
	if c.POSAlias != "" && !slices.ContainsFunc(t.POSes, func(p pos.POS) bool { return p.Alias == c.POSAlias }) {
		return fault.New(fault.Invalid, fault.UnknownPOSAlias, "posAlias: no such POS")
	}
	return nil
}

// checkDecision refuses a number of installments that is not on offer, naming
// those that are. That no POS takes a single payment of the card is no refusal
// but a decline.
func (s *Service) checkDecision(c Pay, d routing.Decision, t *routing.Table, r routing.Request) error {
	if c.Installments == 1 || len(d.Candidates) > 0 {
		return nil
	}
	counts := []string{"1"}
	for _, option := range routing.Offer(*t, r, routing.Terms{Payer: c.InterestPayer}, s.banks.Healthy) {
		counts = append(counts, strconv.Itoa(option.Price.Count))
	}
	e := fault.Validation(fault.Field{
		Name: "installmentCount", Code: fault.FieldInvalid, Message: "must be one of " + strings.Join(counts, ", "),
	})
	e.Code = fault.InstallmentUnavailable
	return e
}

// newPayment builds the payment of a command, but for its card.
func (s *Service) newPayment(ctx context.Context, c Pay) (payment.Payment, error) {
	paymentID, err := id.Next[id.Payment](ctx, s.ids, id.NounPayment)
	if err != nil {
		return payment.Payment{}, fmt.Errorf("new payment id: %w", err)
	}
	now, zero := s.clock.Now(), money.Zero(c.Price.Currency())
	p := payment.Payment{
		ID: paymentID, UUID: id.NewUUID(), MerchantID: c.MerchantID,
		Surface: c.Surface, Phase: c.Phase, Group: c.Group, State: payment.Pending,
		OrderRef: c.OrderRef, HoldsOrder: c.OnePerOrder,
		ConversationID: c.ConversationID, ExternalID: c.ExternalID, Channel: c.Channel,
		CustomerRef: c.CustomerRef, BuyerID: c.BuyerID,
		Price: c.Price, Paid: c.Paid, Wallet: c.Wallet,
		Installments: c.Installments, InterestPayer: c.InterestPayer,
		Commission: zero, Authorized: zero, Captured: zero, Refunded: zero, Refunding: zero, CaptureLimit: zero,
		RequestedPOSAlias: c.POSAlias,
		Result:            payment.Result{Reason: connector.ResultUnknown, At: now},
		ClientIP:          c.ClientIP, CreatedAt: now, UpdatedAt: now,
	}
	if c.Paid.IsZero() {
		p.Paid = c.Price
	}
	if c.Wallet.IsZero() {
		p.Wallet = zero
	}
	p.Items, err = s.newItems(ctx, c)
	return p, err
}

func (s *Service) newItems(ctx context.Context, c Pay) ([]payment.Item, error) {
	requests := c.Items
	if len(requests) == 0 {
		requests = []ItemRequest{{Name: c.OrderRef, ExternalID: c.OrderRef, Price: c.Price}}
	}
	zero := money.Zero(c.Price.Currency())
	items := make([]payment.Item, len(requests))
	for i, r := range requests {
		itemID, err := id.Next[id.Item](ctx, s.ids, id.NounItem)
		if err != nil {
			return nil, fmt.Errorf("new item id: %w", err)
		}
		if r.SubMerchantPrice.IsZero() {
			r.SubMerchantPrice = zero
		}
		items[i] = payment.Item{
			ID: itemID, Position: i, Name: r.Name, ExternalID: r.ExternalID, Price: r.Price,
			Paid: zero, Wallet: zero, Taken: zero, Commission: zero, Refunded: zero, Refunding: zero,
			SubMerchantID: r.SubMerchantID, SubMerchantPrice: r.SubMerchantPrice,
		}
	}
	return items, nil
}

func instrument(c card.Card, fingerprint string, info *bin.Info) payment.Instrument {
	in := payment.Instrument{
		Masked: c.PAN.Masked(), BIN: c.PAN.StoredBIN(), Last4: c.PAN.Last4(), Holder: c.Holder,
		Fingerprint: fingerprint, Scheme: schemeOf(info, c.PAN),
	}
	if info == nil {
		return in
	}
	in.Known, in.Domestic, in.Commercial = true, info.Domestic, info.Commercial
	in.Bank, in.Type, in.Program, in.Brand = info.Bank, info.Type, info.Program, info.Brand
	return in
}

func schemeOf(info *bin.Info, pan card.PAN) card.Scheme {
	if info != nil && info.Scheme != "" {
		return info.Scheme
	}
	return card.SchemeOf(pan)
}
