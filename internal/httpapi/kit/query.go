package kit

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/vezne/vezne/internal/fault"
)

// maxCursor is longer than any cursor that we hand out.
const maxCursor = 1024

// Query is the query of a request, read parameter by parameter like an Object.
// An empty value counts as absent. Err refuses parameters that nobody has asked for by
// then if the route is strict, so that a misspelled filter does not become a list of
// everything, or else if they are like one that was. It is not safe for concurrent use.
type Query struct {
	values url.Values
	// known are the parameters that were asked for.
	known vocabulary
	wrong []fault.Field
}

func parseQuery(raw string, strict bool) *Query {
	values, err := url.ParseQuery(raw)
	q := &Query{values: values, known: vocabulary{strict: strict}}
	if err != nil {
		q.Reject("query", fault.FieldInvalid, "is not a well-formed query string")
	}
	return q
}

// Reject adds a wrong parameter.
func (q *Query) Reject(name string, code fault.FieldCode, message string) {
	q.wrong = append(q.wrong, fault.Field{Name: name, Code: code, Message: message})
}

// Err returns the fault for everything that is wrong so far, nil if nothing is.
func (q *Query) Err() error {
	wrong := slices.Concat(q.wrong, q.unknown())
	if len(wrong) == 0 {
		return nil
	}
	return fault.Validation(wrong...)
}

// unknown are the parameters that nobody has asked for and that are refused.
func (q *Query) unknown() []fault.Field { return q.known.unknown(maps.Keys(q.values), "query") }

// Text reads a parameter of a bounded number of characters without control characters.
func (q *Query) Text(name string, most int) string {
	q.known.note(name)
	values := q.values[name]
	if len(values) == 0 {
		return ""
	}
	if len(values) > 1 {
		q.Reject(name, fault.FieldInvalid, "must be given once")
		return ""
	}
	if !utf8.ValidString(values[0]) {
		q.Reject(name, fault.FieldInvalid, "must be UTF-8")
		return ""
	}
	if field, ok := textFault(name, values[0], 0, most); !ok {
		q.wrong = append(q.wrong, field)
		return ""
	}
	return values[0]
}

// OneOf reads a parameter that has one of a few values.
func (q *Query) OneOf(name string, allowed ...string) string {
	v := q.Text(name, maxCursor)
	if v != "" && !slices.Contains(allowed, v) {
		q.Reject(name, fault.FieldInvalid, "is not one of the known values")
		return ""
	}
	return v
}

// Int reads an integer from least to most; absent is the fallback.
func (q *Query) Int(name string, fallback, least, most int) int {
	v := q.Text(name, maxCursor)
	if v == "" {
		return fallback
	}
	i, err := strconv.Atoi(v)
	if err != nil || strconv.Itoa(i) != v {
		q.Reject(name, fault.FieldInvalid, "must be an integer")
		return fallback
	}
	if i < least || i > most {
		q.Reject(name, fault.FieldOutOfRange, "must be from "+strconv.Itoa(least)+" to "+strconv.Itoa(most))
		return fallback
	}
	return i
}

// Time reads a moment of RFC 3339; absent is the zero Time. The plus of an offset is a
// blank in a query unless it is escaped (URL Standard, section 5.1); where RFC 3339 has
// no blank, one is the plus that was meant.
func (q *Query) Time(name string) time.Time {
	v := q.Text(name, maxCursor)
	if v == "" {
		return time.Time{}
	}
	if at := len(v) - len("+03:00"); at > 0 && v[at] == ' ' {
		v = v[:at] + "+" + v[at+1:]
	}
	t, err := time.Parse(time.RFC3339, v)
	if err != nil {
		q.Reject(name, fault.FieldInvalid, "must be a date and time of RFC 3339, with a plus written as %2B")
		return time.Time{}
	}
	return t.UTC()
}

// Cursor reads the place of a page, which only storage understands.
func (q *Query) Cursor(name string) string { return q.Text(name, maxCursor) }
