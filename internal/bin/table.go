package bin

import (
	"fmt"
	"slices"
)

// Prefix lengths of ISO/IEC 7812-1: six digits before 2017, eight since; some
// issuers share six and are told apart by seven.
const (
	minPrefix = 6
	maxPrefix = 8
)

// Table answers which BIN a card number belongs to. It never changes after
// NewTable and is safe for concurrent use; a new import makes a new Table.
type Table struct {
	rows []Info
	// byPrefix holds the place in rows of each prefix, one map per length,
	// because 054210 and 54210 are different prefixes of one number.
	byPrefix [maxPrefix + 1]map[uint32]int32
}

// NewTable returns a Table of the rows. It fails if a prefix is not 6 to 8
// digits or occurs twice.
func NewTable(rows []Info) (*Table, error) {
	t := &Table{rows: slices.Clone(rows)}
	for i := range t.rows {
		prefix := t.rows[i].Prefix
		n, ok := parsePrefix(prefix)
		if !ok {
			return nil, fmt.Errorf("row %d: prefix %q is not %d to %d digits", i+1, prefix, minPrefix, maxPrefix)
		}
		places := t.byPrefix[len(prefix)]
		if places == nil {
			places = make(map[uint32]int32)
			t.byPrefix[len(prefix)] = places
		}
		if _, taken := places[n]; taken {
			return nil, fmt.Errorf("row %d: prefix %s occurs twice", i+1, prefix)
		}
		places[n] = int32(i)
	}
	return t, nil
}

// Len returns the number of rows.
func (t *Table) Len() int { return len(t.rows) }

// Lookup returns the row with the longest prefix of digits, which is a card
// number or its beginning. Without a match, or if one of the leading digits is
// none, it returns false. The row belongs to the table and must not be changed.
func (t *Table) Lookup(digits string) (*Info, bool) {
	length := min(len(digits), maxPrefix)
	n, ok := parseDigits(digits[:length])
	if !ok {
		return nil, false
	}
	for ; length >= minPrefix; length-- {
		if i, found := t.byPrefix[length][n]; found {
			return &t.rows[i], true
		}
		n /= 10
	}
	return nil, false
}

// Lookup returns the row of the longest prefix in two tables, of which a
// merchant's own wins over a shared one as long.
func Lookup(own, shared *Table, digits string) (*Info, bool) {
	info, found := shared.Lookup(digits)
	if own.Len() == 0 {
		return info, found
	}
	if mine, has := own.Lookup(digits); has && (!found || len(mine.Prefix) >= len(info.Prefix)) {
		return mine, true
	}
	return info, found
}

func parsePrefix(s string) (uint32, bool) {
	if len(s) < minPrefix || len(s) > maxPrefix {
		return 0, false
	}
	return parseDigits(s)
}

// parseDigits reads at most eight digits; more would not fit.
func parseDigits(s string) (uint32, bool) {
	var n uint32
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + uint32(d)
	}
	return n, true
}
