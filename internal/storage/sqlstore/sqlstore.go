// Package sqlstore holds every SQL statement: one file per noun, and a store for
// each domain that declares one. Statements keep to what SQLite and PostgreSQL
// have in common; the few that cannot are chosen by engine. Columns are always
// named, parameters always bound, lists always ordered.
package sqlstore

import (
	"context"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/storage"
)

// errNone is what a lookup that found nothing returns.
func errNone() error { return fault.New(fault.NotFound, fault.NoSuchThing, "not found") }

// many runs a query and reads each row with read.
func many[T any](
	ctx context.Context, db storage.Querier, read func(storage.Scanner) (T, error), sql string, args ...any,
) ([]T, error) {
	var all []T
	err := db.Query(ctx, sql, args, func(s storage.Scanner) error {
		one, err := read(s)
		if err != nil {
			return fmt.Errorf("read row: %w", err)
		}
		all = append(all, one)
		return nil
	})
	return all, err
}

// one is many for a query that finds at most one row; none is fault.NoSuchThing.
func one[T any](
	ctx context.Context, db storage.Querier, read func(storage.Scanner) (T, error), sql string, args ...any,
) (T, error) {
	all, err := many(ctx, db, read, sql, args...)
	if err != nil {
		return *new(T), err
	}
	if len(all) == 0 {
		return *new(T), errNone()
	}
	return all[0], nil
}

// micros stores a time as microseconds since 1970, the zero time as 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// timeOf is the inverse of micros, in UTC.
func timeOf(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// minor returns the minor units of an amount that must be in the currency of its
// row. The zero Amount, which has none, is nothing in any currency.
func minor(a money.Amount, c money.Currency) int64 {
	if a.Currency() != c && a != (money.Amount{}) {
		panic(fmt.Sprintf("sqlstore: %s in a row of %s", a.Currency(), c))
	}
	return a.Minor()
}

// currencyOf reads a currency that was stored by its code, empty for none.
func currencyOf(code string) (money.Currency, error) {
	if code == "" {
		return 0, nil
	}
	c, err := money.ParseCurrency(code)
	if err != nil {
		return 0, fmt.Errorf("currency %q: %w", code, err)
	}
	return c, nil
}

// placeholders returns "$from, $from+1, ..." for n parameters.
func placeholders(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(from + i))
	}
	return b.String()
}

// listSize is how many places a list of n values gets, so that few texts are
// prepared for lists of all sizes: the last value fills those that are left.
func listSize(n int) int { return 1 << bits.Len(uint(n-1)) }

// rowsOf returns the placeholders of n rows of width parameters, for VALUES.
func rowsOf(n, width int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('(')
		b.WriteString(placeholders(1+i*width, width))
		b.WriteByte(')')
	}
	return b.String()
}
