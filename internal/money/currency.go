package money

import "errors"

// ErrCurrency is an unknown currency code.
var ErrCurrency = errors.New("unknown currency code")

// Currency is an ISO 4217 currency, by its numeric code. The zero value is "no
// currency".
type Currency uint16

// The currencies that the public APIs name.
const (
	TRY Currency = 949
	USD Currency = 840
	EUR Currency = 978
	GBP Currency = 826
	ARS Currency = 32
	BRL Currency = 986
	CNY Currency = 156
	AED Currency = 784
	IQD Currency = 368
	AZN Currency = 944
	KZT Currency = 398
	KWD Currency = 414
	SAR Currency = 682
	BHD Currency = 48
	RUB Currency = 643
	JPY Currency = 392
	EGP Currency = 818
	MXN Currency = 484
	RON Currency = 946
)

type currencyInfo struct {
	currency Currency
	code     string
	digits   int // fraction digits, ISO 4217 table A.1
}

var currencies = [...]currencyInfo{
	{TRY, "TRY", 2}, {USD, "USD", 2}, {EUR, "EUR", 2}, {GBP, "GBP", 2}, {ARS, "ARS", 2},
	{BRL, "BRL", 2}, {CNY, "CNY", 2}, {AED, "AED", 2}, {IQD, "IQD", 3}, {AZN, "AZN", 2},
	{KZT, "KZT", 2}, {KWD, "KWD", 3}, {SAR, "SAR", 2}, {BHD, "BHD", 3}, {RUB, "RUB", 2},
	{JPY, "JPY", 0}, {EGP, "EGP", 2}, {MXN, "MXN", 2}, {RON, "RON", 2},
}

// ParseCurrency reads a three-letter upper-case code.
func ParseCurrency(code string) (Currency, error) {
	for _, c := range currencies {
		if c.code == code {
			return c.currency, nil
		}
	}
	return 0, ErrCurrency
}

// Valid reports whether c is a known currency.
func (c Currency) Valid() bool { return c.info() != nil }

// Digits returns the number of fraction digits: 0 for JPY, 3 for KWD, mostly 2.
func (c Currency) Digits() int {
	if i := c.info(); i != nil {
		return i.digits
	}
	return 0
}

// String returns the three-letter code, empty for no currency.
func (c Currency) String() string {
	if i := c.info(); i != nil {
		return i.code
	}
	return ""
}

func (c Currency) info() *currencyInfo {
	for i := range currencies {
		if currencies[i].currency == c {
			return &currencies[i]
		}
	}
	return nil
}
