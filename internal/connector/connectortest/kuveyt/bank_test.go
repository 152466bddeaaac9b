// Package kuveyt_test is a connector that is thrown away: it proves that a bank like
// Kuveyt Türk, by the reference's section on BOA, passes the suite as one folder. A
// POS must not use it.
package kuveyt_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/wire"
	"github.com/vezne/vezne/internal/money"
)

const (
	salePath      = "/Home/Non3DPayGate"
	enrolPath     = "/Home/ThreeDModelPayGate"
	provisionPath = "/Home/ThreeDModelProvisionGate"
	soapPath      = "/VirtualPosService.svc/Basic"
	actions       = "http://boa.net/BOA.Integration.VirtualPos/Service/IVirtualPosService/"
	testPassword  = "Api123"
)

var registration = connector.Registration{
	Name: "kuveyt", Title: "Kuveyt Türk",
	Settings: []connector.Setting{
		{Name: "url", Title: "Address"}, {Name: "merchant", Title: "Merchant", Default: "80"},
		{Name: "user", Title: "User", Default: "apiuser"}, {Name: "password", Title: "Password", Secret: true, Default: testPassword},
	},
	Connector: (*bank)(nil), Open: open, Simulator: newSimulator,
}

// rules are those of the bank: on the day of the sale it gives the whole back by a
// void alone.
func rules() connector.Rules { return connector.Rules{Charset: connector.Windows1254} }

type bank struct {
	http                              *http.Client
	address, merchant, user, password string
}

func open(settings map[string]string, env connector.Environment) (connector.Connector, error) {
	if !env.TestMode {
		return nil, errors.New("open kuveyt: url: the simulator needs test mode")
	}
	b := &bank{http: env.HTTP, address: env.SimulatorURL + "/kuveyt", merchant: "80", user: "apiuser", password: testPassword}
	for name, field := range map[string]*string{"url": &b.address, "merchant": &b.merchant, "user": &b.user, "password": &b.password} {
		if settings[name] != "" {
			*field = settings[name]
		}
	}
	u, err := url.Parse(b.address)
	if err != nil || u.Host == "" {
		return nil, errors.New("open kuveyt: url: want a web address")
	}
	return b, nil
}

func (*bank) Rules() connector.Rules { return rules() }

// hash is that of a request; addresses are empty but at an enrolment.
func (b *bank) hash(reference, amount, ok, fail string) string {
	return wire.SHA1(b.merchant, reference, amount, ok, fail, b.user, b.hashedPassword()).Base64()
}

// answerHash is that of an answer.
func (b *bank) answerHash(reference, rrn, code, orderID string) string {
	return wire.SHA1(reference, rrn, code, orderID, b.hashedPassword()).Base64()
}

func (b *bank) hashedPassword() string { return wire.SHA1(b.password).Base64() }

// message is a request: security 1 is without and 3 with 3-D Secure.
func (b *bank) message(c connector.Charge, security, ok, fail string, more ...wire.Element) wire.Element {
	amount, count := kurus(c.Amount), "0"
	if c.Installments > 1 {
		count = strconv.Itoa(c.Installments)
	}
	fields := append([]wire.Element{
		wire.Leaf("APIVersion", "TDV2.0.0"), wire.Leaf("OkUrl", ok), wire.Leaf("FailUrl", fail),
		wire.Leaf("HashData", b.hash(c.Reference, amount, ok, fail)), wire.Leaf("MerchantId", b.merchant), wire.Leaf("UserName", b.user),
		wire.Leaf("TransactionType", "Sale"), wire.Leaf("InstallmentCount", count), wire.Leaf("Amount", amount), wire.Leaf("DisplayAmount", amount),
		wire.Leaf("CurrencyCode", currencyCode(c.Amount.Currency())), wire.Leaf("MerchantOrderId", c.Reference), wire.Leaf("TransactionSecurity", security),
	}, more...)
	return wire.Node("KuveytTurkVPosMessage", fields...)
}

func cardOf(c connector.Charge) []wire.Element {
	return []wire.Element{
		wire.Leaf("CardNumber", c.Card.PAN.Reveal()), wire.Leaf("CardExpireDateYear", c.Card.Expiry.YY()),
		wire.Leaf("CardExpireDateMonth", c.Card.Expiry.MM()), wire.Leaf("CardCVV2", c.Card.CVV.Reveal()), wire.Leaf("CardHolderName", c.Card.Holder),
	}
}

func kurus(a money.Amount) string { return strconv.FormatInt(a.Minor(), 10) }

func currencyCode(c money.Currency) string { return fmt.Sprintf("0%03d", uint16(c)) }

func (b *bank) Authorize(ctx context.Context, c connector.Charge) (connector.Answer, error) {
	return b.place(ctx, salePath, c.Reference, b.message(c, "1", "", "", cardOf(c)...))
}

// place sends a sale and reads the answer, whose hash covers its identities.
func (b *bank) place(ctx context.Context, path, reference string, m wire.Element) (connector.Answer, error) {
	resp, err := b.send(ctx, path, "", m)
	if err == nil {
		var r wire.Element
		if r, err = parse(resp, "VPosTransactionResponseContract"); err == nil {
			var a connector.Answer
			if a, err = b.toAnswer(r, reference); err == nil {
				return a, nil
			}
		}
	}
	return connector.Answer{Outcome: wire.OutcomeOf(err)}, fmt.Errorf("sale %s: %w", reference, err)
}

var (
	errReply = errors.New("the bank's answer is malformed")
	errHash  = errors.New("the bank's answer has a wrong hash")
)

func (b *bank) send(ctx context.Context, path, action string, m wire.Element) (wire.Response, error) {
	body, err := m.XML(connector.Windows1254)
	if err != nil {
		return wire.Response{}, fmt.Errorf("%w: %w", wire.ErrUnsent, err)
	}
	h := http.Header{"Content-Type": {"application/xml"}}
	if action != "" {
		h = http.Header{"Content-Type": {"text/xml"}, "SOAPAction": {actions + action}}
	}
	resp, err := wire.Do(ctx, b.http, wire.Request{Method: http.MethodPost, URL: b.address + path, Header: h, Body: body})
	if err == nil && resp.Status != http.StatusOK {
		err = fmt.Errorf("%w: status %d", errReply, resp.Status)
	}
	return resp, err
}

func parse(resp wire.Response, root string) (wire.Element, error) {
	r, err := wire.ParseXML(resp.Body, wire.Charset(resp.Header.Get("Content-Type"), resp.Body, connector.Windows1254))
	if err != nil || r.Name != root {
		return wire.Element{}, errReply
	}
	return r, nil
}

func (b *bank) toAnswer(r wire.Element, reference string) (connector.Answer, error) {
	code, orderID, rrn := r.Value("ResponseCode"), r.Value("OrderId"), r.Value("RRN")
	if code == "" || r.Value("MerchantOrderId") != reference {
		return connector.Answer{}, errReply
	}
	if !wire.SameMAC(r.Value("HashData"), b.answerHash(reference, rrn, code, orderID)) {
		return connector.Answer{}, errHash
	}
	if code != "00" {
		return declined(code, r.Value("ResponseMessage")), nil
	}
	return approved(code, r.Value("ResponseMessage"), identities{orderID, rrn, r.Value("Stan"), r.Value("ProvisionNumber")})
}

func declined(code, message string) connector.Answer {
	a := connector.Answer{Outcome: connector.Declined, Reason: connector.UnknownReason, BankCode: code, BankMessage: message}
	for reason, c := range codes {
		if c == code {
			a.Reason = reason
		}
	}
	return a
}

// identities are the four values of a sale that the bank wants back.
type identities struct{ orderID, rrn, stan, provision string }

func approved(code, message string, i identities) (connector.Answer, error) {
	if i.orderID == "" || i.rrn == "" || i.stan == "" || i.provision == "" {
		return connector.Answer{}, errReply
	}
	return connector.Answer{
		Outcome: connector.Approved, Reason: connector.Success, BankCode: code, BankMessage: message,
		TransactionID: i.orderID, HostReference: i.rrn, AuthCode: i.provision,
		Memo: connector.Memo(strings.Join([]string{i.orderID, i.rrn, i.stan, i.provision}, ",")),
	}, nil
}

func remembered(m connector.Memo) (identities, error) {
	v := strings.Split(string(m), ",")
	if len(v) != 4 {
		return identities{}, errors.New("the memo is not of a sale")
	}
	return identities{v[0], v[1], v[2], v[3]}, nil
}

// codes are the bank's, one for each reason.
var codes = map[connector.Reason]string{
	connector.DoNotHonour: "05", connector.InvalidTransaction: "12", connector.InvalidAmount: "13", connector.InvalidCardNumber: "14",
	connector.PaymentNotFoundForRefund: "25", connector.LostCard: "41", connector.StolenCard: "43", connector.NotSufficientFunds: "51",
	connector.ExpiredCard: "54", connector.CardNotPermitted: "57", connector.NotPermittedToTerminal: "58", connector.RestrictedCard: "62",
	connector.OrderIDAlreadyUsed: "94", connector.MayHaveAlreadyRefunded: "21", connector.RequiresDayEnd: "VoidInstead",
	connector.AlreadySettled: "DrawBackInstead", connector.InvalidCAVV: "EmptyMDException", connector.InvalidMerchantOrSP: "HashDataError",
	connector.InputData: "MetaDataNotFound", connector.ThreeDSInitError: "CardNotEnrolled", connector.InvalidRefundTransaction: "28",
}

func (b *bank) Void(ctx context.Context, f connector.FollowUp) (connector.Answer, error) {
	return b.followUp(ctx, "SaleReversal", f)
}

func (b *bank) Refund(ctx context.Context, f connector.FollowUp) (connector.Answer, error) {
	action := "PartialDrawback"
	if f.Amount == f.Original.Amount {
		action = "DrawBack"
	}
	return b.followUp(ctx, action, f)
}

// followUp names the sale by the four values, and itself by none.
func (b *bank) followUp(ctx context.Context, action string, f connector.FollowUp) (connector.Answer, error) {
	i, err := remembered(f.Original.Memo)
	if err != nil {
		return connector.Answer{Outcome: connector.Unsent}, fmt.Errorf("%s: %w", action, err)
	}
	r, err := b.soap(ctx, action, f.Original.Reference, f.Amount,
		wire.Leaf("OrderId", i.orderID), wire.Leaf("RRN", i.rrn), wire.Leaf("Stan", i.stan), wire.Leaf("ProvisionNumber", i.provision))
	if err != nil {
		return connector.Answer{Outcome: wire.OutcomeOf(err)}, fmt.Errorf("%s: %w", action, err)
	}
	switch code := r.Value("Value", "ResponseCode"); code {
	case "":
		return connector.Answer{}, fmt.Errorf("%s: %w", action, errReply)
	case "00":
		return connector.Answer{
			Outcome: connector.Approved, Reason: connector.Success, BankCode: code, BankMessage: r.Value("Value", "ResponseMessage"),
			TransactionID: r.Value("Value", "OrderId"), HostReference: r.Value("Value", "RRN"),
		}, nil
	default:
		return declined(code, r.Value("Value", "ResponseMessage")), nil
	}
}

// soap sends an envelope and returns the result of its action.
func (b *bank) soap(
	ctx context.Context, action, reference string, a money.Amount, fields ...wire.Element,
) (wire.Element, error) {
	c := connector.Charge{Reference: reference, Amount: a}
	request := wire.Node("request", append(fields, wire.Leaf("MerchantOrderId", reference), b.message(c, "1", "", ""))...)
	envelope := wire.Element{
		Name: "soapenv:Envelope", Attrs: []wire.Attr{{Name: "xmlns:soapenv", Value: "http://schemas.xmlsoap.org/soap/envelope/"}},
		Children: []wire.Element{wire.Node("soapenv:Body", wire.Node(action, request))},
	}
	resp, err := b.send(ctx, soapPath, action, envelope)
	if err != nil {
		return wire.Element{}, err
	}
	r, err := parse(resp, "Envelope")
	if err != nil {
		return wire.Element{}, err
	}
	result := r.Child("Body", action+"Response", action+"Result")
	if result.Name == "" {
		return wire.Element{}, errReply
	}
	return result, nil
}

func (b *bank) Inquire(ctx context.Context, q connector.Inquiry) (connector.Finding, error) {
	f, err := b.detail(ctx, q)
	if err != nil {
		return connector.Finding{}, fmt.Errorf("GetMerchantOrderDetail: %w", err)
	}
	return f, nil
}

// The bank's statuses of an order.
const (
	statusRefunded, statusPartRefunded, statusCancelled = "4", "5", "6"
)

func (b *bank) detail(ctx context.Context, q connector.Inquiry) (connector.Finding, error) {
	about, sum := q.Reference, q.Amount
	if q.Original.Reference != "" {
		about, sum = q.Original.Reference, q.Original.Amount
	}
	r, err := b.soap(ctx, "GetMerchantOrderDetail", about, sum)
	if err != nil {
		return connector.Finding{}, err
	}
	order := r.Child("Value", "OrderContract")
	switch {
	case r.Child("Value").Name == "":
		return connector.Finding{}, errReply
	case order.Name == "":
		return connector.Finding{Missing: true}, nil
	case order.Value("MerchantOrderId") != about || order.Value("Amount") != kurus(sum):
		return connector.Finding{}, errReply
	case q.Original.Reference != "":
		return foundFollowUp(q, order)
	}
	if code := order.Value("ResponseCode"); code != "00" {
		return connector.Finding{Answer: declined(code, "")}, nil
	}
	a, err := approved("00", "", identities{order.Value("OrderId"), order.Value("RRN"), order.Value("Stan"), order.Value("ProvisionNumber")})
	return connector.Finding{Answer: a, Reversed: order.Value("LastOrderStatus") == statusCancelled}, err
}

// foundFollowUp has a total alone to tell a refund by.
func foundFollowUp(q connector.Inquiry, order wire.Element) (connector.Finding, error) {
	minor, err := strconv.ParseInt(order.Value("DrawbackAmount"), 10, 64)
	if err != nil {
		return connector.Finding{}, errReply
	}
	standing := q.Within(money.FromMinor(minor, q.Amount.Currency()))
	if q.Kind == connector.Void {
		standing = connector.Absent
		if order.Value("LastOrderStatus") == statusCancelled {
			standing = connector.Present
		}
	}
	switch standing {
	case connector.Present:
		return connector.Finding{Answer: connector.Answer{Outcome: connector.Approved, Reason: connector.Success, BankCode: "00"}}, nil
	case connector.Absent:
		return connector.Finding{Missing: true}, nil
	case connector.Unclear:
	}
	return connector.Finding{}, nil
}
