package simulator

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
)

const (
	// payerLife is how long the bank remembers a payer, on the page and after.
	payerLife = 2 * time.Hour
	// sweepPause is how often forgotten payers are dropped from memory.
	sweepPause = 5 * time.Minute
	// maxPasswords is how many passwords a payer may try.
	maxPasswords = 3
	// maxReturnURL is the longest address that the bank returns to.
	maxReturnURL = 2048
)

// Payer is a payer whom a shop wants authenticated for an order.
type Payer struct {
	Order Order
	// Pay says that the bank books by itself when the payer was authenticated
	// ("3D pay"). Otherwise the shop asks for the money with Provision.
	Pay bool
	// CardAgain says that Provision needs the card once more.
	CardAgain bool
	// ReturnURL is where the payer goes afterwards, and FailURL where one goes who
	// was not authenticated; empty is the same. A protocol that hears of ReturnURL
	// from the browser alone leaves it empty, and calls Arrive.
	ReturnURL string
	FailURL   string
	Language  string // BCP 47
	// Carry is what the protocol has to remember for the return.
	Carry map[string]string
}

// Proof is what stands for a payer who was authenticated.
type Proof struct{ MD, XID, ECI, CAVV string }

// Return is how an authentication ended, from which a protocol makes the form that
// takes the payer back.
type Return struct {
	Payer
	Last4    string
	MDStatus int   // 1 full, 2 to 4 half secure, 0 failed
	Proof    Proof // empty when it failed
	// Booking is that of a bank which books by itself; zero if it has not.
	Booking Booking
	// Message is the bank's words for it, and Charset that of the page which posts
	// the form: a MAC over bytes is over those of Charset.
	Message string
	Charset connector.Charset

	spoilt bool
}

// MAC returns the MAC of the return, or another one if the bank is told to err.
func (r Return) MAC(mac string) string { return spoil(mac, r.spoilt) }

// payer is one who was or is being authenticated. Nothing of the card is kept but
// its last digits and what the bank will do to it.
type payer struct {
	Payer
	at      time.Time
	decline connector.Reason // of the booking; empty for an approval
	card    []byte           // hash of the number that must come again; nil if none must
	forced  int              // mdStatus that the card stands for; 1 for any other card
	entry   entry            // what the booking will be, but for time and decline
	tries   int
	result  *Return // once there is one
	fields  []connector.Field
}

// payers finds payers by the token of their page and by their order. Its lock also
// guards what it holds.
type payers struct {
	mu      sync.Mutex
	clock   clock.Clock
	key     [32]byte // of the hashes of card numbers
	byToken map[string]*payer
	byName  map[name]*payer
	swept   time.Time
}

func newPayers(c clock.Clock) *payers {
	s := &payers{clock: c, byToken: make(map[string]*payer), byName: make(map[name]*payer), swept: c.Now()}
	_, _ = rand.Read(s.key[:]) // crypto/rand.Read never fails since Go 1.24
	return s
}

// add remembers a payer and returns the token of the page. An order that is
// enrolled again starts afresh, and the page of before is dead.
func (s *payers) add(p *payer) string {
	token := randomText()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep()
	if old := s.byName[p.name()]; old != nil {
		old.at = time.Time{}
	}
	s.byToken[token], s.byName[p.name()] = p, p
	return token
}

func (p *payer) name() name { return name{p.Order.Terminal, p.Order.Reference} }

// find returns the payer of a token, nil if there is none any more; the caller
// holds the lock.
func (s *payers) find(token string) *payer {
	p := s.byToken[token]
	if p == nil || s.clock.Now().Sub(p.at) > payerLife {
		return nil
	}
	return p
}

// sweep forgets old payers now and then; the caller holds the lock.
func (s *payers) sweep() {
	now := s.clock.Now()
	if now.Sub(s.swept) < sweepPause {
		return
	}
	s.swept = now
	for token, p := range s.byToken {
		if now.Sub(p.at) > payerLife {
			delete(s.byToken, token)
		}
	}
	for n, p := range s.byName {
		if now.Sub(p.at) > payerLife {
			delete(s.byName, n)
		}
	}
}

func (s *payers) hash(number string) []byte {
	h := hmac.New(sha256.New, s.key[:])
	h.Write([]byte(number))
	return h.Sum(nil)
}

// randomText returns 128 random bits.
func randomText() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// PageURL is the page on which payers are authenticated. Their browsers post the
// token of Enrol to it, as field "token".
func (b *Bank) PageURL() string { return b.url + acsPath }

// URL is the bank's own address for browsers, under which its other pages are.
func (b *Bank) URL() string { return b.url }

// Enrol remembers a payer and returns the token of the page, or why the payer may
// not be sent there. Nothing is booked.
func (b *Bank) Enrol(asked Payer, c CardData) (token string, refused connector.Reason) {
	if !wellFormed(asked.Order) || isFollowUp(asked.Order.Kind) || c == (CardData{}) || b.url == "" ||
		(asked.ReturnURL != "" && !goodReturn(asked.ReturnURL)) || (asked.FailURL != "" && !goodReturn(asked.FailURL)) {
		return "", connector.InputData
	}
	known, listed := b.cards[c.Number]
	p := &payer{
		Payer: asked, at: b.clock.Now(), forced: 1,
		entry: entry{order: asked.Order, last4: last4(c.Number), captureFails: known.Capture, reverseFails: known.Reverse},
	}
	stage, what, _ := strings.Cut(known.ThreeDS, ":")
	switch stage {
	case "INIT":
		return "", connector.Reason(what)
	case "COMPLETE":
		p.decline = connector.Reason(what)
	case "MD_STATUS":
		p.forced, _ = strconv.Atoi(what) // the table's own test reads it
	default:
		p.decline = declineOf(asked.Order.Kind, c, known, listed, p.at)
	}
	switch p.decline {
	case connector.Requires3DS, connector.DebitCardsRequires3DS:
		p.decline = "" // here it is
	case connector.CardNotPermitted, connector.InvalidExpireYearMonth, connector.ExpiredCard, connector.InvalidCVC2Length:
		return "", p.decline
	}
	if asked.CardAgain {
		p.card = b.payers.hash(c.Number)
	}
	return b.payers.add(p), ""
}

// Arrive says where a payer whose browser has come to the bank goes afterwards. It
// reports false for an unknown token and for what is no web address.
func (b *Bank) Arrive(token, returnURL string) bool {
	b.payers.mu.Lock()
	defer b.payers.mu.Unlock()
	p := b.payers.find(token)
	if p == nil || p.result != nil || !goodReturn(returnURL) {
		return false
	}
	p.ReturnURL = returnURL
	return true
}

func goodReturn(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		len(address) <= maxReturnURL
}

// Authenticated returns how the authentication for an order ended; it is not ok
// while it has not, and once the bank has forgotten it.
func (b *Bank) Authenticated(terminal, reference string) (Return, bool) {
	b.payers.mu.Lock()
	defer b.payers.mu.Unlock()
	p := b.payers.byName[name{terminal, reference}]
	if p == nil || p.result == nil || b.payers.clock.Now().Sub(p.at) > payerLife {
		return Return{}, false
	}
	return *p.result, true
}

// Provision books the charge of a payer who was authenticated, if everything is as
// it was enrolled, with the proof of the return; and with the very card if it was
// to come again, with none otherwise.
func (b *Bank) Provision(o Order, proof Proof, c CardData) (Booking, error) {
	if !wellFormed(o) || isFollowUp(o.Kind) {
		return malformed(o), nil
	}
	known, ok := b.provable(o, proof, c)
	if !ok {
		return Booking{Order: o, Decline: connector.InvalidCAVV}, nil
	}
	e := known.entry
	e.at, e.decline = b.clock.Now(), known.decline
	return b.synced(b.books.charge(e))
}

func (b *Bank) provable(o Order, proof Proof, c CardData) (payer, bool) {
	b.payers.mu.Lock()
	defer b.payers.mu.Unlock()
	p := b.payers.byName[name{o.Terminal, o.Reference}]
	if p == nil || p.result == nil || p.result.Proof == (Proof{}) || b.payers.clock.Now().Sub(p.at) > payerLife {
		return payer{}, false
	}
	right := subtle.ConstantTimeCompare([]byte(proof.MD), []byte(p.result.Proof.MD)) == 1
	return *p, o == p.Order && right && proof == p.result.Proof && b.payers.sameCard(c, p.card)
}

// sameCard insists on the enrolled card where it was to come again, and on none
// where it was not.
func (s *payers) sameCard(c CardData, enrolled []byte) bool {
	if enrolled == nil {
		return c == CardData{}
	}
	return hmac.Equal(s.hash(c.Number), enrolled)
}
