package posnet_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/simulator"
	"github.com/vezne/vezne/internal/connector/wire"
	"github.com/vezne/vezne/internal/money"
)

// simulatedBank knows one merchant, and every terminal of its.
type simulatedBank struct {
	*simulator.Bank
	merchant bank // whose MACs it makes
}

func newSimulator(env connector.SimulatorEnvironment) (http.Handler, error) {
	s := &simulatedBank{merchant: bank{mid: "6706598320", key: testKey}}
	b, err := simulator.Open(simulator.Options{Name: "posnet", Rules: rules(), Return: s.back}, env)
	if err != nil {
		return nil, err
	}
	s.Bank = b
	b.HandleEach("POST "+apiPath, classify, s.serve)
	b.HandlePage("POST "+threeDPath, s.arrive)
	return b, nil
}

func classify(_ *http.Request, body []byte) simulator.Class {
	text, _ := url.QueryUnescape(string(body))
	if strings.Contains(text, "<agreement>") || strings.Contains(text, "<oosResolveMerchantData>") {
		return simulator.Question
	}
	return simulator.Money
}

func (s *simulatedBank) serve(r *http.Request, body []byte) (simulator.Reply, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return simulator.Refuse(http.StatusBadRequest, "malformed form"), nil //nolint:nilerr // the bank refuses what it cannot read
	}
	text := []byte(form.Get("xmldata"))
	q, err := wire.ParseXML(text, wire.Charset("", text, connector.ISO88599))
	if err != nil || q.Name != "posnetRequest" {
		return simulator.Refuse(http.StatusBadRequest, "malformed XML"), nil //nolint:nilerr // the bank refuses what it cannot read
	}
	said, err := s.decide(r, q)
	if err != nil {
		return simulator.Reply{}, err
	}
	c := simulator.Charset(r, connector.ISO88599)
	out, err := wire.Node("posnetResponse", said...).XML(c)
	return simulator.Reply{Header: http.Header{"Content-Type": {"text/xml; charset=" + string(c)}}, Body: out}, err
}

func (s *simulatedBank) decide(r *http.Request, q wire.Element) ([]wire.Element, error) {
	tid := q.Value("tid")
	if q.Value("mid") != s.merchant.mid || len(tid) != 8 {
		return refusal(connector.InvalidMerchantOrSP), nil
	}
	for _, op := range q.Children {
		switch op.Name {
		case "sale", "auth":
			return s.booked(s.Authorize(order(tid, op), cardData(op)))
		case "capt", "reverse", "return":
			return s.booked(s.FollowUp(order(tid, op)))
		case "agreement":
			return s.agreement(tid, op.Value("orderID"))
		case "oosRequestData":
			return s.enrol(tid, op), nil
		case "oosResolveMerchantData":
			return s.resolve(tid, op), nil
		case "oosTranData":
			known, ok := s.authenticated(tid, op)
			if !ok {
				return refusal(connector.InvalidCAVV), nil
			}
			return s.booked(s.Provision(known.Order, known.Proof, simulator.CardData{}))
		}
	}
	return refusal(connector.InputData), nil
}

var kinds = map[string]connector.Kind{
	"sale": connector.Sale, "auth": connector.Authorize, "capt": connector.Capture, "reverse": connector.Void, "return": connector.Refund,
	"Sale": connector.Sale, "Auth": connector.Authorize,
}

func order(tid string, op wire.Element) simulator.Order {
	minor, _ := strconv.ParseInt(op.Value("amount"), 10, 64) // zero is refused, but for a reversal
	count, _ := strconv.Atoi(op.Value("installment"))        // as is a wrong count
	number, _ := strconv.Atoi(op.Value("hostLogKey"))        // and a number that the bank does not know
	currencies := map[string]money.Currency{"TL": money.TRY, "US": money.USD, "EU": money.EUR}
	o := simulator.Order{
		Terminal: tid, Reference: op.Value("orderID"), Kind: kinds[op.Name], Installments: count, Original: number,
	}
	if c, known := currencies[op.Value("currencyCode")]; known {
		o.Amount = money.FromMinor(minor, c)
	}
	return o
}

func cardData(op wire.Element) simulator.CardData {
	return simulator.CardData{Number: op.Value("ccno"), Expiry: op.Value("expDate"), CVV: op.Value("cvc")}
}

func hostLogKey(b simulator.Booking) string { return fmt.Sprintf("%018d", b.Number) }

func (s *simulatedBank) booked(b simulator.Booking, err error) ([]wire.Element, error) {
	if err != nil {
		return nil, err
	}
	approved := "1"
	if b.Decline == connector.OrderIDAlreadyUsed {
		if b, err = s.Find(b.Order.Terminal, b.Order.Reference); err != nil {
			return nil, err
		}
		approved = "2"
	}
	if b.Decline != "" {
		return refusal(b.Decline), nil
	}
	return []wire.Element{
		wire.Leaf("approved", approved), wire.Leaf("respCode", "0000"), wire.Leaf("respText", simulator.Text("", connector.ISO88599)),
		wire.Leaf("hostlogkey", " "+hostLogKey(b)+" "), wire.Leaf("authCode", b.AuthCode()), wire.Leaf("tranDate", b.At.Format("060102150405")),
	}, nil
}

func refusal(why connector.Reason) []wire.Element {
	code := codes[why]
	if code == "" {
		code = "0005"
	}
	return []wire.Element{
		wire.Leaf("approved", "0"), wire.Leaf("respCode", code), wire.Leaf("respText", simulator.Text(why, connector.ISO88599)),
	}
}

// agreement lists what happened to an order; one of 3-D Secure has another id.
func (s *simulatedBank) agreement(tid, id string) ([]wire.Element, error) {
	ref, secure := strings.CutPrefix(id, securePrefix)
	b, err := s.Find(tid, ref)
	if err != nil {
		return nil, err
	}
	if _, known := s.Authenticated(tid, ref); !b.Approved() || known != secure {
		return []wire.Element{wire.Leaf("approved", "0"), wire.Leaf("respCode", "E219"), wire.Leaf("respText", "KAYIT BULUNAMADI")}, nil
	}
	all, err := s.About(tid, b.Number)
	if err != nil {
		return nil, err
	}
	list := []wire.Element{transaction(b, "")}
	byNumber := map[int]simulator.Booking{b.Number: b}
	for _, f := range all {
		byNumber[f.Number] = f
		if f.Approved() {
			list = append(list, transaction(f, states[byNumber[f.Order.Original].Order.Kind]))
		}
	}
	return []wire.Element{wire.Leaf("approved", "1"), wire.Node("transactions", list...)}, nil
}

func transaction(b simulator.Booking, reversed string) wire.Element {
	fields := []wire.Element{
		wire.Leaf("orderID", b.Order.Reference), wire.Leaf("amount", strings.Replace(b.Order.Amount.Decimal(), ".", ",", 1)),
		wire.Leaf("currencyCode", currencyCode(b.Order.Amount.Currency())), wire.Leaf("authCode", b.AuthCode()),
		wire.Leaf("state", states[b.Order.Kind]), wire.Leaf("txnStatus", "1"), wire.Leaf("hostlogkey", hostLogKey(b)),
	}
	if b.Order.Kind == connector.Void {
		fields = append(fields, wire.Leaf("reversed", reversed))
	}
	return wire.Node("transaction", fields...)
}

func (s *simulatedBank) enrol(tid string, op wire.Element) []wire.Element {
	o := order(tid, op)
	o.Reference, o.Kind = op.Value("XID"), kinds[op.Value("tranType")]
	token, refused := s.Enrol(simulator.Payer{Order: o}, cardData(op))
	if refused != "" {
		return refusal(refused)
	}
	return []wire.Element{wire.Leaf("approved", "1"), wire.Node("oosRequestDataResponse",
		wire.Leaf("data1", token), wire.Leaf("data2", tid), wire.Leaf("sign", s.sign(token, tid)))}
}

// sign is the bank's own hash over packets, which nobody else checks.
func (s *simulatedBank) sign(parts ...string) string {
	return wire.SHA256(strings.Join(append(parts, "the bank's secret"), "|")).Base64()
}

// arrive takes a payer's browser to the page.
func (s *simulatedBank) arrive(w http.ResponseWriter, r *http.Request) {
	token := r.PostFormValue("posnetData")
	if !wire.SameMAC(r.PostFormValue("digest"), s.sign(token, r.PostFormValue("posnetData2"))) ||
		!s.Arrive(token, r.PostFormValue("merchantReturnURL")) {
		http.Error(w, "unknown", http.StatusBadRequest)
		return
	}
	s.ShowPage(w, token)
}

func (s *simulatedBank) back(r simulator.Return) []connector.Field {
	o := r.Order
	return []connector.Field{
		{Name: "MerchantPacket", Value: o.Terminal}, {Name: "BankPacket", Value: o.Reference},
		{Name: "Sign", Value: r.MAC(s.sign(o.Reference, o.Terminal))}, {Name: "CCPrefix", Value: "542119"}, {Name: "TranType", Value: states[o.Kind]},
		{Name: "Amount", Value: kurus(o.Amount)}, {Name: "Xid", Value: o.Reference}, {Name: "MerchantId", Value: s.merchant.mid},
		{Name: "Message", Value: r.Message},
	}
}

// authenticated returns the payer of packets that are the bank's own, if the MAC is
// the merchant's and about this order.
func (s *simulatedBank) authenticated(tid string, op wire.Element) (simulator.Return, bool) {
	ref, packet := op.Value("bankData"), op.Value("merchantData")
	r, known := s.Authenticated(tid, ref)
	m := s.merchant
	m.tid = tid
	right := known && packet == tid && wire.SameMAC(op.Value("sign"), s.sign(ref, packet)) &&
		wire.SameMAC(op.Value("mac"), m.mac(ref, kurus(r.Order.Amount), currencyCode(r.Order.Amount.Currency())))
	return r, right
}

func (s *simulatedBank) resolve(tid string, op wire.Element) []wire.Element {
	r, ok := s.authenticated(tid, op)
	if !ok {
		return refusal(connector.InvalidCAVV)
	}
	o, status := r.Order, strconv.Itoa(r.MDStatus)
	m := s.merchant
	m.tid = tid
	amount, currency := kurus(o.Amount), currencyCode(o.Amount.Currency())
	return []wire.Element{wire.Leaf("approved", "1"), wire.Node("oosResolveMerchantDataResponse",
		wire.Leaf("xid", o.Reference), wire.Leaf("amount", amount), wire.Leaf("currency", currency), wire.Leaf("installment", installments(o.Installments)),
		wire.Leaf("mdStatus", status), wire.Leaf("mac", m.mac(status, o.Reference, amount, currency)))}
}
