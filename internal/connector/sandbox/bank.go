package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/wire"
	"github.com/vezne/vezne/internal/money"
)

// Why an answer proves nothing.
var (
	errStatus   = errors.New("bank answered with an error status")
	errMAC      = errors.New("bank's answer has a wrong MAC")
	errReply    = errors.New("bank's answer is malformed")
	errMismatch = errors.New("bank's answer is about something else")
)

// bank speaks for one terminal. It is immutable.
type bank struct {
	http     *http.Client
	clock    clock.Clock
	address  string
	terminal string
	model    string
	// cardAgain says that the card goes with an authenticated charge.
	cardAgain bool
	macs      *authenticator
}

// Authorize asks for a sale or a pre-authorization.
func (b *bank) Authorize(ctx context.Context, c connector.Charge) (connector.Answer, error) {
	return b.place(ctx, b.cardOrder(c))
}

func (b *bank) cardOrder(c connector.Charge) order {
	o := b.charge(c)
	o.Card = orderCard{
		Number: c.Card.PAN.Reveal(),
		Expiry: c.Card.Expiry.YY() + c.Card.Expiry.MM(),
		CVV:    c.Card.CVV.Reveal(),
		Holder: c.Card.Holder,
	}
	return o
}

func (b *bank) charge(c connector.Charge) order {
	o := b.order(c.Kind, c.Reference, c.Amount)
	o.Installments = c.Installments
	if c.ClientIP.IsValid() {
		o.ClientIP = c.ClientIP.String()
	}
	return o
}

// Capture takes all or part of a hold, once.
func (b *bank) Capture(ctx context.Context, f connector.FollowUp) (connector.Answer, error) {
	return b.followUp(ctx, f)
}

// Void undoes a sale, a hold with its capture, or a capture alone.
func (b *bank) Void(ctx context.Context, f connector.FollowUp) (connector.Answer, error) {
	return b.followUp(ctx, f)
}

// Refund gives back captured money, in parts if wanted.
func (b *bank) Refund(ctx context.Context, f connector.FollowUp) (connector.Answer, error) {
	return b.followUp(ctx, f)
}

func (b *bank) followUp(ctx context.Context, f connector.FollowUp) (connector.Answer, error) {
	o := b.order(f.Kind, f.Reference, f.Amount)
	o.Original = f.Original.Reference
	return b.place(ctx, o)
}

// Inquire asks what became of a request.
func (b *bank) Inquire(ctx context.Context, q connector.Inquiry) (connector.Finding, error) {
	r, err := b.ask(ctx, inquiriesPath, question{
		Terminal: b.terminal, SentAt: b.clock.Now(), Kind: q.Kind, Reference: q.Reference,
	})
	if err == nil {
		err = b.check(r, q.Kind, q.Reference)
	}
	if err == nil && r.Outcome == approved && !sameAmount(r, q.Amount.Minor(), uint16(q.Amount.Currency())) {
		err = errMismatch
	}
	if err != nil {
		return connector.Finding{}, fmt.Errorf("inquire %s: %w", q.Reference, err)
	}
	if r.Outcome == missing {
		return connector.Finding{Missing: true}, nil
	}
	return connector.Finding{Answer: toAnswer(r), Reversed: r.Reversed}, nil
}

func (b *bank) order(k connector.Kind, reference string, a money.Amount) order {
	return order{
		Terminal: b.terminal, SentAt: b.clock.Now(), Kind: k, Reference: reference,
		Amount: a.Minor(), Currency: uint16(a.Currency()),
	}
}

// place sends an order. Whatever cannot be read as the bank's answer to this
// very order leaves its outcome unknown.
func (b *bank) place(ctx context.Context, o order) (connector.Answer, error) {
	r, err := b.ask(ctx, transactionsPath, o)
	if err == nil {
		err = b.check(r, o.Kind, o.Reference)
	}
	if err == nil && (r.Outcome == missing || !sameAmount(r, o.Amount, o.Currency)) {
		err = errMismatch
	}
	if err != nil {
		return connector.Answer{Outcome: wire.OutcomeOf(err)}, fmt.Errorf("%s %s: %w", o.Kind, o.Reference, err)
	}
	return toAnswer(r), nil
}

func (b *bank) ask(ctx context.Context, path string, message any) (reply, error) {
	body, err := b.exchange(ctx, path, message)
	if err != nil {
		return reply{}, err
	}
	return parseReply(body)
}

// exchange sends a message and returns the answer's body once its MAC was found
// right.
func (b *bank) exchange(ctx context.Context, path string, message any) ([]byte, error) {
	body, err := json.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("%w: a member is not valid UTF-8", wire.ErrUnsent)
	}
	request := b.macs.request(path, body)
	resp, err := wire.Do(ctx, b.http, wire.Request{
		Method: http.MethodPost,
		URL:    b.address + path,
		Header: http.Header{"Content-Type": {"application/json"}, macHeader: {request}},
		Body:   body,
	})
	if err != nil {
		return nil, err
	}
	if resp.Status != http.StatusOK {
		return nil, fmt.Errorf("%w %d", errStatus, resp.Status)
	}
	if !macEqual(resp.Header.Get(macHeader), b.macs.answer(request, resp.Body)) {
		return nil, errMAC
	}
	return resp.Body, nil
}

func (b *bank) check(r reply, k connector.Kind, reference string) error {
	if r.Terminal != b.terminal || r.Kind != k || r.Reference != reference {
		return errMismatch
	}
	return nil
}

// sameAmount lets a caller who named no amount, as a void may, take the bank's.
func sameAmount(r reply, minor int64, currency uint16) bool {
	return minor == 0 || (r.Amount == minor && r.Currency == currency)
}
