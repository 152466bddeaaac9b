package pos

import (
	"context"
	"errors"
	"net/url"

	"github.com/vezne/vezne/internal/connector"
)

// errNoThreeDS is a bank without 3-D Secure: a mistake of the caller, who must
// look at the capabilities first.
var errNoThreeDS = errors.New("this POS does not do 3-D Secure")

// Enrol asks the bank to authenticate a payer. A bank without 3-D Secure is
// Unsent.
func (b *Bank) Enrol(ctx context.Context, e connector.Enrolment) (connector.Enrolled, error) {
	c, ok := b.connector.(connector.ThreeDS)
	if !ok {
		return connector.Enrolled{Answer: connector.Answer{Outcome: connector.Unsent}}, errNoThreeDS
	}
	var form connector.Form
	answer, err := b.send(ctx, KindEnrol, func(ctx context.Context) (connector.Answer, error) {
		enrolled, err := c.Enrol(ctx, e)
		form = enrolled.Form
		return enrolled.Answer, err
	})
	return connector.Enrolled{Answer: answer, Form: form}, err
}

// ReadReturn reads and verifies the form with which the bank sends a payer back.
func (b *Bank) ReadReturn(form url.Values) (a connector.Authentication, err error) {
	c, ok := b.connector.(connector.ThreeDS)
	if !ok {
		return connector.Authentication{}, errNoThreeDS
	}
	defer func() {
		if v := recover(); v != nil {
			a, err = connector.Authentication{}, panicError(v)
		}
	}()
	return c.ReadReturn(form)
}

// AuthorizeAuthenticated charges a card whose payer was authenticated.
func (b *Bank) AuthorizeAuthenticated(ctx context.Context, charge connector.Charge, a connector.Authentication) (connector.Answer, error) {
	c, ok := b.connector.(connector.ThreeDS)
	if !ok {
		return connector.Answer{Outcome: connector.Unsent}, errNoThreeDS
	}
	return b.send(ctx, Kind(charge.Kind), func(ctx context.Context) (connector.Answer, error) {
		return c.AuthorizeAuthenticated(ctx, charge, a)
	})
}
