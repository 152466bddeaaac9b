package bin

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Limits of an import. The largest tables on the market have half a million
// rows; a file beyond these bounds is something else.
const (
	maxCSVBytes = 64 << 20
	maxRows     = 1_000_000
	maxBadRows  = 1_000
)

// Why a whole file was refused.
var (
	// ErrNoHeader is a file without a header that names the required columns.
	ErrNoHeader = errors.New("the first line must name the columns, at least prefix, scheme and type")
	// ErrTooBig is a file over 64 MiB or a million rows.
	ErrTooBig = errors.New("the file is too big for a BIN table")
	// ErrTooManyBad is a file with over a thousand bad rows.
	ErrTooManyBad = errors.New("too many bad rows for a BIN table")
)

// BadRow is a row of a file that was left out.
type BadRow struct {
	Line   int    // 1 is the header
	Column string // empty when the row as a whole is wrong
	Why    string
}

// String returns "line 7, type: must be credit, debit or prepaid".
func (b BadRow) String() string {
	if b.Column == "" {
		return fmt.Sprintf("line %d: %s", b.Line, b.Why)
	}
	return fmt.Sprintf("line %d, %s: %s", b.Line, b.Column, b.Why)
}

// ParseCSV reads a BIN table from comma-separated text in UTF-8 (semicolons are
// understood when the header has them). The first line names the columns, in any
// order and any case; unknown columns and blank lines are passed over:
//
//	prefix      6 to 8 digits; required
//	scheme      VISA, MASTERCARD, TROY, AMEX, MAESTRO, DINERS_CLUB, DISCOVER, JCB or UNION_PAY; required
//	type        CREDIT, DEBIT or PREPAID, with or without _CARD; required
//	bank_code   EFT code of four digits; empty for a foreign bank
//	bank        name of the bank
//	program     card family whose installments apply; empty for none
//	brand       product name
//	commercial  true or false; empty is false
//	domestic    true or false; empty is true where a bank code is given
//
// Rows that cannot be used are reported in bad and left out; of rows with the
// same prefix the first is kept. err is about the file as a whole, and then
// there are no rows: ErrNoHeader, ErrTooBig, ErrTooManyBad, or what r returned.
func ParseCSV(r io.Reader) (rows []Info, bad []BadRow, err error) {
	limited := &io.LimitedReader{R: r, N: maxCSVBytes + 1}
	records, columns, err := openCSV(limited)
	if err != nil {
		return nil, nil, err
	}
	lines := make(map[string]int)
	for {
		record, err := records.Read()
		switch parseError, malformed := errors.AsType[*csv.ParseError](err); {
		case limited.N == 0 || len(rows) > maxRows:
			return nil, nil, ErrTooBig
		case errors.Is(err, io.EOF):
			return rows, bad, nil
		case malformed:
			bad = append(bad, BadRow{Line: parseError.StartLine, Why: parseError.Err.Error()})
		case err != nil:
			return nil, nil, fmt.Errorf("read BIN table: %w", err)
		case !blank(record):
			line, _ := records.FieldPos(0)
			info, problem := parseRow(columns, record)
			if first, taken := lines[info.Prefix]; problem == nil && taken {
				problem = &BadRow{Column: "prefix", Why: fmt.Sprintf("stands in line %d already", first)}
			}
			if problem != nil {
				problem.Line = line
				bad = append(bad, *problem)
				break
			}
			lines[info.Prefix] = line
			rows = append(rows, info)
		}
		if len(bad) > maxBadRows {
			return nil, nil, ErrTooManyBad
		}
	}
}

// openCSV reads the header and returns the rows' reader and, for each known
// column, its place in a record.
func openCSV(r io.Reader) (*csv.Reader, map[string]int, error) {
	buffered := bufio.NewReader(r)
	if head, _ := buffered.Peek(3); bytes.Equal(head, []byte("\xef\xbb\xbf")) { // a short file has no byte order mark
		_, _ = buffered.Discard(3) // they were just seen
	}
	records := csv.NewReader(buffered)
	records.FieldsPerRecord = -1
	records.TrimLeadingSpace = true
	head, _ := buffered.Peek(buffered.Size()) // as much as there is
	if line, _, _ := bytes.Cut(head, []byte("\n")); bytes.ContainsRune(line, ';') && !bytes.ContainsRune(line, ',') {
		records.Comma = ';'
	}
	header, err := records.Read()
	if _, malformed := errors.AsType[*csv.ParseError](err); malformed || errors.Is(err, io.EOF) {
		return nil, nil, ErrNoHeader
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read BIN table: %w", err)
	}
	columns := make(map[string]int, len(header))
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := columns[name]; !twice {
			columns[name] = i
		}
	}
	for _, required := range []string{"prefix", "scheme", "type"} {
		if _, ok := columns[required]; !ok {
			return nil, nil, ErrNoHeader
		}
	}
	return records, columns, nil
}

func blank(record []string) bool {
	return !slices.ContainsFunc(record, func(field string) bool { return strings.TrimSpace(field) != "" })
}
