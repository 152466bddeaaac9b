package card

// Scheme is a card network, by the name that the gateway API shows.
type Scheme string

// The schemes that ranges alone can tell.
const (
	Visa       Scheme = "VISA"
	Mastercard Scheme = "MASTERCARD"
	Troy       Scheme = "TROY"
	Amex       Scheme = "AMEX"
	Maestro    Scheme = "MAESTRO"
	Diners     Scheme = "DINERS_CLUB"
	Discover   Scheme = "DISCOVER"
	JCB        Scheme = "JCB"
	UnionPay   Scheme = "UNION_PAY"
)

// Schemes returns all schemes.
func Schemes() []Scheme {
	return []Scheme{Visa, Mastercard, Troy, Amex, Maestro, Diners, Discover, JCB, UnionPay}
}

// Type is the kind of account behind a card.
type Type string

// The types of card.
const (
	Credit  Type = "CREDIT"
	Debit   Type = "DEBIT"
	Prepaid Type = "PREPAID"
)

// Types returns all types.
func Types() []Type { return []Type{Credit, Debit, Prepaid} }

// SchemeOf tells the scheme from the leading digits, empty if no range fits.
// Issuers' tables know better: use a BIN record where there is one.
func SchemeOf(p PAN) Scheme { return SchemeOfBIN(p.BIN(4)) }

// SchemeOfBIN is SchemeOf for a number of which only the leading digits are known.
func SchemeOfBIN(digits string) Scheme {
	switch d := digits[:min(4, len(digits))]; {
	case len(d) < 4:
		return ""
	case d[0] == '4':
		return Visa
	case d[:2] == "34", d[:2] == "37":
		return Amex
	case d == "9792", d[:2] == "65": // in Turkey 65 is issued as TROY, which shares it with Discover
		return Troy
	case d[:2] >= "51" && d[:2] <= "55", d >= "2221" && d <= "2720":
		return Mastercard
	case d[:2] == "36", d[:2] == "38", d[:2] == "39", d >= "3000" && d <= "3059":
		return Diners
	case d[:2] == "35":
		return JCB
	case d == "6011", d[:2] == "64":
		return Discover
	case d[:2] == "62":
		return UnionPay
	case d[:2] == "50", d[:2] == "56", d[:2] == "57", d[:2] == "58", d[:1] == "6":
		return Maestro
	}
	return ""
}
