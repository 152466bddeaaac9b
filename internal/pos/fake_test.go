package pos_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/pos"
)

// fakeBank answers as its functions say and counts what it was asked.
type fakeBank struct {
	authorize func(ctx context.Context) (connector.Answer, error)
	inquire   func(ctx context.Context) (connector.Finding, error)
	asked     atomic.Int64
}

func (f *fakeBank) Authorize(ctx context.Context, _ connector.Charge) (connector.Answer, error) {
	f.asked.Add(1)
	return f.authorize(ctx)
}

func (f *fakeBank) Inquire(ctx context.Context, _ connector.Inquiry) (connector.Finding, error) {
	return f.inquire(ctx)
}

// fullBank is a fakeBank with every optional interface.
type fullBank struct{ *fakeBank }

func (f fullBank) Capture(ctx context.Context, _ connector.FollowUp) (connector.Answer, error) {
	return f.authorize(ctx)
}

func (f fullBank) Void(ctx context.Context, _ connector.FollowUp) (connector.Answer, error) {
	return f.authorize(ctx)
}

func (f fullBank) Refund(ctx context.Context, _ connector.FollowUp) (connector.Answer, error) {
	return f.authorize(ctx)
}

var errNoAnswer = errors.New("no answer")

func approve(context.Context) (connector.Answer, error) {
	return connector.Answer{Outcome: connector.Approved, Reason: connector.Success}, nil
}

func decline(context.Context) (connector.Answer, error) {
	return connector.Answer{Outcome: connector.Declined, Reason: connector.NotSufficientFunds}, nil
}

func noAnswer(context.Context) (connector.Answer, error) { return connector.Answer{}, errNoAnswer }

func hang(ctx context.Context) (connector.Answer, error) {
	<-ctx.Done()
	return connector.Answer{}, ctx.Err()
}

// registry returns a Registry whose only protocol opens c, and counts openings.
func registry(t *testing.T, c connector.Connector, change func(*pos.Options)) (*pos.Registry, *atomic.Int64) {
	t.Helper()
	var opened atomic.Int64
	options := pos.Options{
		Registrations: []connector.Registration{{
			Name: "fake",
			Open: func(map[string]string, connector.Environment) (connector.Connector, error) {
				opened.Add(1)
				return c, nil
			},
		}},
		Opener: func(context.Context, pos.POS) (map[string]string, error) { return nil, nil },
	}
	if change != nil {
		change(&options)
	}
	r, err := pos.NewRegistry(options)
	if err != nil {
		t.Fatal(err)
	}
	return r, &opened
}

func bankOf(t *testing.T, r *pos.Registry, p pos.POS) *pos.Bank {
	t.Helper()
	b, err := r.Bank(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// benchBank approves as a real bank does, and at once.
type benchBank struct{ fakeBank }

func (*benchBank) Authorize(context.Context, connector.Charge) (connector.Answer, error) {
	return connector.Answer{
		Outcome: connector.Approved, Reason: connector.Success, BankCode: "00", BankMessage: "Onaylandi",
		TransactionID: "SB1000000000001", HostReference: "600000000001", AuthCode: "711953",
	}, nil
}

func noSettings(context.Context, pos.POS) (map[string]string, error) { return nil, nil }
