package pages

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/routing"
)

// form is the page that takes a card.
type form struct {
	Notice *notice
	// Wrong holds what is wrong by field; Errors lists the same in the order of the
	// page, with the id of the element to go to.
	Wrong  map[string]string
	Errors []mistake

	// What was typed and is shown again. The card's number and security code never
	// are.
	Holder, Month, Year string

	savedCards

	// Plans says that installments may be on offer, at the address Offers.
	Plans                    bool
	Offers, Offer            string
	Options                  []option
	Blank                    option
	Amount, Total, Pay, Safe string
	// PayForm is the button's text with {amount} for the total, for the script.
	PayForm string
}

// notice tells of the last attempt.
type notice struct {
	Title string
	Lines []string
}

type mistake struct{ ID, Text string }

// option is a way to pay that the shopper can choose.
type option struct {
	Count       int
	Each, Total string
	// Agreed is what the form says of the total that is shown.
	Agreed      string
	Chosen      bool
	Single, Sum string
}

// draft is what a shopper typed, as far as it could be read.
type draft struct {
	card         card.Card
	holder       string
	month, year  string
	bin          string // the first 6 to 8 digits
	saved        string // the token of the saved card that was chosen instead
	save         bool
	installments int
	// total is what the chosen installments cost where the domain has said so; zero if
	// the page's own look-up says.
	total money.Amount
	// wrong names fields and the texts for them.
	wrong map[string]string
	// character is the one that the holder's name may not have.
	character string
}

// maxCount bounds a number of installments before anybody looks for its plan.
const maxCount = 99

// fieldOrder is the order of the fields on the page.
func fieldOrder() []string {
	return []string{"other", "storedCard", "cardHolderName", "pan", "expiryMonth", "expiryYear", "cvv",
		"installmentCount", "bin"}
}

// readDraft reads the form. Texts of mistakes are keys of words.
func readDraft(f url.Values, now time.Time) draft {
	d := draft{wrong: make(map[string]string), saved: f.Get("storedCard"), save: f.Get("saveCard") != ""}
	d.readInstallments(f.Get("installmentCount"))
	if d.saved == "" { // else what was typed of another card is not needed
		d.readHolder(f.Get("cardHolderName"))
		d.readPAN(f.Get("pan"))
		d.readExpiry(f.Get("expiryMonth"), f.Get("expiryYear"), now)
	}
	d.readCVV(f.Get("cvv"))
	return d
}

func (d *draft) readCVV(typed string) {
	cvv, err := card.ParseCVVOf(card.Digits(typed), d.card.PAN)
	if err != nil {
		d.wrong["cvv"] = "e_cvv"
	}
	d.card.CVV = cvv
}

func (d *draft) readHolder(typed string) {
	holder, err := card.ParseHolder(typed)
	switch refused, named := errors.AsType[*card.HolderCharacterError](err); {
	case named:
		d.wrong["cardHolderName"], d.character = "e_holderCharacter", refused.Name()
	case errors.Is(err, card.ErrHolderDigits):
		d.wrong["cardHolderName"] = "e_holderDigits"
		holder = "" // it may be the card's number
	case err != nil:
		d.wrong["cardHolderName"] = "e_cardHolderName"
	}
	d.holder, d.card.Holder = holder, holder
}

func (d *draft) readPAN(typed string) {
	digits := card.NumberIn(typed)
	if len(digits) >= card.MinBIN {
		d.bin = digits[:min(len(digits), card.MaxBIN)]
	}
	pan, err := card.ParsePAN(digits)
	if err != nil {
		d.wrong["pan"] = "e_pan"
	}
	d.card.PAN = pan
}

func (d *draft) readExpiry(month, year string, now time.Time) {
	month, year = card.TwoDigits(month, year)
	e, badMonth, badYear := card.ParseExpiryAt(month, year, now)
	if badMonth != nil {
		d.wrong["expiryMonth"] = "e_expiryMonth"
	} else {
		d.month = month
	}
	switch {
	case errors.Is(badYear, card.ErrYear):
		d.wrong["expiryYear"] = "e_expiryYear"
	case badYear != nil:
		d.wrong["expiryYear"] = "e_expired"
		d.year = year
	default:
		d.year = year
	}
	d.card.Expiry = e
}

func (d *draft) readInstallments(raw string) {
	d.installments = 1
	if raw == "" {
		return
	}
	n, err := strconv.Atoi(raw)
	if err != nil || n < 1 || n > maxCount {
		d.wrong["installmentCount"] = "e_installmentCount"
		return
	}
	d.installments = n
}

// openForm shows the empty form, and how the last attempt went.
func (s *hosted) openForm(v visit, p *sheet) {
	d := draft{installments: 1}
	if s.fillSaved(v, p); len(p.Saved) > 0 {
		d.saved = p.Saved[0].Token
	}
	s.fillForm(v, p, d)
	if v.Reason != "" {
		p.Notice = &notice{Title: p.T["declined"], Lines: []string{
			s.why(v), p.T["again"],
			p.T.fill("left", "n", strconv.Itoa(checkout.MaxAttempts-v.Attempts)),
		}}
	}
}

// why tells the shopper in a sentence why no money was taken.
func (s *hosted) why(v visit) string {
	return s.kit.Catalogue().Reason(v.lang, string(shopperReason(v.Reason))) + "."
}

// fillForm fills the form with what was typed, what is wrong with it, and what the
// card may have.
func (s *hosted) fillForm(v visit, p *sheet, d draft) {
	p.Kind = "form"
	p.Holder, p.Month, p.Year = d.holder, d.month, d.year
	s.fillSaved(v, p)
	p.choose(&d)
	p.Wrong = make(map[string]string)
	for _, field := range fieldOrder() {
		if key, wrong := d.wrong[field]; wrong {
			p.Wrong[field] = p.T.fill(key, "character", d.character)
			p.Errors = append(p.Errors, mistake{ID: elementOf(field), Text: p.T[key]})
		}
	}
	if len(p.Errors) > 0 {
		p.Title = p.T["error"] + ": " + p.Title
	}
	p.Amount = amountText(v.Amount, v.lang)
	p.Safe = p.T.fill("safe", "merchant", v.Merchant.Name)
	p.Plans = v.MaxInstallments > 1
	p.Offers = s.address(v, "/installments")
	s.fillOptions(v, p, d)
	p.Pay = p.T.fill("pay_amount", "amount", isolate(p.Total, v.lang))
	p.PayForm = p.T.fill("pay_amount", "amount", isolate("{amount}", v.lang))
}

// elementOf returns the element that an error about a field leads to.
func elementOf(field string) string {
	switch field {
	case "installmentCount":
		return "plans"
	case "other", "storedCard":
		return "pay"
	}
	return field
}

func (s *hosted) fillOptions(v visit, p *sheet, d draft) {
	p.Blank = option{Sum: p.T["sum"], Single: p.T["single"]}
	single := option{
		Count: 1, Total: p.Amount, Agreed: agreedField(1, v.Amount), Single: p.T["single"], Sum: p.T["sum"],
	}
	p.Options, p.Total, p.Offer = []option{single}, single.Total, p.T["offer_hint"]
	if (d.bin != "" || d.saved != "") && p.Plans {
		found, err := s.quote(v.r.Context(), v.View, d.saved, d.bin)
		if err != nil {
			s.log(v.w, v.r, err) // a single payment is always possible
		}
		p.Offer = p.T["offer_none"]
		for _, o := range found {
			p.Offer = p.T["offer_found"]
			p.Options = append(p.Options, optionOf(o, v, p.T))
		}
	}
	p.reprice(v, d)
	chosen := 0
	for i := range p.Options {
		if p.Options[i].Count == d.installments {
			chosen = i
		}
	}
	p.Options[chosen].Chosen = true
	p.Total = p.Options[chosen].Total
}

// reprice shows the total that the domain has told for the chosen installments.
func (p *sheet) reprice(v visit, d draft) {
	if d.total.IsZero() {
		return
	}
	i := slices.IndexFunc(p.Options, func(o option) bool { return o.Count == d.installments })
	if i < 0 {
		i = len(p.Options)
		p.Options = append(p.Options, option{Count: d.installments, Single: p.T["single"], Sum: p.T["sum"]})
	}
	o := &p.Options[i]
	o.Each, o.Total = amountText(d.total.Divide(d.installments), v.lang), amountText(d.total, v.lang)
	o.Agreed = agreedField(d.installments, d.total)
}

func optionOf(o routing.Option, v visit, t words) option {
	return option{
		Count: o.Price.Count, Each: amountText(o.Price.Each, v.lang), Total: amountText(o.Price.Total, v.lang),
		Agreed: agreedField(o.Price.Count, o.Price.Total), Single: t["single"], Sum: t["sum"],
	}
}

// again shows the form once more, with what is wrong.
func (s *hosted) again(v visit, d draft, status int, n *notice) {
	p := s.sheet(v)
	s.fillForm(v, &p, d)
	p.Status, p.Notice = status, n
	s.write(v.w, v.r, p)
}

// chooseInstallments answers the button with which browsers without scripts ask
// for the installments of a card.
func (s *hosted) chooseInstallments(v visit, f url.Values) {
	if !s.limits.allowOffers(v.r.Context(), v.ID.String(), s.Proxies.Client(v.r)) {
		s.problem(v.w, v.r, http.StatusTooManyRequests)
		return
	}
	d := readDraft(f, s.kit.Clock().Now())
	clear(d.wrong)
	if digits := card.NumberIn(f.Get("bin")); digits != "" && d.saved == "" {
		d.bin = ""
		if bin := digits[:min(len(digits), card.MaxBIN)]; card.IsBIN(bin) {
			d.bin = bin
		}
	}
	if !card.IsBIN(d.bin) && d.saved == "" {
		d.bin, d.wrong["bin"] = "", "e_bin"
	}
	status := http.StatusOK
	if len(d.wrong) > 0 {
		status = http.StatusUnprocessableEntity
	}
	s.again(v, d, status, nil)
}
