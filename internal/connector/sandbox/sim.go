package sandbox

import (
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/simulator"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/secret"
)

// captureAbove is how much more than a hold the sandbox bank lets be captured, half
// as much again: no other rule of the core goes further.
const captureAbove money.Rate = 50_000_000

// rules are the sandbox bank's. It may be refunded at once, and voids only what is
// not settled; its day ends when a call says so, so nobody knows when.
func rules() connector.Rules {
	return connector.Rules{
		OwnReference: true, RefundBeforeDayEnd: true, CaptureAbove: captureAbove, Charset: connector.Windows1254,
	}
}

// simulatedBank is the bank itself: it checks every MAC and answers only what is
// already on disk. Terminals exist as soon as somebody uses them; all share one key.
type simulatedBank struct {
	*simulator.Bank
	macs *authenticator
}

func newSimulator(env connector.SimulatorEnvironment) (http.Handler, error) {
	s := &simulatedBank{macs: newAuthenticator(secret.FromString(DefaultKey))}
	bank, err := simulator.Open(simulator.Options{Name: "sandbox", Rules: rules(), Return: s.back}, env)
	if err != nil {
		return nil, err
	}
	s.Bank = bank
	bank.Handle("POST "+transactionsPath, simulator.Money, signed(s, transactionsPath, s.transact))
	bank.Handle("POST "+inquiriesPath, simulator.Question, signed(s, inquiriesPath, s.inquire))
	bank.Handle("POST "+enrolmentsPath, simulator.Money, signed(s, enrolmentsPath, s.enrol))
	return bank, nil
}

// signed makes a handler of what answers a message. Nothing of the message is
// parsed before its MAC was found right, and every answer has one.
func signed[Q, A any](s *simulatedBank, path string, answer func(*http.Request, Q) (A, error)) simulator.Handler {
	return func(r *http.Request, body []byte) (simulator.Reply, error) {
		request := s.macs.request(path, body)
		if !macEqual(r.Header.Get(macHeader), request) {
			return simulator.Refuse(http.StatusUnauthorized, "wrong MAC"), nil
		}
		var message Q
		if err := json.Unmarshal(body, &message, json.RejectUnknownMembers(true)); err != nil {
			return simulator.Refuse(http.StatusBadRequest, "malformed message"), nil //nolint:nilerr // the bank refuses what it cannot read
		}
		said, err := answer(r, message)
		if err != nil {
			return simulator.Reply{}, err
		}
		out, err := json.Marshal(said)
		if err != nil {
			return simulator.Reply{}, fmt.Errorf("write answer: %w", err)
		}
		return simulator.Reply{
			Header: http.Header{"Content-Type": {"application/json"}, macHeader: {simulator.MAC(r, s.macs.answer(request, out))}},
			Body:   out,
		}, nil
	}
}

func (s *simulatedBank) transact(_ *http.Request, o order) (reply, error) {
	if !wellFormed(o) {
		return refusal(o, connector.InputData), nil
	}
	b, err := s.decide(o)
	if err != nil {
		return reply{}, err
	}
	return answerOf(b), nil
}

func (s *simulatedBank) decide(o order) (simulator.Booking, error) {
	asked := o.booked()
	switch {
	case isFollowUp(o.Kind):
		original, err := s.Find(o.Terminal, o.Original)
		if err != nil {
			return simulator.Booking{}, err
		}
		asked.Original = original.Number
		return s.FollowUp(asked)
	case o.Authentication != orderAuthentication{}:
		return s.Provision(asked, simulator.Proof(o.Authentication), o.Card.data())
	}
	return s.Authorize(asked, o.Card.data())
}

func (s *simulatedBank) inquire(_ *http.Request, q question) (reply, error) {
	b, err := s.Find(q.Terminal, q.Reference)
	if err != nil {
		return reply{}, err
	}
	if b.IsZero() {
		return reply{
			Terminal: q.Terminal, Kind: q.Kind, Reference: q.Reference,
			Outcome: missing, Code: string(connector.PaymentNotFoundForRefund),
		}, nil
	}
	return answerOf(b), nil
}

// enrol decides whether a payer may be sent to the bank's page.
func (s *simulatedBank) enrol(_ *http.Request, asked enrolmentOrder) (enrolmentReply, error) {
	o := asked.Order
	if !wellFormed(o) || isFollowUp(o.Kind) || o.Card == (orderCard{}) || (asked.Model != model3D && asked.Model != model3DPay) {
		return enrolmentReply{Reply: refusal(o, connector.InputData)}, nil
	}
	token, refused := s.Enrol(simulator.Payer{
		Order: o.booked(), Pay: asked.Model == model3DPay, CardAgain: asked.CardAgain, ReturnURL: asked.ReturnURL, Language: asked.Language,
	}, o.Card.data())
	if refused != "" {
		return enrolmentReply{Reply: refusal(o, refused)}, nil
	}
	return enrolmentReply{
		Reply: reply{
			Terminal: o.Terminal, Kind: o.Kind, Reference: o.Reference, Outcome: approved,
			Code: string(connector.Success), Message: simulator.Words(""), Amount: o.Amount, Currency: o.Currency,
		},
		Page: s.PageURL(), Token: token,
	}, nil
}

func (o order) booked() simulator.Order {
	return simulator.Order{
		Terminal: o.Terminal, Reference: o.Reference, Kind: o.Kind,
		Amount: money.FromMinor(o.Amount, money.Currency(o.Currency)), Installments: o.Installments,
	}
}

func (c orderCard) data() simulator.CardData {
	return simulator.CardData{Number: c.Number, Expiry: c.Expiry, CVV: c.CVV}
}

func isFollowUp(k connector.Kind) bool {
	return k == connector.Capture || k == connector.Void || k == connector.Refund
}

// wellFormed checks form only; everything about cards and sums has a reason of
// its own.
func wellFormed(o order) bool {
	if !validName(o.Terminal) || !validName(o.Reference) {
		return false
	}
	card, proof := o.Card != orderCard{}, o.Authentication != orderAuthentication{}
	switch o.Kind {
	case connector.Void:
		return validName(o.Original) && (o.Amount == 0 || goodSum(o)) && !card && !proof
	case connector.Capture, connector.Refund:
		return validName(o.Original) && goodSum(o) && !card && !proof
	case connector.Sale, connector.Authorize:
		return goodSum(o) && (card || proof) && o.Original == ""
	}
	return false
}

func goodSum(o order) bool { return money.Currency(o.Currency).Valid() && o.Amount > 0 }
