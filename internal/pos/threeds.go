package pos

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/vezne/vezne/internal/connector"
)

// errNoThreeDS is a bank without 3-D Secure: a mistake of the caller, who must
// look at the capabilities first.
var errNoThreeDS = errors.New("this POS does not do 3-D Secure")

// Enrol asks the bank to authenticate a payer. A bank without 3-D Secure is
// Unsent. An approval without a way that a payer can go is Unknown: no money
// moved, and none can.
func (b *Bank) Enrol(ctx context.Context, e connector.Enrolment) (connector.Enrolled, error) {
	c, ok := b.connector.(connector.ThreeDS)
	if !ok {
		return connector.Enrolled{Answer: connector.Answer{Outcome: connector.Unsent}}, errNoThreeDS
	}
	var way connector.Way
	answer, err := b.send(ctx, KindEnrol, func(ctx context.Context) (connector.Answer, error) {
		enrolled, err := c.Enrol(ctx, e)
		if err == nil && enrolled.Outcome == connector.Approved {
			if wrong := enrolled.Way.Check(); wrong != nil {
				return connector.Answer{}, fmt.Errorf("%w: %w", errContract, wrong)
			}
			way = enrolled.Way
		}
		return enrolled.Answer, err
	})
	if answer.Outcome != connector.Approved {
		way = connector.Way{}
	}
	return connector.Enrolled{Answer: answer, Way: way}, err
}

// Returned is the form of a payer who comes back from a bank, before anything of
// it is believed.
type Returned struct {
	// Form has the fields percent-decoded and no more: bytes in the bank's charset.
	Form url.Values
	// Charset is the request's own word for it; empty if it has none.
	Charset string
}

// ReadReturn reads and verifies the form with which the bank sends a payer back.
// Its fields become text by the charset that the request or the connector says.
// The bank may be asked meanwhile: the time-out of the POS and the bulkhead of
// inquiries bound that. Errors are those of connector.ThreeDS; one that comes of
// these bounds is connector.ErrUnconfirmedReturn. The Authentication's memo is the
// one given, if the return has none.
func (b *Bank) ReadReturn(
	ctx context.Context, r Returned, c connector.Charge, m connector.Memo,
) (a connector.Authentication, err error) {
	threeDS, ok := b.connector.(connector.ThreeDS)
	if !ok {
		return connector.Authentication{}, errNoThreeDS
	}
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	if err := acquire(ctx, b.inquiries); err != nil {
		return connector.Authentication{}, fmt.Errorf("%w: %w", connector.ErrUnconfirmedReturn, err)
	}
	defer b.inquiries.ReleasePermit()
	defer func() {
		if v := recover(); v != nil {
			a, err = connector.Authentication{}, panicError(v)
		}
	}()
	a, err = threeDS.ReadReturn(ctx, connector.DecodeReturn(r.Form, r.Charset, b.rules.Charset), c, m)
	if err != nil {
		return connector.Authentication{}, err
	}
	return believable(a, m)
}

// believable holds what a return says to the contract. A bank's answer to a charge
// of its own is never lost for that: it becomes Unknown.
func believable(a connector.Authentication, m connector.Memo) (connector.Authentication, error) {
	if len(a.Memo) > connector.MaxMemo {
		return connector.Authentication{}, fmt.Errorf("%w: %w", errContract, errMemo)
	}
	if len(a.Memo) == 0 {
		a.Memo = m
	}
	if len(a.Answer.Memo) > connector.MaxMemo {
		a.Answer = connector.Answer{}
	}
	if a.Answer.Outcome == connector.Unsent { // the bank has asked itself
		a.Answer.Outcome = connector.Unknown
	}
	return a.Clean(), nil
}

// AuthorizeAuthenticated charges a card whose payer was authenticated.
func (b *Bank) AuthorizeAuthenticated(
	ctx context.Context, charge connector.Charge, a connector.Authentication,
) (connector.Answer, error) {
	c, ok := b.connector.(connector.ThreeDS)
	if !ok {
		return connector.Answer{Outcome: connector.Unsent}, errNoThreeDS
	}
	return b.send(ctx, Kind(charge.Kind), func(ctx context.Context) (connector.Answer, error) {
		return c.AuthorizeAuthenticated(ctx, charge, a)
	})
}
