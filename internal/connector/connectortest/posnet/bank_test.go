// Package posnet_test is a connector that is thrown away: it proves that a bank like
// Yapı Kredi, by the reference's section on PosNet XML, passes the suite as one
// folder. A POS must not use it.
package posnet_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/wire"
	"github.com/vezne/vezne/internal/money"
)

const (
	apiPath    = "/PosnetWebService/XML"
	threeDPath = "/3DSWebService/YKBPaymentService"
	testKey    = "10,10,10,10,10,10,10,10"
	// securePrefix makes the order id of an XID (bank text of 27.08.2021).
	securePrefix = "TDS_"
)

var registration = connector.Registration{
	Name: "posnet", Title: "PosNet",
	Settings: []connector.Setting{
		{Name: "url", Title: "Address"}, {Name: "mid", Title: "Merchant", Default: "6706598320"}, {Name: "tid", Title: "Terminal", Default: "67005551"},
		{Name: "key", Title: "Encryption key", Secret: true, Default: testKey},
	},
	Connector: (*bank)(nil), Open: open, Simulator: newSimulator,
}

// rules are those of the bank: reverse is for the day, return for later ones, and a
// captured order needs two reversals.
func rules() connector.Rules {
	return connector.Rules{Day: connector.Day{Zone: connector.Istanbul(), End: 22 * time.Hour}, VoidLeavesHold: true, Charset: connector.ISO88599}
}

type bank struct {
	http                   *http.Client
	address, mid, tid, key string
}

func open(settings map[string]string, env connector.Environment) (connector.Connector, error) {
	if !env.TestMode {
		return nil, errors.New("open posnet: url: the simulator needs test mode")
	}
	b := &bank{http: env.HTTP, address: env.SimulatorURL + "/posnet", mid: "6706598320", tid: "67005551", key: testKey}
	for name, field := range map[string]*string{"url": &b.address, "mid": &b.mid, "tid": &b.tid, "key": &b.key} {
		if settings[name] != "" {
			*field = settings[name]
		}
	}
	u, err := url.Parse(b.address)
	if err != nil || u.Host == "" {
		return nil, errors.New("open posnet: url: want a web address")
	}
	return b, nil
}

func (*bank) Rules() connector.Rules { return rules() }

func (b *bank) Authorize(ctx context.Context, c connector.Charge) (connector.Answer, error) {
	op := "sale"
	if c.Kind == connector.Authorize {
		op = "auth"
	}
	fields := append([]wire.Element{wire.Leaf("orderID", c.Reference), wire.Leaf("installment", installments(c.Installments))},
		append(sums(c.Amount), cardOf(c)...)...)
	return b.place(ctx, wire.Node(op, fields...))
}

func cardOf(c connector.Charge) []wire.Element {
	return []wire.Element{
		wire.Leaf("ccno", c.Card.PAN.Reveal()), wire.Leaf("expDate", c.Card.Expiry.YY()+c.Card.Expiry.MM()), wire.Leaf("cvc", c.Card.CVV.Reveal()),
	}
}

func sums(a money.Amount) []wire.Element {
	return []wire.Element{wire.Leaf("amount", kurus(a)), wire.Leaf("currencyCode", currencyCode(a.Currency()))}
}

func kurus(a money.Amount) string { return strconv.FormatInt(a.Minor(), 10) }

// installments are two digits, and 00 for a single payment.
func installments(n int) string {
	if n <= 1 {
		return "00"
	}
	return fmt.Sprintf("%02d", n)
}

func currencyCode(c money.Currency) string {
	switch c {
	case money.TRY:
		return "TL"
	case money.USD:
		return "US"
	case money.EUR:
		return "EU"
	default:
		return ""
	}
}

func (b *bank) Capture(ctx context.Context, f connector.FollowUp) (connector.Answer, error) {
	return b.place(ctx, wire.Node("capt", append([]wire.Element{wire.Leaf("hostLogKey", f.Original.TransactionID)},
		append(sums(f.Amount), wire.Leaf("installment", installments(f.Original.Installments)))...)...))
}

func (b *bank) Void(ctx context.Context, f connector.FollowUp) (connector.Answer, error) {
	what := f.Original.Money()
	names := map[connector.Kind]string{connector.Sale: "sale", connector.Authorize: "auth", connector.Capture: "capt"}
	return b.place(ctx, wire.Node("reverse", wire.Leaf("transaction", names[what.Kind]), wire.Leaf("hostLogKey", what.TransactionID)))
}

func (b *bank) Refund(ctx context.Context, f connector.FollowUp) (connector.Answer, error) {
	return b.place(ctx, wire.Node("return", append(sums(f.Amount), wire.Leaf("hostLogKey", f.Original.Money().TransactionID))...))
}

// place sends a request that moves money.
func (b *bank) place(ctx context.Context, op wire.Element) (connector.Answer, error) {
	r, err := b.ask(ctx, op)
	if err != nil {
		return connector.Answer{Outcome: wire.OutcomeOf(err)}, fmt.Errorf("%s: %w", op.Name, err)
	}
	return toAnswer(r)
}

var errReply = errors.New("the bank's answer is malformed")

func (b *bank) ask(ctx context.Context, op wire.Element) (wire.Element, error) {
	document := wire.Node("posnetRequest", wire.Leaf("mid", b.mid), wire.Leaf("tid", b.tid), wire.Leaf("tranDateRequired", "1"), op)
	text, err := document.XML(connector.ISO88599)
	if err != nil {
		return wire.Element{}, fmt.Errorf("%w: %w", wire.ErrUnsent, err)
	}
	resp, err := wire.Do(ctx, b.http, wire.Request{
		Method: http.MethodPost, URL: b.address + apiPath,
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		Body:   []byte("xmldata=" + url.QueryEscape(string(text))),
	})
	if err != nil {
		return wire.Element{}, err
	}
	r, err := wire.ParseXML(resp.Body, wire.Charset(resp.Header.Get("Content-Type"), resp.Body, connector.ISO88599))
	if err != nil || resp.Status != http.StatusOK || r.Name != "posnetResponse" ||
		!strings.Contains("012", r.Value("approved")) || r.Value("approved") == "" {
		return wire.Element{}, errReply
	}
	return r, nil
}

// undecided are refusals after which the money may have moved (section 3.1).
var undecided = map[string]bool{"0091": true, "0302": true, "0400": true, "E997": true, "E998": true, "E999": true}

func toAnswer(r wire.Element) (connector.Answer, error) {
	code := r.Value("respCode")
	a := connector.Answer{BankCode: code, BankMessage: r.Value("respText")}
	// approved=2 is the approval of the first request with this order id.
	if approved := r.Value("approved"); approved == "1" || approved == "2" {
		a.TransactionID, a.AuthCode = r.Value("hostlogkey"), r.Value("authCode")
		if a.TransactionID == "" {
			return connector.Answer{}, errReply
		}
		a.Outcome, a.Reason = connector.Approved, connector.Success
		return a, nil
	}
	if code == "" || undecided[code] {
		return connector.Answer{}, fmt.Errorf("%w: code %q", errReply, code)
	}
	a.Outcome, a.Reason = connector.Declined, connector.UnknownReason
	for reason, c := range codes {
		if c == code {
			a.Reason = reason
		}
	}
	return a, nil
}

// codes are the bank's, one for each reason.
var codes = map[connector.Reason]string{
	connector.DoNotHonour: "0005", connector.InvalidTransaction: "0012", connector.InvalidCardNumber: "0014", connector.LostCard: "0041",
	connector.StolenCard: "0043", connector.NotSufficientFunds: "0051", connector.ExpiredCard: "0054", connector.NotPermittedToCardholder: "0057",
	connector.NotPermittedToTerminal: "0058", connector.RestrictedCard: "0062", connector.PaymentNotFoundForRefund: "0123",
	connector.OrderIDAlreadyUsed: "0127", connector.InvalidMerchantOrSP: "0148", connector.InputData: "0202", connector.InvalidAmount: "0205",
	connector.AlreadySettled: "0211", connector.MayHaveAlreadyRefunded: "0220", connector.RequiresDayEnd: "0411",
	connector.ThreeDSInitError: "0444", connector.InvalidRefundTransaction: "0450", connector.InvalidCAVV: "E216", connector.CardNotPermitted: "0129",
}

// states are the bank's names of what happened to an order.
var states = map[connector.Kind]string{
	connector.Sale: "Sale", connector.Authorize: "Auth", connector.Capture: "Capt", connector.Refund: "Return", connector.Void: "Reverse",
}

func (b *bank) Inquire(ctx context.Context, q connector.Inquiry) (connector.Finding, error) {
	ref, secure := q.Reference, isSecure(q.Memo)
	if q.Original.Reference != "" {
		ref, secure = q.Original.Reference, isSecure(q.Original.Memo)
	}
	if secure {
		ref = securePrefix + ref
	}
	r, err := b.ask(ctx, wire.Node("agreement", wire.Leaf("orderID", ref)))
	if err != nil {
		return connector.Finding{}, fmt.Errorf("agreement: %w", err)
	}
	if r.Value("approved") != "1" {
		if r.Value("respCode") == "E219" {
			return connector.Finding{Missing: true}, nil
		}
		return connector.Finding{}, fmt.Errorf("agreement: %w", errReply)
	}
	list := r.Child("transactions").All("transaction")
	if q.Original.Reference != "" {
		return foundFollowUp(q, list), nil
	}
	return foundCharge(q, list)
}

func foundCharge(q connector.Inquiry, list []wire.Element) (connector.Finding, error) {
	var f connector.Finding
	for _, t := range list {
		switch {
		case t.Value("state") == states[q.Kind]:
			a, err := amountOf(t, q.Amount.Currency())
			if err != nil || a != q.Amount || t.Value("hostlogkey") == "" {
				return connector.Finding{}, fmt.Errorf("agreement: %w", errReply)
			}
			f.Answer = connector.Answer{
				Outcome: connector.Approved, Reason: connector.Success, TransactionID: t.Value("hostlogkey"), AuthCode: t.Value("authCode"), Memo: q.Memo,
			}
		case t.Value("state") == states[connector.Void] && t.Value("reversed") == states[q.Kind]:
			f.Reversed = true
		}
	}
	return f, nil
}

// foundFollowUp tells a follow-up from its siblings, for the bank knows neither by a
// reference of ours.
func foundFollowUp(q connector.Inquiry, list []wire.Element) connector.Finding {
	var moved []connector.Movement
	for _, t := range list {
		if a, err := amountOf(t, q.Amount.Currency()); err == nil && t.Value("state") == states[q.Kind] {
			moved = append(moved, connector.Movement{Amount: a, TransactionID: t.Value("hostlogkey")})
		}
	}
	standing, mine := q.Among(moved)
	switch standing {
	case connector.Present:
		return connector.Finding{Answer: connector.Answer{Outcome: connector.Approved, Reason: connector.Success, TransactionID: mine.TransactionID}}
	case connector.Absent:
		return connector.Finding{Missing: true}
	case connector.Unclear:
	}
	return connector.Finding{}
}

// amountOf reads an amount with a comma, which only this answer has.
func amountOf(t wire.Element, c money.Currency) (money.Amount, error) {
	if t.Value("currencyCode") != currencyCode(c) {
		return money.Amount{}, errReply
	}
	return money.ParseAmount(strings.Replace(t.Value("amount"), ",", ".", 1), c)
}
