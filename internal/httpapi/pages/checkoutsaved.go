package pages

import (
	"context"
	"net/url"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/routing"
)

// savedCards are the cards that a form offers, and whether it may keep another.
type savedCards struct {
	Saved []savedCard
	// Chosen is the token of the one that is chosen, empty for a card to be typed.
	Chosen   string
	Keeps    bool
	KeepText string
	Save     bool // the box is ticked; it never is on a page that nobody has sent
	listed   bool
}

type savedCard struct {
	Token, Name, Until, Remove string
	Digits                     int // of its security code
	Chosen                     bool
}

// The lengths of security codes, for the script.
const (
	codeDigits     = 3
	amexCodeDigits = 4
)

// brandName is what people call a scheme.
func brandName(s card.Scheme) string {
	switch s {
	case card.Visa:
		return "Visa"
	case card.Mastercard:
		return "Mastercard"
	case card.Troy:
		return "Troy"
	case card.Amex:
		return "American Express"
	case card.Maestro:
		return "Maestro"
	case card.Diners:
		return "Diners Club"
	case card.Discover:
		return "Discover"
	case card.JCB:
		return "JCB"
	case card.UnionPay:
		return "UnionPay"
	}
	return ""
}

// fillSaved lists the saved cards, once. Without them a card can be typed.
func (s *hosted) fillSaved(v visit, p *sheet) {
	if p.listed {
		return
	}
	p.listed, p.Keeps = true, v.KeepsCards()
	p.KeepText = p.T.fill("save", "merchant", v.Merchant.Name)
	all, err := s.Checkouts.SavedCards(v.r.Context(), v.View)
	if err != nil {
		s.log(v.w, v.r, err)
	}
	for _, c := range all {
		p.Saved = append(p.Saved, p.savedCard(c, v))
	}
}

func (p *sheet) savedCard(c checkout.SavedCard, v visit) savedCard {
	name, digits := "••••\u00a0"+c.Last4, codeDigits
	if brand := brandName(c.Scheme); brand != "" {
		name = brand + " " + name
	}
	if c.Scheme == card.Amex {
		digits = amexCodeDigits
	}
	return savedCard{
		Token: c.Token, Name: name, Digits: digits,
		Until:  p.T.fill("expires", "date", isolate(c.Expiry.MM()+"/"+c.Expiry.YY(), v.lang)),
		Remove: p.T.fill("remove_card", "card", isolate(name, v.lang)),
	}
}

// choose marks the saved card of a draft. One that is not listed is none: it was
// removed meanwhile, or it never was this customer's.
func (p *sheet) choose(d *draft) {
	p.Save = d.save
	for i := range p.Saved {
		if p.Saved[i].Token == d.saved {
			p.Saved[i].Chosen, p.Chosen = true, d.saved
		}
	}
	d.saved = p.Chosen
}

// quote returns the installments of a saved card, or of one whose first digits
// were typed.
func (s *hosted) quote(ctx context.Context, v checkout.View, saved, bin string) ([]routing.Option, error) {
	if saved != "" {
		return s.Checkouts.QuoteSaved(ctx, v, saved)
	}
	return s.Checkouts.Quote(ctx, v.Checkout, bin)
}

// removeCard forgets a saved card. One that is not there is shown as such by the
// page that follows.
func (s *hosted) removeCard(v visit, f url.Values) {
	err := s.Checkouts.RemoveCard(v.r.Context(), v.ID, f.Get("card"))
	if fault.CodeOf(err) == fault.NoSuchThing {
		err = nil
	}
	s.done(v, err)
}
