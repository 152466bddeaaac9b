package sqlstore

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/storage"
)

// The bounds of a page.
const (
	defaultPage = 20
	maxPage     = 100
)

// pageSize returns how many rows a page has of which as many were asked for.
func pageSize(limit int) int {
	if limit <= 0 {
		limit = defaultPage
	}
	return min(limit, maxPage)
}

// pageOf returns the page and the cursor of the next one, empty at the end. One
// row more than the limit was looked for, to see whether there is a next page.
func pageOf[T any](found []T, limit int, cursor func(T) string) ([]T, string) {
	if len(found) <= limit {
		return found, ""
	}
	return found[:limit], cursor(found[limit-1])
}

// keyset is a list that is read in pages: each begins behind the last row of the
// one before, so that it costs the same wherever it is and rows that come or go
// elsewhere move nothing.
type keyset[T any] struct {
	// name tells the cursors of one list from those of another.
	name string
	// rows is the query up to its order; it has a WHERE.
	rows string
	// order are the columns of the order. No two rows have the same values.
	order []string
	// place returns a row's values of them, each an int64, a string or a []byte.
	place func(T) []any
	read  func(storage.Scanner) (T, error)
}

// page returns up to limit rows behind the cursor, and the cursor of the next
// page, empty at the end. The query's own parameters are args.
func (k keyset[T]) page(
	ctx context.Context, db *storage.DB, cursor string, limit int, args ...any,
) ([]T, string, error) {
	sql := k.rows
	if cursor != "" {
		after, err := k.parse(cursor)
		if err != nil {
			return nil, "", err
		}
		sql += " AND (" + strings.Join(k.order, ", ") + ") > (" + placeholders(len(args)+1, len(after)) + ")"
		args = append(args, after...)
	}
	limit = pageSize(limit)
	sql += " ORDER BY " + strings.Join(k.order, ", ") + " LIMIT $" + strconv.Itoa(len(args)+1)
	found, err := many(ctx, db, k.read, sql, append(args, int64(limit+1))...)
	if err != nil {
		return nil, "", fmt.Errorf("page of %s: %w", k.name, err)
	}
	page, next := pageOf(found, limit, k.cursor)
	return page, next, nil
}

// errCursor is what a list says of a cursor that it did not hand out.
func errCursor() error {
	return fault.Validation(fault.Field{Name: "cursor", Code: fault.FieldInvalid, Message: "is not a cursor of this list"})
}

// cursor returns the opaque text for the page behind a row.
func (k keyset[T]) cursor(row T) string {
	return base64.RawURLEncoding.EncodeToString([]byte(encode(append([]any{k.name}, k.place(row)...))))
}

// parse is the inverse of cursor. What this list did not hand out is a fault on
// "cursor".
func (k keyset[T]) parse(cursor string) ([]any, error) {
	text, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil {
		return nil, errCursor()
	}
	var parts []jsontext.Value
	shape := append([]any{k.name}, k.place(*new(T))...)
	if json.Unmarshal(text, &parts) != nil || len(parts) != len(shape) {
		return nil, errCursor()
	}
	place := make([]any, len(shape))
	for i, sort := range shape {
		var ok bool
		if place[i], ok = decodePart(parts[i], sort); !ok {
			return nil, errCursor()
		}
	}
	if place[0] != k.name {
		return nil, errCursor()
	}
	return place[1:], nil
}

// decodePart reads a value of the sort of another. A NUL, which PostgreSQL has in
// no text, is refused.
func decodePart(part jsontext.Value, sort any) (any, bool) {
	switch sort.(type) {
	case int64:
		var n int64
		err := json.Unmarshal(part, &n)
		return n, err == nil && part.Kind() == '0'
	case string:
		var s string
		err := json.Unmarshal(part, &s)
		return s, err == nil && part.Kind() == '"' && !strings.ContainsRune(s, 0)
	case []byte:
		var b []byte
		err := json.Unmarshal(part, &b)
		return b, err == nil && part.Kind() == '"'
	}
	panic(fmt.Sprintf("sqlstore: no cursor has a %T", sort))
}
