package kuveyt_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/wire"
)

// Enrol has the bank's answer, a page, handed on.
func (b *bank) Enrol(ctx context.Context, e connector.Enrolment) (connector.Enrolled, error) {
	resp, err := b.send(ctx, enrolPath, "", b.message(e.Charge, "3", e.ReturnURL, e.ReturnURL, cardOf(e.Charge)...))
	if err != nil {
		return connector.Enrolled{Answer: connector.Answer{Outcome: wire.OutcomeOf(err)}}, fmt.Errorf("enrol %s: %w", e.Reference, err)
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		return connector.Enrolled{
			Answer: connector.Answer{Outcome: connector.Approved, Reason: connector.Success},
			Way:    connector.Way{Page: connector.Page{HTML: resp.Text(connector.Windows1254), Base: b.address + enrolPath}},
		}, nil
	}
	r, err := parse(resp, "VPosTransactionResponseContract")
	var a connector.Answer
	if err == nil {
		a, err = b.toAnswer(r, e.Reference)
	}
	if err == nil && a.Outcome != connector.Declined {
		err = errReply
	}
	if err != nil {
		return connector.Enrolled{}, fmt.Errorf("enrol %s: %w", e.Reference, err)
	}
	return connector.Enrolled{Answer: a}, nil
}

// ReadReturn reads the XML that the return's one field holds, encoded once more.
func (b *bank) ReadReturn(
	_ context.Context, f connector.ReturnForm, c connector.Charge, _ connector.Memo,
) (connector.Authentication, error) {
	field, ok := f.Once("AuthenticationResponse")
	text, err := url.QueryUnescape(field)
	if !ok || err != nil || len(f.Text) != 1 {
		return connector.Authentication{}, connector.ErrForgedReturn
	}
	r, err := wire.ParseXML([]byte(text), wire.Charset("", []byte(text), connector.Windows1254))
	if err != nil {
		return connector.Authentication{}, connector.ErrForgedReturn
	}
	reference, code := r.Value("MerchantOrderId"), r.Value("ResponseCode")
	if !wire.SameMAC(r.Value("HashData"), b.answerHash(reference, "", code, r.Value("OrderId"))) {
		return connector.Authentication{}, connector.ErrForgedReturn
	}
	// The hash does not cover the sum, which Authentication.Amount therefore leaves out.
	if r.Value("VPosMessage", "Amount") != kurus(c.Amount) {
		return connector.Authentication{}, errors.New("the bank's return is about another sum")
	}
	a := connector.Authentication{Reference: reference, Token: r.Value("MD")}
	if code == "00" {
		a.MDStatus = 1
	}
	return a, nil
}

func (b *bank) AuthorizeAuthenticated(
	ctx context.Context, c connector.Charge, a connector.Authentication,
) (connector.Answer, error) {
	return b.place(ctx, provisionPath, c.Reference, b.message(c, "3", "", "", wire.Node("KuveytTurkVPosAdditionalData",
		wire.Node("AdditionalData", wire.Leaf("Key", "MD"), wire.Leaf("Data", a.Token)))))
}
