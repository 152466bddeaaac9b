package sqlstore

import (
	"bytes"
	"net/netip"
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
)

// column is a column of a table that keeps values of T.
type column[T any] struct {
	name string
	sort sort
	// put returns what is stored of a value. Amounts are in the currency of the row.
	// It is nil for a column that is only read.
	put func(*T, money.Currency) any
	// take sets what was read, which is at the place among the row's values of the
	// sort. It is nil for a column that is only written.
	take func(v *T, r *row, place int) error
	// place is set by newTable.
	place int
}

// sort is what a driver delivers for a column.
type sort int

const (
	ofNumber sort = iota
	ofText
	ofFlag
	ofBlob
)

const sorts = int(ofBlob) + 1

// number keeps an integer, be it an id, a count or a rate.
func number[T any, N ~int64 | ~int | ~uint32 | ~uint8](name string, at func(*T) *N) column[T] {
	return column[T]{
		name: name, sort: ofNumber,
		put:  func(v *T, _ money.Currency) any { return int64(*at(v)) },
		take: func(v *T, r *row, place int) error { *at(v) = N(r.numbers[place]); return nil }, // it was stored from one
	}
}

// text keeps a text, or one of a few words.
func text[T any, S ~string](name string, at func(*T) *S) column[T] {
	return column[T]{
		name: name, sort: ofText,
		put:  func(v *T, _ money.Currency) any { return string(*at(v)) },
		take: func(v *T, r *row, place int) error { *at(v) = S(r.texts[place]); return nil },
	}
}

// textOf keeps as a text what has another form in memory.
func textOf[T any](name string, put func(*T) string, take func(*T, string) error) column[T] {
	return column[T]{
		name: name, sort: ofText,
		put:  func(v *T, _ money.Currency) any { return put(v) },
		take: func(v *T, r *row, place int) error { return take(v, r.texts[place]) },
	}
}

// body keeps a document that is bytes in memory.
func body[T any, B ~[]byte](name string, at func(*T) *B) column[T] {
	return column[T]{
		name: name, sort: ofText,
		put:  func(v *T, _ money.Currency) any { return string(*at(v)) },
		take: func(v *T, r *row, place int) error { *at(v) = B(r.texts[place]); return nil },
	}
}

// document keeps a value as JSON.
func document[T, D any](name string, at func(*T) *D) column[T] {
	put := func(v *T) string { return encode(*at(v)) }
	take := func(v *T, text string) error { return decode(text, at(v)) }
	return textOf(name, put, take)
}

// address keeps a network address, as an empty text if there is none.
func address[T any](name string, at func(*T) *netip.Addr) column[T] {
	return textOf(name, func(v *T) string { return addressText(*at(v)) }, func(v *T, text string) (err error) {
		if text != "" {
			*at(v), err = netip.ParseAddr(text)
		}
		return err
	})
}

// flag keeps a claim.
func flag[T any](name string, at func(*T) *bool) column[T] {
	return column[T]{
		name: name, sort: ofFlag,
		put:  func(v *T, _ money.Currency) any { return *at(v) },
		take: func(v *T, r *row, place int) error { *at(v) = r.flags[place]; return nil },
	}
}

// moment keeps a time, as microseconds since 1970.
func moment[T any](name string, at func(*T) *time.Time) column[T] {
	return column[T]{
		name: name, sort: ofNumber,
		put:  func(v *T, _ money.Currency) any { return micros(*at(v)) },
		take: func(v *T, r *row, place int) error { *at(v) = timeOf(r.numbers[place]); return nil },
	}
}

// duration keeps a span of time, as microseconds.
func duration[T any](name string, at func(*T) *time.Duration) column[T] {
	return column[T]{
		name: name, sort: ofNumber,
		put: func(v *T, _ money.Currency) any { return at(v).Microseconds() },
		take: func(v *T, r *row, place int) error {
			*at(v) = time.Duration(r.numbers[place]) * time.Microsecond
			return nil
		},
	}
}

// blob keeps bytes, which are empty and not NULL if there are none.
func blob[T any](name string, at func(*T) *[]byte) column[T] {
	return column[T]{
		name: name, sort: ofBlob,
		put: func(v *T, _ money.Currency) any { return notNil(*at(v)) },
		take: func(v *T, r *row, place int) error {
			if b := r.blobs[place]; len(b) > 0 {
				*at(v) = b
			}
			return nil
		},
	}
}

// optionalBlob keeps bytes, which are NULL if there are none.
func optionalBlob[T any](name string, at func(*T) *[]byte) column[T] {
	c := blob(name, at)
	c.put = func(v *T, _ money.Currency) any {
		if b := *at(v); len(b) > 0 {
			return b
		}
		return nil
	}
	return c
}

// hash keeps a SHA-256.
func hash[T any](name string, at func(*T) *[32]byte) column[T] {
	return column[T]{
		name: name, sort: ofBlob,
		put:  func(v *T, _ money.Currency) any { return bytes.Clone(at(v)[:]) },
		take: func(v *T, r *row, place int) error { copy(at(v)[:], r.blobs[place]); return nil },
	}
}

// uuid keeps a UUID.
func uuid[T any](name string, at func(*T) *id.UUID) column[T] {
	return column[T]{
		name: name, sort: ofBlob,
		put:  func(v *T, _ money.Currency) any { return bytes.Clone(at(v)[:]) },
		take: func(v *T, r *row, place int) error { copy(at(v)[:], r.blobs[place]); return nil },
	}
}

// optionalUUID keeps a UUID, which is NULL if it is zero.
func optionalUUID[T any](name string, at func(*T) *id.UUID) column[T] {
	c := uuid(name, at)
	c.put = func(v *T, _ money.Currency) any {
		if u := at(v); *u != (id.UUID{}) {
			return bytes.Clone(u[:])
		}
		return nil
	}
	return c
}

// amount keeps minor units of the row's currency.
func amount[T any](name string, at func(*T) *money.Amount) column[T] {
	return column[T]{
		name: name, sort: ofNumber,
		put: func(v *T, c money.Currency) any { return minor(*at(v), c) },
		take: func(v *T, r *row, place int) error {
			*at(v) = money.FromMinor(r.numbers[place], r.currency)
			return nil
		},
	}
}

// currency keeps what the table says of the row's amounts.
func currency[T any]() column[T] {
	return column[T]{
		name: currencyColumn, sort: ofText,
		put:  func(_ *T, c money.Currency) any { return c.String() },
		take: func(*T, *row, int) error { return nil }, // the amounts have it
	}
}

// derived keeps what is worked out from the rest, for indexes to find.
func derived[T any](name string, put func(*T) any) column[T] {
	return column[T]{name: name, put: func(v *T, _ money.Currency) any { return put(v) }}
}

// readOnly is a column that is not stored from the value. Its name may be an
// expression.
func readOnly[T any](c column[T]) column[T] {
	c.put = nil
	return c
}
