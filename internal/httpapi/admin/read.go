package admin

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/money"
)

// The size of a page. Lists that were not always paged have the largest page
// unless the caller asks for less, because callers knew them whole.
const (
	defaultLimit = 25
	maxLimit     = 100
	wholeLimit   = maxLimit
)

// page is the part of a list that is asked for.
type page struct {
	cursor string
	limit  int
}

// firstPage is where a list begins.
func firstPage() page { return page{limit: wholeLimit} }

// readPage reads which part of a short list a query is about.
func readPage(r *request) (page, error) {
	q := r.Query()
	p := page{cursor: q.Cursor("cursor"), limit: q.Int("limit", wholeLimit, 1, maxLimit)}
	return p, q.Err()
}

// paged returns a handler that answers with a part of a list.
func paged(
	list func(ctx context.Context, r *request, p page) (kit.Response, error),
) func(context.Context, *request) (kit.Response, error) {
	return func(ctx context.Context, r *request) (kit.Response, error) {
		p, err := readPage(r)
		if err != nil {
			return kit.Response{}, err
		}
		return list(ctx, r, p)
	}
}

// viewed answers with a page of a list, whose rows stand under the name.
func viewed[T, V any](name string, rows []T, next string, view func(T) V) kit.Response {
	views := make([]V, 0, len(rows))
	for _, row := range rows {
		views = append(views, view(row))
	}
	return kit.OK(map[string]any{name: views, "next": kit.TextOrNull(next)})
}

// queryAmount reads an optional amount of a query.
func queryAmount(q *kit.Query, name string, c money.Currency) money.Amount {
	text := q.Text(name, 32)
	if text == "" {
		return money.Amount{}
	}
	if !c.Valid() {
		q.Reject("currency", fault.FieldRequired, "is required with an amount")
		return money.Amount{}
	}
	a, err := money.ParseAmount(text, c)
	if err != nil || a.IsNegative() {
		q.Reject(name, fault.FieldInvalid, "must be an amount of the currency")
	}
	return a
}

// queryCurrency reads an optional currency of a query.
func queryCurrency(q *kit.Query, name string) money.Currency {
	code := q.Text(name, 3)
	if code == "" {
		return 0
	}
	c, err := money.ParseCurrency(code)
	if err != nil {
		q.Reject(name, fault.FieldInvalid, kit.CurrencyMessage(err))
	}
	return c
}

// queryDigits reads an optional parameter of least to most digits.
func queryDigits(q *kit.Query, name string, least, most int) string {
	s := q.Text(name, most)
	if s != "" && (len(s) < least || strings.Trim(s, "0123456789") != "") {
		q.Reject(name, fault.FieldInvalid, "must be digits, and enough of them")
		return ""
	}
	return s
}

// readTime reads a required moment of RFC 3339.
func readTime(b *kit.Object, name string) time.Time {
	text, ok := b.String(name)
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		b.Reject(name, fault.FieldInvalid, "must be a date and time of RFC 3339")
	}
	return t.UTC()
}

// sameText holds that a body that names what its path names, as answers do, names
// the same.
func sameText(b *kit.Object, name, want string) {
	if got, ok := b.OptionalString(name); ok && got != want {
		b.Reject(name, fault.FieldInvalid, "is not that of the path")
	}
}

// item names a member of a list in what is wrong with it.
func item(i int) string { return "items." + strconv.Itoa(i) }

// orText reads an optional text; without it the fallback stays.
func orText(b *kit.Object, name, fallback string, most int) string {
	if s, ok := b.OptionalText(name, most); ok {
		return s
	}
	return fallback
}

// orInt reads an optional integer; without it the fallback stays.
func orInt(b *kit.Object, name string, fallback, least, most int) int {
	if !b.Has(name) {
		return fallback
	}
	n, _ := b.Int(name, least, most)
	return n
}

// orTime reads an optional moment; without it the fallback stays, and null is none.
func orTime(b *kit.Object, name string, fallback time.Time) time.Time {
	if b.Null(name) {
		return time.Time{}
	}
	if !b.Has(name) {
		return fallback
	}
	return readTime(b, name)
}

// readRate reads a required percentage, zero or more.
func readRate(b *kit.Object, name string) money.Rate {
	n, ok := b.Number(name)
	if !ok {
		return 0
	}
	rate, err := money.ParseRate(string(n))
	if err != nil || rate < 0 {
		b.Reject(name, fault.FieldInvalid, "must be a percentage of at most six decimals, zero or more")
	}
	return rate
}
