package paymenttest

import (
	"context"
	"net/url"
	"sync"
	"testing"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/threeds"
)

// Scripted is a bank in memory that offers everything, approves what it is not told
// to answer otherwise, and remembers what it was told. It is for what the sandbox bank
// does not have: memos, other ways to the bank, other rules.
type Scripted struct {
	mu sync.Mutex
	// Charged, Followed, Inquired and Enrolled are what it heard, oldest first, and
	// Proven what it was shown with an authenticated charge.
	Charged  []connector.Charge
	Followed []connector.FollowUp
	Inquired []connector.Inquiry
	Enrolled []connector.Enrolment
	Proven   []connector.Authentication
	// Returned are the memos that came with returns.
	Returned []connector.Memo

	// Facts are what it declares.
	Facts connector.Rules
	// The answers, where they are not a plain approval.
	Charge    func(connector.Charge) (connector.Answer, error)
	FollowUp  func(connector.FollowUp) (connector.Answer, error)
	Inquiry   func(connector.Inquiry) (connector.Finding, error)
	Enrolment func(connector.Enrolment) (connector.Enrolled, error)
	Return    func(connector.Charge) (connector.Authentication, error)
}

// Ask has the world's POSes lead to a scripted bank.
func (w *World) Ask(t *testing.T, b *Scripted) {
	t.Helper()
	w.AskThrough(t, b)
}

// AskThrough is Ask for a connector that offers less than a scripted bank does.
func (w *World) AskThrough(t *testing.T, offered connector.Connector) {
	t.Helper()
	registry, err := pos.NewRegistry(pos.Options{
		Registrations: []connector.Registration{{
			Name: "sandbox", Title: "Scripted bank", Connector: offered,
			Open: func(map[string]string, connector.Environment) (connector.Connector, error) { return offered, nil },
		}},
		Environment: connector.Environment{Clock: w.Clock, TestMode: true},
		Opener:      func(context.Context, pos.POS) (map[string]string, error) { return nil, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Change(func(p *Parts) { p.Banks = registry })
}

// Approval is a plain one.
func Approval() connector.Answer {
	return connector.Answer{Outcome: connector.Approved, Reason: connector.Success, TransactionID: "T1", HostReference: "R1", AuthCode: "A1"}
}

// Refusal is a decline for a reason.
func Refusal(why connector.Reason) connector.Answer {
	return connector.Answer{Outcome: connector.Declined, Reason: why}
}

// Rules implements connector.Ruled.
func (b *Scripted) Rules() connector.Rules { return b.Facts }

// Authorize implements connector.Connector.
func (b *Scripted) Authorize(_ context.Context, c connector.Charge) (connector.Answer, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.Charged = append(b.Charged, c)
	if b.Charge != nil {
		return b.Charge(c)
	}
	return Approval(), nil
}

// Inquire implements connector.Connector.
func (b *Scripted) Inquire(_ context.Context, q connector.Inquiry) (connector.Finding, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.Inquired = append(b.Inquired, q)
	if b.Inquiry != nil {
		return b.Inquiry(q)
	}
	return connector.Finding{Answer: Approval()}, nil
}

// Capture implements connector.Capturer.
func (b *Scripted) Capture(_ context.Context, f connector.FollowUp) (connector.Answer, error) {
	return b.follow(f)
}

// Void implements connector.Voider.
func (b *Scripted) Void(_ context.Context, f connector.FollowUp) (connector.Answer, error) {
	return b.follow(f)
}

// Refund implements connector.Refunder.
func (b *Scripted) Refund(_ context.Context, f connector.FollowUp) (connector.Answer, error) {
	return b.follow(f)
}

func (b *Scripted) follow(f connector.FollowUp) (connector.Answer, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.Followed = append(b.Followed, f)
	if b.FollowUp != nil {
		return b.FollowUp(f)
	}
	return Approval(), nil
}

// Enrol implements connector.ThreeDS.
func (b *Scripted) Enrol(_ context.Context, e connector.Enrolment) (connector.Enrolled, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.Enrolled = append(b.Enrolled, e)
	if b.Enrolment != nil {
		return b.Enrolment(e)
	}
	return connector.Enrolled{
		Answer: Approval(), Way: connector.Way{Form: connector.Form{Action: "https://bank.example/acs"}},
	}, nil
}

// ReadReturn implements connector.ThreeDS.
func (b *Scripted) ReadReturn(
	_ context.Context, _ connector.ReturnForm, c connector.Charge, m connector.Memo,
) (connector.Authentication, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.Returned = append(b.Returned, m)
	if b.Return != nil {
		return b.Return(c)
	}
	return connector.Authentication{Reference: c.Reference, MDStatus: 1}, nil
}

// AuthorizeAuthenticated implements connector.ThreeDS.
func (b *Scripted) AuthorizeAuthenticated(
	_ context.Context, c connector.Charge, a connector.Authentication,
) (connector.Answer, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.Charged, b.Proven = append(b.Charged, c), append(b.Proven, a)
	if b.Charge != nil {
		return b.Charge(c)
	}
	return Approval(), nil
}

// Back brings a payer back from a scripted bank.
func (w *World) Back(t *testing.T, b *Scripted) (threeds.Returned, error) {
	t.Helper()
	b.mu.Lock()
	address := b.Enrolled[len(b.Enrolled)-1].ReturnURL
	b.mu.Unlock()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return w.Return(t.Context(), ReturnAt(t, PublicURL+u.Path, url.Values{"ok": {"1"}}))
}
