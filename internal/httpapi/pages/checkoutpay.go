package pages

import (
	"errors"
	"maps"
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
)

// act answers the page's own forms. Every one that changes something ends in a
// redirect, so that reloading sends nothing twice.
func (s *hosted) act(v visit) {
	f, status := s.readOwnForm(v, pageFields()...)
	if status != 0 {
		s.problem(v.w, v.r, status)
		return
	}
	version, right := versionOf(s.FormKey, v.ID, f.Get("version"), f.Get("token"))
	switch {
	case !right:
		s.problem(v.w, v.r, http.StatusForbidden)
		return
	case version != v.Version: // made before something else happened
		s.lookAgain(v)
		return
	}
	switch f.Get("action") {
	case "cancel":
		s.done(v, s.Checkouts.Cancel(v.r.Context(), v.ID, version))
	case "another":
		s.done(v, s.Checkouts.GiveUp(v.r.Context(), v.ID, version))
	case "remove":
		s.removeCard(v, f)
	case "installments":
		if v.State != checkout.Open {
			s.lookAgain(v)
			return
		}
		s.chooseInstallments(v, f)
	default:
		s.pay(v, f)
	}
}

// readOwnForm reads a form of ours, which no other site may send. Browsers that
// tell where a request comes from are believed; the token guards the others.
func (s *hosted) readOwnForm(v visit, fields ...string) (url.Values, int) {
	if v.r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		return nil, http.StatusForbidden
	}
	return readFieldsOf(v, fields...)
}

// readFieldsOf reads a form that pages of ours make. A field that is like one of
// theirs and is none is refused: it would be taken for one that was left empty.
func readFieldsOf(v visit, fields ...string) (url.Values, int) {
	f, status := readForm(v.w, v.r)
	if status != 0 {
		return nil, status
	}
	if _, wrong := kit.Misspelt(maps.Keys(f), fields...); wrong {
		return nil, http.StatusBadRequest
	}
	return f, 0
}

// pageFields are the fields of the page's own forms.
func pageFields() []string {
	return append(fieldOrder(), agreedName, "version", "token", "action", "saveCard", "card")
}

// done shows how things stand after a change; losing against another one is no
// error.
func (s *hosted) done(v visit, err error) {
	if err != nil && fault.CodeOf(err) != fault.StaleVersion {
		s.fail(v.w, v.r, err)
		return
	}
	s.lookAgain(v)
}

// pay tries the card that was typed.
func (s *hosted) pay(v visit, f url.Values) {
	from := s.Proxies.Client(v.r)
	if v.State != checkout.Open {
		s.lookAgain(v)
		return
	}
	if !s.limits.allowCard(v.r.Context(), v.ID.String(), from) {
		s.problem(v.w, v.r, http.StatusTooManyRequests)
		return
	}
	d := readDraft(f, s.kit.Clock().Now())
	if len(d.wrong) > 0 {
		s.again(v, d, http.StatusUnprocessableEntity, nil)
		return
	}
	err := s.Checkouts.Pay(v.r.Context(), checkout.Attempt{
		Checkout: v.ID, Version: v.Version, Card: d.card, Saved: d.saved, Save: d.save, Installments: d.installments,
		Agreed: agreedTotal(f, d.installments, v.Amount.Currency()), ClientIP: from,
		Language: v.lang.String(), ReturnURL: s.PublicURL + s.address(v, "/return"),
	})
	switch {
	case err == nil || fault.CodeOf(err) == fault.StaleVersion:
		s.lookAgain(v)
	case d.saved != "" && fault.CodeOf(err) == fault.NoSuchThing:
		d.wrong["storedCard"] = "e_storedCard"
		s.again(v, d, http.StatusNotFound, nil)
	case mendable(err):
		s.refuse(v, d, fault.From(err))
	case fault.KindOf(err) == fault.RateLimited:
		s.fail(v.w, v.r, err)
	default: // how the attempt went is found out in the background
		s.log(v.w, v.r, err)
		s.lookAgain(v)
	}
}

// refuse shows the form again with what the domain found wrong. The form is made
// anew, because an attempt that was taken back has moved the checkout on.
func (s *hosted) refuse(v visit, d draft, f *fault.Error) {
	now, err := s.Checkouts.Page(v.r.Context(), v.ID)
	if err != nil {
		s.fail(v.w, v.r, err)
		return
	}
	v.View = now
	t := s.texts[v.lang.String()]
	if changed, ok := errors.AsType[*charge.TotalChangedError](f); ok {
		s.askAgain(v, d, changed.Total)
		return
	}
	if f.Code == fault.OrderInProgress {
		s.again(v, d, http.StatusConflict, &notice{Title: t["declined"], Lines: []string{t["busy"]}})
		return
	}
	for _, field := range f.Fields {
		key := "e_" + field.Name
		if t[key] == "" {
			d.wrong["other"] = "e_other"
			continue
		}
		d.wrong[field.Name] = key
	}
	if len(d.wrong) == 0 {
		d.wrong["other"] = "e_other"
	}
	s.again(v, d, http.StatusUnprocessableEntity, nil)
}

// comeBack takes a shopper back from the bank. The key that it brings proves
// itself; a forged return charges nothing.
func (s *hosted) comeBack(v visit) {
	f, status := readFieldsOf(v, "paymentId", "securityKey", "resultCode", "resultMessage")
	if status != 0 {
		s.problem(v.w, v.r, status)
		return
	}
	paymentID, err := id.ParseUUID(f.Get("paymentId"))
	if err != nil {
		s.problem(v.w, v.r, http.StatusBadRequest)
		return
	}
	err = s.Checkouts.Return(v.r.Context(), checkout.Return{
		Checkout: v.ID, PaymentID: paymentID, SecurityKey: f.Get("securityKey"),
	})
	if err != nil && fault.CodeOf(err) != fault.StaleVersion {
		s.log(v.w, v.r, err) // how the attempt went is found out in the background
	}
	s.lookAgain(v)
}

// offered answers the script that asks for a card's installments, with texts that
// are ready to be shown.
type offered struct {
	Options []offeredOption `json:"options"`
}

type offeredOption struct {
	Count int    `json:"count"`
	Each  string `json:"each"`
	Total string `json:"total"`
	// Agreed is the field that the form sends with it.
	Agreed string `json:"agreed"`
}

// checkOffers returns the status with which a look-up is refused, zero for none.
// What a saved card may have is told to the page alone that lists it.
func (s *hosted) checkOffers(v checkout.View, f url.Values) int {
	if f.Get("storedCard") == "" {
		if !card.IsBIN(f.Get("bin")) {
			return http.StatusBadRequest
		}
		return 0
	}
	version, right := versionOf(s.FormKey, v.ID, f.Get("version"), f.Get("token"))
	if !right || version != v.Version {
		return http.StatusForbidden
	}
	return 0
}

// offers answers POST …/installments with the installments of a card: a saved one,
// or one of which no more than a BIN is taken.
func (s *hosted) offers(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		s.problem(w, r, http.StatusMethodNotAllowed)
		return
	}
	v, err := s.find(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if !s.limits.allowOffers(r.Context(), v.ID.String(), s.Proxies.Client(r)) {
		s.problem(w, r, http.StatusTooManyRequests)
		return
	}
	f, status := s.readOwnForm(visit{w: w, r: r}, "bin", "storedCard", "version", "token")
	if status == 0 {
		status = s.checkOffers(v, f)
	}
	if status != 0 {
		s.problem(w, r, status)
		return
	}
	found, err := s.quote(r.Context(), v, f.Get("storedCard"), f.Get("bin"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	lang, answer := s.language(r), offered{Options: []offeredOption{}}
	for _, o := range found {
		answer.Options = append(answer.Options, offeredOption{
			Count: o.Price.Count, Each: amountText(o.Price.Each, lang), Total: amountText(o.Price.Total, lang),
			Agreed: agreedField(o.Price.Count, o.Price.Total),
		})
	}
	body, err := json.Marshal(answer)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(body) // the shopper may be gone
}
