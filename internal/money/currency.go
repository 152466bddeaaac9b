package money

import "errors"

//go:generate go run ./gen

// ErrCurrency is a code that is no current currency's.
var ErrCurrency = errors.New("unknown currency code")

// RetiredError is a code whose currency is no more. It is ErrCurrency.
type RetiredError struct {
	Code string
	// Successor is the current currency that took its place.
	Successor Currency
}

// Error names the successor.
func (e *RetiredError) Error() string {
	return e.Code + " is no currency any more: " + e.Successor.String() + " took its place"
}

// Is reports whether the target is ErrCurrency.
func (e *RetiredError) Is(target error) bool { return target == ErrCurrency }

// Currency is an ISO 4217 currency, by its numeric code. The zero value is "no
// currency".
type Currency uint16

// The currencies that the public APIs name. Every other current one can be parsed.
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
	digits   int
}

// places are where the currencies stand in their table, counted from one, by number
// and by code: every stored row names its currency.
var (
	byNumber = numbered()
	byCode   = coded()
)

func numbered() (places [1000]uint8) {
	for i, c := range currencies {
		places[c.currency] = uint8(i + 1) // there are some 170 of them
	}
	return places
}

func coded() (places [letters * letters * letters]uint8) {
	for i, c := range currencies {
		places[codeIndex(c.code)] = uint8(i + 1)
	}
	return places
}

const letters = 'Z' - 'A' + 1

// codeIndex counts the codes of three capital letters; -1 is none of them.
func codeIndex(code string) int {
	if len(code) != 3 {
		return -1
	}
	index := 0
	for _, c := range []byte(code) {
		if c < 'A' || c > 'Z' {
			return -1
		}
		index = index*letters + int(c-'A')
	}
	return index
}

// ParseCurrency reads a three-letter upper-case code. Errors: ErrCurrency, which is a
// RetiredError where another currency took its place.
func ParseCurrency(code string) (Currency, error) {
	index := codeIndex(code)
	if index < 0 {
		return 0, ErrCurrency
	}
	if place := byCode[index]; place > 0 {
		return currencies[place-1].currency, nil
	}
	if successor, ok := successorOf(code); ok {
		return 0, &RetiredError{Code: code, Successor: successor}
	}
	return 0, ErrCurrency
}

// Valid reports whether c is a known currency.
func (c Currency) Valid() bool { return c.info() != nil }

// Digits returns the number of fraction digits: 0 for JPY, 3 for KWD, 4 for CLF, mostly 2.
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
	if int(c) >= len(byNumber) || byNumber[c] == 0 {
		return nil
	}
	return &currencies[byNumber[c]-1]
}
