package kuveyt_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/simulator"
	"github.com/vezne/vezne/internal/connector/wire"
	"github.com/vezne/vezne/internal/money"
)

// simulatedBank has one merchant.
type simulatedBank struct {
	*simulator.Bank
	merchant bank // whose hashes it makes
}

func newSimulator(env connector.SimulatorEnvironment) (http.Handler, error) {
	s := &simulatedBank{merchant: bank{merchant: "80", user: "apiuser", password: testPassword}}
	b, err := simulator.Open(simulator.Options{Name: "kuveyt", Rules: rules(), Return: s.back}, env)
	if err != nil {
		return nil, err
	}
	s.Bank = b
	b.Handle("POST "+salePath, simulator.Money, s.message(s.sale))
	b.Handle("POST "+enrolPath, simulator.Money, s.message(s.enrol))
	b.Handle("POST "+provisionPath, simulator.Money, s.message(s.provision))
	b.HandleEach("POST "+soapPath, func(r *http.Request, _ []byte) simulator.Class {
		if strings.HasSuffix(r.Header.Get("SOAPAction"), "GetMerchantOrderDetail") {
			return simulator.Question
		}
		return simulator.Money
	}, s.soap)
	return b, nil
}

// message makes a handler of what answers a message with the right hash.
func (s *simulatedBank) message(answer func(*http.Request, wire.Element) (simulator.Reply, error)) simulator.Handler {
	return func(r *http.Request, body []byte) (simulator.Reply, error) {
		m, err := wire.ParseXML(body, wire.Charset("", body, connector.Windows1254))
		if err != nil || m.Name != "KuveytTurkVPosMessage" {
			return simulator.Refuse(http.StatusBadRequest, "malformed XML"), nil //nolint:nilerr // the bank refuses what it cannot read
		}
		if !s.signed(m) {
			return s.answer(r, m, simulator.Booking{Decline: connector.InvalidMerchantOrSP})
		}
		return answer(r, m)
	}
}

func (s *simulatedBank) signed(m wire.Element) bool {
	want := s.merchant.hash(m.Value("MerchantOrderId"), m.Value("Amount"), m.Value("OkUrl"), m.Value("FailUrl"))
	return m.Value("MerchantId") == s.merchant.merchant && wire.SameMAC(m.Value("HashData"), want)
}

func order(m wire.Element) simulator.Order {
	minor, _ := strconv.ParseInt(m.Value("Amount"), 10, 64)           // zero is refused
	currency, _ := strconv.ParseUint(m.Value("CurrencyCode"), 10, 16) // as is no currency
	count, _ := strconv.Atoi(m.Value("InstallmentCount"))
	return simulator.Order{
		Terminal: m.Value("MerchantId"), Reference: m.Value("MerchantOrderId"), Kind: connector.Sale, Installments: count,
		Amount: money.FromMinor(minor, money.Currency(currency)),
	}
}

func cardData(m wire.Element) simulator.CardData {
	return simulator.CardData{Number: m.Value("CardNumber"), Expiry: m.Value("CardExpireDateYear") + m.Value("CardExpireDateMonth"), CVV: m.Value("CardCVV2")}
}

func (s *simulatedBank) sale(r *http.Request, m wire.Element) (simulator.Reply, error) {
	b, err := s.Authorize(order(m), cardData(m))
	if err != nil {
		return simulator.Reply{}, err
	}
	return s.answer(r, m, b)
}

func (s *simulatedBank) provision(r *http.Request, m wire.Element) (simulator.Reply, error) {
	o := order(m)
	data := m.Child("KuveytTurkVPosAdditionalData", "AdditionalData")
	proof := simulator.Proof{}
	if known, ok := s.Authenticated(o.Terminal, o.Reference); ok && wire.SameMAC(data.Value("Data"), known.Proof.MD) {
		proof = known.Proof
	}
	b, err := s.Provision(o, proof, simulator.CardData{})
	if err != nil {
		return simulator.Reply{}, err
	}
	return s.answer(r, m, b)
}

// enrol answers with a page that takes the payer on.
func (s *simulatedBank) enrol(r *http.Request, m wire.Element) (simulator.Reply, error) {
	token, refused := s.Enrol(simulator.Payer{Order: order(m), ReturnURL: m.Value("OkUrl"), FailURL: m.Value("FailUrl")}, cardData(m))
	if refused != "" {
		return s.answer(r, m, simulator.Booking{Decline: refused})
	}
	return simulator.Reply{Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, Body: s.EntryPage(token, "tr")}, nil
}

func code(why connector.Reason) string {
	switch {
	case why == "":
		return "00"
	case codes[why] == "":
		return codes[connector.DoNotHonour]
	}
	return codes[why]
}

func (s *simulatedBank) answer(r *http.Request, m wire.Element, b simulator.Booking) (simulator.Reply, error) {
	c, reference := simulator.Charset(r, connector.UTF8), m.Value("MerchantOrderId")
	i := identitiesOf(b)
	return document(c, wire.Node("VPosTransactionResponseContract",
		wire.Leaf("ResponseCode", code(b.Decline)), wire.Leaf("ResponseMessage", simulator.Text(b.Decline, c)), wire.Leaf("MerchantOrderId", reference),
		wire.Leaf("OrderId", i.orderID), wire.Leaf("RRN", i.rrn), wire.Leaf("Stan", i.stan), wire.Leaf("ProvisionNumber", i.provision),
		wire.Leaf("HashData", simulator.MAC(r, s.merchant.answerHash(reference, i.rrn, code(b.Decline), i.orderID)))))
}

// identitiesOf are the four values of an approval, empty for a refusal.
func identitiesOf(b simulator.Booking) identities {
	if !b.Approved() {
		return identities{}
	}
	return identities{strconv.Itoa(4_000_000 + b.Number), b.RRN(), strconv.Itoa(100_000 + b.Number), b.AuthCode()}
}

func document(c connector.Charset, e wire.Element) (simulator.Reply, error) {
	out, err := e.XML(c)
	return simulator.Reply{Header: http.Header{"Content-Type": {"text/xml; charset=" + string(c)}}, Body: out}, err
}

func (s *simulatedBank) soap(r *http.Request, body []byte) (simulator.Reply, error) {
	e, err := wire.ParseXML(body, wire.Charset("", body, connector.Windows1254))
	if err != nil || len(e.Child("Body").Children) != 1 {
		return simulator.Refuse(http.StatusBadRequest, "malformed envelope"), nil //nolint:nilerr // the bank refuses what it cannot read
	}
	action := e.Child("Body").Children[0]
	q := action.Child("request")
	m := q.Child("KuveytTurkVPosMessage")
	if !s.signed(m) || q.Value("MerchantOrderId") != m.Value("MerchantOrderId") {
		return simulator.Refuse(http.StatusBadRequest, "HashDataError"), nil
	}
	var value []wire.Element
	if action.Name == "GetMerchantOrderDetail" {
		value, err = s.detail(m)
	} else {
		value, err = s.followUp(r, action.Name, q, m)
	}
	if err != nil {
		return simulator.Reply{}, err
	}
	return document(simulator.Charset(r, connector.UTF8), wire.Node("Envelope", wire.Node("Body",
		wire.Node(action.Name+"Response", wire.Node(action.Name+"Result", wire.Node("Value", value...))))))
}

func (s *simulatedBank) followUp(r *http.Request, action string, q, m wire.Element) ([]wire.Element, error) {
	o := order(m)
	sale, err := s.Find(o.Terminal, o.Reference)
	if err != nil {
		return nil, err
	}
	given := identities{q.Value("OrderId"), q.Value("RRN"), q.Value("Stan"), q.Value("ProvisionNumber")}
	o.Reference, o.Kind = "", connector.Refund
	if action == "SaleReversal" {
		o.Kind = connector.Void
	}
	if sale.Approved() && given == identitiesOf(sale) {
		o.Original = sale.Number
	}
	b, err := s.FollowUp(o)
	if err != nil {
		return nil, err
	}
	i := identitiesOf(b)
	return []wire.Element{
		wire.Leaf("ResponseCode", code(b.Decline)), wire.Leaf("ResponseMessage", simulator.Text(b.Decline, simulator.Charset(r, connector.UTF8))),
		wire.Leaf("OrderId", i.orderID), wire.Leaf("RRN", i.rrn),
	}, nil
}

func (s *simulatedBank) detail(m wire.Element) ([]wire.Element, error) {
	o := order(m)
	b, err := s.Find(o.Terminal, o.Reference)
	if err != nil || b.IsZero() {
		return nil, err
	}
	status := "1"
	switch {
	case b.Reversed:
		status = statusCancelled
	case b.Approved() && b.Refunded == b.Captured:
		status = statusRefunded
	case b.Refunded.IsPositive():
		status = statusPartRefunded
	}
	i := identitiesOf(b)
	return []wire.Element{wire.Node("OrderContract",
		wire.Leaf("MerchantOrderId", o.Reference), wire.Leaf("Amount", kurus(b.Order.Amount)), wire.Leaf("ResponseCode", code(b.Decline)),
		wire.Leaf("LastOrderStatus", status), wire.Leaf("DrawbackAmount", kurus(b.Refunded)),
		wire.Leaf("OrderId", i.orderID), wire.Leaf("RRN", i.rrn), wire.Leaf("Stan", i.stan), wire.Leaf("ProvisionNumber", i.provision))}, nil
}

func (s *simulatedBank) back(r simulator.Return) []connector.Field {
	o, said := r.Order, "00"
	if r.MDStatus != 1 {
		said = codes[connector.DoNotHonour]
	}
	const orderID = "4000000"
	e := wire.Node("VPosTransactionResponseContract",
		wire.Node("VPosMessage", wire.Leaf("Amount", kurus(o.Amount))), wire.Leaf("IsEnrolled", "true"),
		wire.Leaf("ResponseCode", said), wire.Leaf("ResponseMessage", r.Message), wire.Leaf("OrderId", orderID),
		wire.Leaf("MerchantOrderId", o.Reference), wire.Leaf("MD", r.Proof.MD),
		wire.Leaf("HashData", r.MAC(s.merchant.answerHash(o.Reference, "", said, orderID))))
	text, err := e.XML(r.Charset)
	if err != nil {
		panic("kuveyt: return cannot be written: " + err.Error()) // the bank's own words are in its own charset
	}
	return []connector.Field{{Name: "AuthenticationResponse", Value: url.QueryEscape(string(text))}}
}
