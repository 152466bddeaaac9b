package kit

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/money"
)

// Has reports whether a member is there and not null.
func (o *Object) Has(name string) bool {
	o.known.note(name)
	v, ok := o.members[name]
	return ok && v.Kind() != 'n'
}

// Null reports whether a member is there and null, by which a merge patch
// (RFC 7396) takes away what is set.
func (o *Object) Null(name string) bool {
	return !o.Has(name) && o.members[name].Kind() == 'n'
}

// String reads a required string. It returns false, and the field is rejected,
// when it is missing, null, of another type, or has a card's number in it: what is read
// so may be stored and shown as it came.
func (o *Object) String(name string) (string, bool) {
	s, ok := o.Private(name)
	return s, ok && o.CardFree(name, s)
}

// CardFree rejects a text with a card's number in it, without saying anything of the text, and
// reports whether it has none. It is for what comes by another way than a member, as in a path.
func (o *Object) CardFree(name, s string) bool {
	if !card.InText(s) {
		return true
	}
	o.RejectAs(fault.CardNumberInText, fault.Field{
		Name: name, Code: fault.FieldInvalid, Message: "must not have a card's number in it",
	})
	return false
}

// Private is String for what is stored nowhere, or sealed: a card's number, a password,
// a picture. It may have a card's number in it.
func (o *Object) Private(name string) (string, bool) {
	v, ok := o.single(name)
	if !ok {
		return "", false
	}
	if v.Kind() != '"' {
		o.Reject(name, fault.FieldInvalid, "must be a string")
		return "", false
	}
	var s string
	if err := json.Unmarshal(v, &s); err != nil {
		o.Reject(name, fault.FieldInvalid, "must be a string")
		return "", false
	}
	return s, true
}

// OptionalString is String for a field that may be missing or null, which is
// the empty string and no fault.
func (o *Object) OptionalString(name string) (string, bool) {
	if !o.Has(name) {
		return "", false
	}
	return o.String(name)
}

// Text reads a required string of least to most characters without control
// characters, and returns it with whether it is right.
func (o *Object) Text(name string, least, most int) (string, bool) {
	s, ok := o.String(name)
	return s, ok && o.checkText(name, s, least, most)
}

// PrivateText is Text for what Private reads.
func (o *Object) PrivateText(name string, least, most int) (string, bool) {
	s, ok := o.Private(name)
	return s, ok && o.checkText(name, s, least, most)
}

// OptionalPrivateText is PrivateText for a field that may be missing, null or empty.
func (o *Object) OptionalPrivateText(name string, most int) (string, bool) {
	if !o.Has(name) {
		return "", false
	}
	return o.PrivateText(name, 0, most)
}

// OptionalText is Text for a field that may be missing, null or empty.
func (o *Object) OptionalText(name string, most int) (string, bool) {
	s, ok := o.OptionalString(name)
	return s, ok && o.checkText(name, s, 0, most)
}

func (o *Object) checkText(name, s string, least, most int) bool {
	field, ok := textFault(name, s, least, most)
	if !ok {
		o.wrong = append(o.wrong, field)
	}
	return ok
}

// Number reads a required number, as it was written. Quoted numbers and
// exponents are rejected; a form has numbers as texts and no quotes.
func (o *Object) Number(name string) (money.Number, bool) {
	v, ok := o.single(name)
	if !ok {
		return "", false
	}
	if o.form {
		v, _ = jsontext.AppendUnquote(nil, v) // parseForm quoted it
	}
	if v.Kind() != '0' {
		o.Reject(name, fault.FieldInvalid, "must be a number")
		return "", false
	}
	var n money.Number
	if err := n.UnmarshalJSON(trim(v)); err != nil {
		o.Reject(name, fault.FieldInvalid, money.ErrSyntax.Error())
		return "", false
	}
	return n, true
}

// Amount reads a required amount of a currency, over zero. Without a currency, 0,
// only its sign and its size are judged, and not its digits: what is wrong with the
// currency is for whoever read that to say.
func (o *Object) Amount(name string, c money.Currency) money.Amount {
	n, ok := o.Number(name)
	if !ok {
		return money.Amount{}
	}
	known := c.Valid()
	if !known {
		c = money.KWD // of the most digits
	}
	a, err := n.Amount(c)
	switch {
	case errors.Is(err, money.ErrPrecision) && !known:
	case errors.Is(err, money.ErrRange):
		o.Reject(name, fault.FieldOutOfRange, "must have at most 12 digits before the point")
	case err != nil:
		o.Reject(name, fault.FieldInvalid, err.Error())
	case !a.IsPositive():
		o.Reject(name, fault.FieldOutOfRange, "must be greater than zero")
	}
	if !known {
		return money.Amount{}
	}
	return a
}

// OptionalAmount is Amount for a field that may be missing or null, which is the
// zero Amount and no fault.
func (o *Object) OptionalAmount(name string, c money.Currency) money.Amount {
	if !o.Has(name) {
		return money.Amount{}
	}
	return o.Amount(name, c)
}

// Int reads a required integer from least to most; a fraction, even .0, is rejected.
func (o *Object) Int(name string, least, most int) (int, bool) {
	n, ok := o.Number(name)
	if !ok {
		return 0, false
	}
	i, err := n.Int()
	if err != nil && err != money.ErrRange { //nolint:errorlint // Int returns its sentinels unwrapped
		o.Reject(name, fault.FieldInvalid, "must be an integer")
		return 0, false
	}
	if err != nil || i < least || i > most {
		o.Reject(name, fault.FieldOutOfRange, fmt.Sprintf("must be from %d to %d", least, most))
		return 0, false
	}
	return i, true
}

// OptionalBool reads true or false; missing and null are the fallback. In a form
// "on", which browsers send for a box that was ticked, is true as well.
func (o *Object) OptionalBool(name string, fallback bool) bool {
	if !o.Has(name) {
		return fallback
	}
	if o.form {
		switch string(o.members[name]) {
		case `"true"`, `"on"`:
			return true
		case `"false"`:
			return false
		}
	}
	if kind := o.members[name].Kind(); kind == 't' || kind == 'f' {
		return kind == 't'
	}
	o.Reject(name, fault.FieldInvalid, "must be true or false")
	return fallback
}

// single is required for a field that has one value. Only a form can repeat one.
func (o *Object) single(name string) (jsontext.Value, bool) {
	v, ok := o.required(name)
	if ok && o.form && v.Kind() == '[' {
		o.Reject(name, fault.FieldInvalid, "must be given once")
		return nil, false
	}
	return v, ok
}

func (o *Object) required(name string) (jsontext.Value, bool) {
	if !o.Has(name) {
		o.Reject(name, fault.FieldRequired, "is required")
		return nil, false
	}
	return o.members[name], true
}

// textFault says what is wrong with a text of least to most characters.
func textFault(name, s string, least, most int) (fault.Field, bool) {
	switch n := utf8.RuneCountInString(s); {
	case n == 0 && least > 0:
		return fault.Field{Name: name, Code: fault.FieldRequired, Message: "must not be empty"}, false
	case n > most:
		return fault.Field{Name: name, Code: fault.FieldTooLong, Message: fmt.Sprintf("must have at most %d characters", most)}, false
	case n < least:
		return fault.Field{Name: name, Code: fault.FieldOutOfRange, Message: fmt.Sprintf("must have at least %d characters", least)}, false
	case HasControl(s) || !utf8.ValidString(s):
		return fault.Field{Name: name, Code: fault.FieldInvalid, Message: "must not have control characters"}, false
	}
	return fault.Field{}, true
}

// HasControl reports whether s has a control character or a line or paragraph
// separator, with which one line of a log or a report could be made to look
// like two.
func HasControl(s string) bool {
	for _, r := range s {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) {
			return true
		}
	}
	return false
}

// trim drops the white space that a raw value may carry.
func trim(v jsontext.Value) []byte {
	for len(v) > 0 && isSpace(v[0]) {
		v = v[1:]
	}
	for len(v) > 0 && isSpace(v[len(v)-1]) {
		v = v[:len(v)-1]
	}
	return v
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// CurrencyMessage says what is wrong with a code that money.ParseCurrency refused with
// the error: which code took the place of one that is no more.
func CurrencyMessage(err error) string {
	if retired, ok := errors.AsType[*money.RetiredError](err); ok {
		return retired.Error()
	}
	return "must be a current ISO 4217 code in capital letters"
}
