package pages

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/money"
)

// words are what the hosted page says in one language, by key.
type words map[string]string

func readWords() (map[string]words, error) {
	raw, err := checkoutFiles.ReadFile("checkout/text.json")
	if err != nil {
		return nil, fmt.Errorf("read texts of checkout: %w", err)
	}
	var all map[string]words
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("read texts of checkout: %w", err)
	}
	return all, nil
}

// fill puts a value into a text.
func (w words) fill(key, name, value string) string {
	return strings.ReplaceAll(w[key], "{"+name+"}", value)
}

// nativeNames are what languages call themselves, in the order of the switcher.
func nativeNames() []link {
	return []link{
		{Code: "tr", Name: "Türkçe"}, {Code: "en", Name: "English"}, {Code: "ar", Name: "العربية"},
		{Code: "ru", Name: "Русский"}, {Code: "de", Name: "Deutsch"}, {Code: "fr", Name: "Français"},
	}
}

// amountText writes an amount as people of the language do, with the name of its
// currency: "1.000,00 TL".
func amountText(a money.Amount, lang language.Tag) string {
	group, point := ",", "."
	switch lang {
	case language.Turkish, language.German:
		group, point = ".", ","
	case language.French, language.Russian:
		group, point = "\u202f", ","
	}
	whole, fraction, _ := strings.Cut(a.Decimal(), ".")
	var b strings.Builder
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(group)
		}
		b.WriteRune(digit)
	}
	if fraction != "" {
		b.WriteString(point + fraction)
	}
	name := a.Currency().String()
	if lang == language.Turkish && a.Currency() == money.TRY {
		name = "TL"
	}
	return b.String() + "\u00a0" + name
}

// isolate keeps an amount in its own order inside a text that runs from right to
// left (Unicode Standard Annex 9, section 2.4).
func isolate(amount string, lang language.Tag) string {
	if direction(lang) == "rtl" {
		return "\u2066" + amount + "\u2069"
	}
	return amount
}

// shopperReason is the reason that a shopper is told for a decline. That a card
// was reported lost, stolen or suspicious is not for whoever holds it to know, and
// POSes are the merchant's business.
func shopperReason(r connector.Reason) connector.Reason {
	switch r {
	case connector.LostCard, connector.StolenCard, connector.PickupCard, connector.FraudSuspect, connector.FraudCheckBlock,
		connector.RestrictedCard, connector.RestrictedByLaw, connector.BlockedCard, connector.DeclinedByBank, connector.UnknownReason:
		return connector.DoNotHonour
	case connector.NoPOSAvailable, connector.NotPermittedToTerminal, connector.InvalidMerchantOrSP, connector.BINNotFound,
		connector.POSBalanceNotSufficient:
		return connector.CardNotPermitted
	case connector.InvalidCAVV, connector.InvalidECI, connector.ThreeDSInitError, connector.Requires3DS:
		return connector.ThreeDSFailed
	}
	return r
}
