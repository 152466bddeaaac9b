package sandbox

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/money"
)

const (
	// enrolmentLife is how long the bank remembers a payer, on the page and after.
	enrolmentLife = 2 * time.Hour
	// sweepPause is how often forgotten payers are dropped from memory.
	sweepPause = 5 * time.Minute
	// maxPasswords is how many passwords a payer may try.
	maxPasswords = 3
	// maxReturnURL is the longest address that the bank returns to.
	maxReturnURL = 2048
)

// enrolment is a payer who was or is being authenticated. Nothing of the card is
// kept but its last digits and what the bank will do to it.
type enrolment struct {
	order     order // without the card
	model     string
	returnURL string
	language  string
	at        time.Time
	decline   connector.Reason // of the booking; empty for an approval
	card      string           // MAC of the number that must come again; empty if none must
	forced    int              // mdStatus that the card stands for; 1 for any other card
	entry     entry            // what the booking will be, but for time and decline
	tries     int
	proof     orderAuthentication // empty until the payer was authenticated
	result    map[string]string   // the return, once there is one
	position  uint64              // of its booking in the journal
}

// enrolments finds payers by the token of their page and by their order. Its
// lock also guards what it holds.
type enrolments struct {
	mu      sync.Mutex
	clock   clock.Clock
	byToken map[string]*enrolment
	byName  map[name]*enrolment
	swept   time.Time
}

func newEnrolments(c clock.Clock) *enrolments {
	return &enrolments{clock: c, byToken: make(map[string]*enrolment), byName: make(map[name]*enrolment), swept: c.Now()}
}

// add remembers a payer and returns the token of the page. An order that is
// enrolled again starts afresh, and the page of before is dead.
func (s *enrolments) add(e *enrolment) string {
	token := randomText()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep()
	if old := s.byName[name{e.order.Terminal, e.order.Reference}]; old != nil {
		old.at = time.Time{}
	}
	s.byToken[token], s.byName[name{e.order.Terminal, e.order.Reference}] = e, e
	return token
}

// find returns the payer of a token; the caller holds the lock.
func (s *enrolments) find(token string) *enrolment {
	e := s.byToken[token]
	if e == nil || s.clock.Now().Sub(e.at) > enrolmentLife {
		return nil
	}
	return e
}

func (s *enrolments) sweep() {
	now := s.clock.Now()
	if now.Sub(s.swept) < sweepPause {
		return
	}
	s.swept = now
	for token, e := range s.byToken {
		if now.Sub(e.at) > enrolmentLife {
			delete(s.byToken, token)
		}
	}
	for n, e := range s.byName {
		if now.Sub(e.at) > enrolmentLife {
			delete(s.byName, n)
		}
	}
}

// randomText returns 128 random bits.
func randomText() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func (b *simulatedBank) serveEnrolment(w http.ResponseWriter, r *http.Request) {
	var o enrolmentOrder
	request, ok := b.read(w, r, enrolmentsPath, &o)
	if !ok {
		return
	}
	b.answer(w, request, b.enrol(o))
}

// enrol decides whether a payer may be sent to the bank's page.
func (b *simulatedBank) enrol(asked enrolmentOrder) enrolmentReply {
	o := asked.Order
	if !wellFormed(o) || isFollowUp(o.Kind) || o.Card == (orderCard{}) || !goodReturn(asked) || b.url == "" {
		return enrolmentReply{Reply: refusal(o, connector.InputData)}
	}
	c, known := b.cards[o.Card.Number]
	e := &enrolment{
		model: asked.Model, returnURL: asked.ReturnURL, language: asked.Language, at: b.clock.Now(), forced: 1,
		entry: entry{
			terminal: o.Terminal, reference: o.Reference, kind: o.Kind,
			amount: money.FromMinor(o.Amount, money.Currency(o.Currency)),
			last4:  last4(o.Card.Number), captureFails: c.Capture, reverseFails: c.Reverse,
		},
	}
	stage, what, _ := strings.Cut(c.ThreeDS, ":")
	switch stage {
	case "INIT":
		return enrolmentReply{Reply: refusal(o, connector.Reason(what))}
	case "COMPLETE":
		e.decline = connector.Reason(what)
	case "MD_STATUS":
		e.forced, _ = strconv.Atoi(what) // the table's own test reads it
	default:
		e.decline = declineOf(o, c, known, e.at)
	}
	switch e.decline {
	case connector.Requires3DS, connector.DebitCardsRequires3DS:
		e.decline = "" // here it is
	case connector.CardNotPermitted, connector.InvalidExpireYearMonth, connector.ExpiredCard, connector.InvalidCVC2Length:
		return enrolmentReply{Reply: refusal(o, e.decline)}
	}
	if asked.CardAgain {
		e.card = b.macs.mac(cardDomain, []byte(o.Card.Number))
	}
	o.Card = orderCard{}
	e.order = o
	return enrolmentReply{
		Reply: reply{
			Terminal: o.Terminal, Kind: o.Kind, Reference: o.Reference, Outcome: approved,
			Code: string(connector.Success), Message: message(connector.Success), Amount: o.Amount, Currency: o.Currency,
		},
		Page: b.url + acsPath, Token: b.enrolments.add(e),
	}
}

func goodReturn(o enrolmentOrder) bool {
	u, err := url.Parse(o.ReturnURL)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		len(o.ReturnURL) <= maxReturnURL && (o.Model == model3D || o.Model == model3DPay)
}

// provision books the charge of a payer who was authenticated, if everything is
// as it was then.
func (b *simulatedBank) provision(o order, e entry) (reply, uint64) {
	known, ok := b.authenticated(o)
	if !ok {
		return refusal(o, connector.InvalidCAVV), 0
	}
	at := e.at
	e = known.entry
	e.at, e.decline = at, known.decline
	return b.ledger.charge(e)
}

// sameCard insists on the enrolled card where it was to come again, and on none
// where it was not.
func (b *simulatedBank) sameCard(c orderCard, enrolled string) bool {
	if enrolled == "" {
		return c == orderCard{}
	}
	return macEqual(b.macs.mac(cardDomain, []byte(c.Number)), enrolled)
}

func (b *simulatedBank) authenticated(o order) (enrolment, bool) {
	b.enrolments.mu.Lock()
	defer b.enrolments.mu.Unlock()
	e := b.enrolments.byName[name{o.Terminal, o.Reference}]
	if e == nil || e.proof == (orderAuthentication{}) || b.enrolments.clock.Now().Sub(e.at) > enrolmentLife {
		return enrolment{}, false
	}
	same := o.Kind == e.order.Kind && o.Amount == e.order.Amount && o.Currency == e.order.Currency && o.Installments == e.order.Installments
	md := subtle.ConstantTimeCompare([]byte(o.Authentication.MD), []byte(e.proof.MD)) == 1
	return *e, same && md && o.Authentication == e.proof && b.sameCard(o.Card, e.card)
}
