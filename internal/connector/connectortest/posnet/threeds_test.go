package posnet_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/wire"
	"github.com/vezne/vezne/internal/money"
)

// A memo is the return's packets, as a query; that of an enrolment says no more than
// that the order is one of 3-D Secure, which changes its id at the bank.
const secureMark = "3d"

func isSecure(m connector.Memo) bool {
	v, err := url.ParseQuery(string(m))
	return err == nil && v.Has(secureMark)
}

func (b *bank) Enrol(ctx context.Context, e connector.Enrolment) (connector.Enrolled, error) {
	kind := "Sale"
	if e.Kind == connector.Authorize {
		kind = "Auth"
	}
	fields := append([]wire.Element{
		wire.Leaf("posnetid", b.tid), wire.Leaf("XID", xid(e.Reference)), wire.Leaf("installment", installments(e.Installments)),
		wire.Leaf("tranType", kind), wire.Leaf("cardHolderName", e.Card.Holder),
	}, append(sums(e.Amount), cardOf(e.Charge)...)...)
	r, err := b.ask(ctx, wire.Node("oosRequestData", fields...))
	if err != nil {
		return connector.Enrolled{Answer: connector.Answer{Outcome: wire.OutcomeOf(err)}}, fmt.Errorf("oosRequestData: %w", err)
	}
	if r.Value("approved") != "1" {
		a, err := toAnswer(r)
		return connector.Enrolled{Answer: a}, err
	}
	packet := r.Child("oosRequestDataResponse")
	return connector.Enrolled{
		Answer: connector.Answer{
			Outcome: connector.Approved, Reason: connector.Success, BankCode: r.Value("respCode"), Memo: connector.Memo(secureMark),
		},
		Way: connector.Way{Form: connector.Form{Action: b.address + threeDPath, Fields: []connector.Field{
			{Name: "mid", Value: b.mid}, {Name: "posnetID", Value: b.tid}, {Name: "posnetData", Value: packet.Value("data1")},
			{Name: "posnetData2", Value: packet.Value("data2")}, {Name: "digest", Value: packet.Value("sign")},
			{Name: "merchantReturnURL", Value: e.ReturnURL}, {Name: "lang", Value: e.Language},
		}}},
	}, nil
}

// xid is exactly 20 characters long.
func xid(reference string) string { return fmt.Sprintf("%020s", reference) }

// mac covers order, sum and merchant, and the status in the bank's own.
func (b *bank) mac(parts ...string) string {
	first := wire.SHA256(b.key, ";", b.tid).Base64()
	return wire.SHA256(strings.Join(append(parts, b.mid, first), ";")).Base64()
}

// ReadReturn has the bank explain the packets, which say nothing to anybody else.
func (b *bank) ReadReturn(
	ctx context.Context, f connector.ReturnForm, c connector.Charge, _ connector.Memo,
) (connector.Authentication, error) {
	packets := url.Values{secureMark: {""}}
	for _, name := range []string{"BankPacket", "MerchantPacket", "Sign"} {
		value, ok := f.Once(name)
		// Packets are base64 or hexadecimal; nothing else is worth asking about.
		if _, sendable := connector.ISO88599.Encode(value); !ok || value == "" || !sendable ||
			value != connector.Clean(value, connector.MaxMemo) {
			return connector.Authentication{}, connector.ErrForgedReturn
		}
		packets.Set(name, value)
	}
	id, amount, currency := xid(c.Reference), kurus(c.Amount), currencyCode(c.Amount.Currency())
	r, err := b.ask(ctx, wire.Node("oosResolveMerchantData", wire.Leaf("bankData", packets.Get("BankPacket")),
		wire.Leaf("merchantData", packets.Get("MerchantPacket")), wire.Leaf("sign", packets.Get("Sign")), wire.Leaf("mac", b.mac(id, amount, currency))))
	switch {
	case err != nil:
		return connector.Authentication{}, fmt.Errorf("%w: %w", connector.ErrUnconfirmedReturn, err)
	case r.Value("approved") != "1" && undecided[r.Value("respCode")]:
		return connector.Authentication{}, connector.ErrUnconfirmedReturn
	case r.Value("approved") != "1":
		return connector.Authentication{}, connector.ErrForgedReturn
	}
	said := r.Child("oosResolveMerchantDataResponse")
	right := b.mac(said.Value("mdStatus"), said.Value("xid"), said.Value("amount"), said.Value("currency"))
	if !wire.SameMAC(said.Value("mac"), right) {
		return connector.Authentication{}, fmt.Errorf("%w: its mac is wrong", connector.ErrUnconfirmedReturn)
	}
	if said.Value("xid") != id || said.Value("amount") != amount || said.Value("currency") != currency {
		return connector.Authentication{}, connector.ErrForgedReturn
	}
	status, err := strconv.Atoi(said.Value("mdStatus"))
	if err != nil {
		return connector.Authentication{}, errors.New("resolve return: malformed status")
	}
	return connector.Authentication{
		Reference: c.Reference, Amount: money.FromMinor(c.Amount.Minor(), c.Amount.Currency()), MDStatus: status, Memo: connector.Memo(packets.Encode()),
	}, nil
}

func (b *bank) AuthorizeAuthenticated(
	ctx context.Context, c connector.Charge, a connector.Authentication,
) (connector.Answer, error) {
	packets, err := url.ParseQuery(string(a.Memo))
	if err != nil {
		return connector.Answer{Outcome: connector.Unsent}, fmt.Errorf("oosTranData: %w", errReply)
	}
	answer, err := b.place(ctx, wire.Node("oosTranData", wire.Leaf("bankData", packets.Get("BankPacket")),
		wire.Leaf("merchantData", packets.Get("MerchantPacket")), wire.Leaf("sign", packets.Get("Sign")), wire.Leaf("wpAmount", "0"),
		wire.Leaf("mac", b.mac(xid(c.Reference), kurus(c.Amount), currencyCode(c.Amount.Currency())))))
	answer.Memo = connector.Memo(secureMark) // the order id is one of 3-D Secure for ever
	return answer, err
}
