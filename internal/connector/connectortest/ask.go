package connectortest

import (
	"context"
	"slices"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/connector"
)

// charge asks for a sale or a hold with the approved card.
func (b *bank) charge(ctx context.Context, k connector.Kind, ref string, minor int64) (connector.Answer, error) {
	return b.chargeCard(ctx, k, ref, minor, b.suite.cases.Approved)
}

func (b *bank) chargeCard(
	ctx context.Context, k connector.Kind, ref string, minor int64, c card.Card,
) (connector.Answer, error) {
	a, err := b.conn.Authorize(ctx, connector.Charge{
		Kind: k, Reference: ref, Amount: b.amount(minor), Installments: 1, Card: c,
	})
	b.heard(a, err)
	return a, err
}

// approved charges and insists on an approval; it returns what follow-ups name.
func (b *bank) approved(k connector.Kind, minor int64) connector.Original {
	b.t.Helper()
	ref := b.reference()
	a, err := b.charge(b.t.Context(), k, ref, minor)
	b.wantOutcome(a, err, connector.Approved)
	return b.original(k, ref, minor, a)
}

func (b *bank) original(k connector.Kind, ref string, minor int64, a connector.Answer) connector.Original {
	return connector.Original{
		Kind: k, Reference: ref, Installments: 1, Memo: a.Memo,
		TransactionID: a.TransactionID, HostReference: a.HostReference, AuthCode: a.AuthCode, Amount: b.amount(minor),
		At: now(),
	}
}

// follow sends a capture, a void or a refund.
func (b *bank) follow(
	ctx context.Context, k connector.Kind, ref string, minor int64, o connector.Original,
) (connector.Answer, error) {
	f := connector.FollowUp{Kind: k, Reference: ref, Amount: b.amount(minor), Original: o}
	var a connector.Answer
	var err error
	switch k {
	case connector.Capture:
		a, err = b.conn.(connector.Capturer).Capture(ctx, f)
	case connector.Void:
		a, err = b.conn.(connector.Voider).Void(ctx, f)
	case connector.Refund:
		a, err = b.conn.(connector.Refunder).Refund(ctx, f)
	case connector.Sale, connector.Authorize:
		b.t.Fatalf("%s is no follow-up", k)
	}
	b.heard(a, err)
	if a.Outcome != connector.Unsent {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.sent[o.Reference] = append(b.sent[o.Reference], connector.Sibling{
			Kind: k, Reference: ref, TransactionID: a.TransactionID, Amount: f.Amount, At: now(), Outcome: a.Outcome,
		})
	}
	return a, err
}

// siblings are the other follow-ups of an original.
func (b *bank) siblings(ref string, o connector.Original) []connector.Sibling {
	b.mu.Lock()
	defer b.mu.Unlock()
	var others []connector.Sibling
	for _, s := range b.sent[o.Reference] {
		if s.Reference != ref {
			others = append(others, s)
		}
	}
	return others
}

func (b *bank) inquire(k connector.Kind, ref string, minor int64, o connector.Original) (connector.Finding, error) {
	f, err := b.conn.Inquire(b.t.Context(), connector.Inquiry{
		Kind: k, Reference: ref, Amount: b.amount(minor), At: now(), Memo: b.memos[ref],
		Original: o, Siblings: b.siblings(ref, o),
	})
	b.heard(f.Answer, err)
	return f, err
}

// eventually inquires until the request is known: a slow bank takes its time.
func (b *bank) eventually(k connector.Kind, ref string, minor int64, o connector.Original) connector.Finding {
	b.t.Helper()
	for end := now().Add(patience); ; {
		f, err := b.inquire(k, ref, minor, o)
		if err != nil {
			b.t.Fatalf("inquire: %v", err)
		}
		if !f.Missing && f.Outcome != connector.Unknown {
			return f
		}
		if now().After(end) {
			b.t.Fatalf("inquiry never found %s", ref)
		}
	}
}

func (b *bank) wantOutcome(a connector.Answer, err error, want connector.Outcome) {
	b.t.Helper()
	if a.Outcome != want {
		b.t.Fatalf("outcome = %d (reason %q, error %v), want %d", a.Outcome, a.Reason, err, want)
	}
	if certain := want == connector.Approved || want == connector.Declined; certain != (err == nil) {
		b.t.Fatalf("outcome %d with error %v", want, err)
	}
}

// wantDeclined insists on a refusal with one of the reasons.
func (b *bank) wantDeclined(a connector.Answer, err error, reasons ...connector.Reason) {
	b.t.Helper()
	b.wantOutcome(a, err, connector.Declined)
	if len(reasons) > 0 && !slices.Contains(reasons, a.Reason) {
		b.t.Fatalf("reason = %q, want one of %q", a.Reason, reasons)
	}
}
