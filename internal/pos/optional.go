package pos

import (
	"context"
	"errors"
	"fmt"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/trace"
)

// ErrNotOffered is a bank that does not offer what it was asked for: a mistake of
// the caller, who must look at the capabilities first. Nothing was sent.
var ErrNotOffered = errors.New("this POS does not offer it")

// QueryPoints asks for the points of a card. Errors: ErrNotOffered, with an Answer
// that is Unsent.
func (b *Bank) QueryPoints(ctx context.Context, q connector.PointsQuery) (connector.PointsFound, error) {
	c, ok := b.connector.(connector.Points)
	if !ok {
		return connector.PointsFound{Answer: connector.Answer{Outcome: connector.Unsent}}, ErrNotOffered
	}
	var balances []connector.PointsUse
	answer, err := b.send(ctx, KindPoints, func(ctx context.Context) (connector.Answer, error) {
		found, err := c.QueryPoints(ctx, q)
		balances = found.Balances
		return found.Answer, err
	})
	if answer.Outcome != connector.Approved {
		return connector.PointsFound{Answer: answer}, err
	}
	for i, p := range balances {
		balances[i].Type = connector.PointType(connector.Clean(string(p.Type), connector.MaxText))
	}
	return connector.PointsFound{Answer: answer, Balances: balances}, nil
}

// SaveCard has the bank keep a card. Errors: ErrNotOffered, with an Answer that is
// Unsent. An approval without a token that can be kept is Unknown.
func (b *Bank) SaveCard(ctx context.Context, s connector.SaveCard) (connector.SavedCard, error) {
	c, ok := b.connector.(connector.Tokenizer)
	if !ok {
		return connector.SavedCard{Answer: connector.Answer{Outcome: connector.Unsent}}, ErrNotOffered
	}
	var token connector.CardToken
	answer, err := b.send(ctx, KindSaveCard, func(ctx context.Context) (connector.Answer, error) {
		saved, err := c.SaveCard(ctx, s)
		token = saved.Token
		if err == nil && saved.Outcome == connector.Approved && !keepable(token) {
			return connector.Answer{}, fmt.Errorf("%w: the token is missing, too long or no text", errContract)
		}
		return saved.Answer, err
	})
	if answer.Outcome != connector.Approved {
		token = connector.CardToken{}
	}
	return connector.SavedCard{Answer: answer, Token: token}, err
}

// keepable reports whether a token comes back from storage as the bank gave it.
func keepable(t connector.CardToken) bool {
	return t.Card != "" && t.Card == connector.Clean(t.Card, connector.MaxText) &&
		t.User == connector.Clean(t.User, connector.MaxText)
}

// ForgetCard has the bank forget a card. Errors: ErrNotOffered, with an Answer that
// is Unsent.
func (b *Bank) ForgetCard(ctx context.Context, t connector.CardToken) (connector.Answer, error) {
	c, ok := b.connector.(connector.Tokenizer)
	if !ok {
		return connector.Answer{Outcome: connector.Unsent}, ErrNotOffered
	}
	return b.send(ctx, KindForgetCard, func(ctx context.Context) (connector.Answer, error) { return c.ForgetCard(ctx, t) })
}

// Rates asks what the bank takes for installments. It is bounded as inquiries are,
// and tells the breaker nothing. Errors: ErrNotOffered, or why nothing was found out.
func (b *Bank) Rates(ctx context.Context, q connector.RateQuery) (rates []connector.InstallmentRate, err error) {
	c, ok := b.connector.(connector.RateSource)
	if !ok {
		return nil, ErrNotOffered
	}
	outcome := connector.Unknown
	ctx, watched := b.watch.begin(ctx, trace.StepInquiry, KindRates)
	defer func() { b.watch.end(watched, outcome) }()
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	if err := acquire(ctx, b.inquiries); err != nil {
		return nil, fmt.Errorf("ask for rates: %w", err)
	}
	defer b.inquiries.ReleasePermit()
	defer func() {
		if v := recover(); v != nil {
			rates, err = nil, panicError(v)
		}
	}()
	if rates, err = c.Rates(ctx, q); err != nil {
		return nil, err
	}
	outcome = connector.Approved
	for i, r := range rates {
		rates[i].Program = connector.Clean(r.Program, connector.MaxText)
	}
	return rates, nil
}
