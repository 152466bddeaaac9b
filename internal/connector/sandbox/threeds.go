package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/wire"
	"github.com/vezne/vezne/internal/money"
)

// errReturn is a return whose MAC is right and whose content makes no sense.
var errReturn = errors.New("the bank's return is malformed")

// Enrol asks the bank to authenticate the payer of a charge. The form that takes
// the payer there carries a token alone.
func (b *bank) Enrol(ctx context.Context, e connector.Enrolment) (connector.Enrolled, error) {
	o := b.cardOrder(e.Charge)
	body, err := b.exchange(ctx, enrolmentsPath, enrolmentOrder{
		Order: o, Model: b.model, CardAgain: b.cardAgain, ReturnURL: e.ReturnURL, Language: e.Language,
	})
	var r enrolmentReply
	if err == nil {
		r, err = parseEnrolment(body)
	}
	if err == nil {
		err = b.check(r.Reply, o.Kind, o.Reference)
	}
	if err == nil && !sameAmount(r.Reply, o.Amount, o.Currency) {
		err = errMismatch
	}
	if err != nil {
		answer := connector.Answer{Outcome: wire.OutcomeOf(err)}
		return connector.Enrolled{Answer: answer}, fmt.Errorf("enrol %s: %w", o.Reference, err)
	}
	enrolled := connector.Enrolled{Answer: toAnswer(r.Reply)}
	if enrolled.Outcome == connector.Approved {
		enrolled.Way.Form = connector.Form{Action: r.Page, Fields: []connector.Field{{Name: "token", Value: r.Token}}}
	}
	return enrolled, nil
}

// parseEnrolment reads an answer whose MAC is right. Its error holds nothing of it.
func parseEnrolment(body []byte) (enrolmentReply, error) {
	var r enrolmentReply
	if err := json.Unmarshal(body, &r); err != nil {
		return enrolmentReply{}, errReply
	}
	switch {
	case r.Reply.Outcome == approved && r.Token != "" && isWebAddress(r.Page):
	case r.Reply.Outcome == declined && r.Reply.Code != "" && r.Reply.Code != string(connector.Success):
	default:
		return enrolmentReply{}, errReply
	}
	return r, nil
}

func isWebAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// ReadReturn reads the form with which the bank sends a payer back. Its MAC
// covers every field, byte by byte, so one that is missing, sent twice or unknown
// is forged.
func (b *bank) ReadReturn(
	_ context.Context, f connector.ReturnForm, _ connector.Charge, _ connector.Memo,
) (connector.Authentication, error) {
	signed, values := make(map[string]string, len(returnFields)), make(map[string]string, len(returnFields))
	for _, name := range returnFields {
		if len(f.Bytes[name]) != 1 {
			return connector.Authentication{}, connector.ErrForgedReturn
		}
		signed[name], values[name] = f.Bytes.Get(name), f.Get(name)
	}
	if len(f.Bytes) != len(returnFields)+1 || len(f.Bytes[macField]) != 1 || values["terminal"] != b.terminal ||
		!macEqual(f.Bytes.Get(macField), b.macs.back(signed)) {
		return connector.Authentication{}, connector.ErrForgedReturn
	}
	return toAuthentication(values)
}

// toAuthentication reads a return whose MAC is right.
func toAuthentication(values map[string]string) (connector.Authentication, error) {
	minor, err := strconv.ParseInt(values["amount"], 10, 64)
	if err != nil || minor <= 0 {
		return connector.Authentication{}, errReturn
	}
	numeric, err := strconv.ParseUint(values["currency"], 10, 16)
	if err != nil || !money.Currency(numeric).Valid() {
		return connector.Authentication{}, errReturn
	}
	status, err := strconv.Atoi(values["md_status"])
	if err != nil || status < 0 || status > 9 {
		return connector.Authentication{}, errReturn
	}
	a := connector.Authentication{
		Reference: values["reference"], Amount: money.FromMinor(minor, money.Currency(numeric)), MDStatus: status,
		Token: values["md"], XID: values["xid"], ECI: values["eci"], CAVV: values["cavv"],
	}
	if values["outcome"] == "" {
		return a, nil
	}
	a.Provisioned = true
	a.Answer = toAnswer(reply{
		Outcome: outcome(values["outcome"]), Code: values["code"], Message: values["message"],
		TransactionID: values["transaction_id"], RRN: values["rrn"], AuthCode: values["auth_code"],
	})
	return a, nil
}

// Rules implements connector.Ruled. A return that is not UTF-8 is windows-1254.
func (*bank) Rules() connector.Rules { return rules() }

// WantsCard implements connector.CardWanter.
func (b *bank) WantsCard() bool { return b.cardAgain }

// AuthorizeAuthenticated books a charge whose payer was authenticated. No card
// data goes with it, for what the return said stands for the card; unless the POS
// is set to a bank that wants it again.
func (b *bank) AuthorizeAuthenticated(
	ctx context.Context, c connector.Charge, a connector.Authentication,
) (connector.Answer, error) {
	o := b.charge(c)
	if b.cardAgain && a.Token != "" { // a card without proof would be a sale without 3-D Secure
		o = b.cardOrder(c)
	}
	o.Authentication = orderAuthentication{MD: a.Token, XID: a.XID, ECI: a.ECI, CAVV: a.CAVV}
	return b.place(ctx, o)
}
