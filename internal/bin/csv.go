package bin

import (
	"errors"
	"fmt"
	"io"

	"github.com/vezne/vezne/internal/sheet"
)

// MaxRows is how many rows a BIN table has at most: the largest on the market have
// half a million.
const MaxRows = 1_000_000

// MaxOwn is how many rows a merchant may have of its own: corrections and private
// cards, of which each node holds those of a thousand merchants in memory.
const MaxOwn = 10_000

// Limits of a file. One beyond these bounds is something else.
const (
	maxCSVBytes = 64 << 20
	maxCSVLines = 2 * MaxRows // blank ones included
	maxBadRows  = 1_000
)

// Why a whole file was refused.
var (
	// ErrNoHeader is a file without a header that names the required columns.
	ErrNoHeader = errors.New("the first line must name the columns, at least prefix, scheme and type")
	// ErrNoRows is a file with a header and nothing below it.
	ErrNoRows = errors.New("nothing stands below the first line, which names the columns")
	// ErrTooBig is a file over 64 MiB, or with more rows than its reader takes.
	ErrTooBig = errors.New("the file is too big for a BIN table")
	// ErrTooMany is a file after which its owner would have more rows than it may.
	ErrTooMany = fmt.Errorf("a merchant has at most %d rows of its own", MaxOwn)
	// ErrTooManyBad is a file with over a thousand bad rows.
	ErrTooManyBad = errors.New("too many bad rows for a BIN table")
)

// BadRow is a row of a file that was left out.
type BadRow struct {
	Line   int    // 1 is the first line of the file
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

// Sheet is what was read from a file. Its lines are a header, blank ones, rows and
// bad rows, and nothing else.
type Sheet struct {
	Rows  []Info
	Bad   []BadRow
	Lines int
	Blank int
}

// ParseCSV reads a BIN table of at most so many rows from comma-separated text in
// UTF-8 (semicolons are understood when the header has them). The first line names
// the columns, in any order and any case; unknown columns and blank lines are
// passed over:
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
// Rows that cannot be used are left out, each with its line; of rows with the same
// prefix the first is kept. A row is one line, so a quotation mark that nothing
// closes costs its own line alone. err is about the file as a whole, and then
// there are no rows: ErrNoHeader, ErrNoRows, ErrTooBig, ErrTooManyBad, or what r
// returned.
func ParseCSV(r io.Reader, most int) (Sheet, error) {
	p := &parser{
		file: sheet.NewReader(r, sheet.Bounds{Bytes: maxCSVBytes, Lines: maxCSVLines}), most: most,
		lines: make(map[string]int),
	}
	if err := p.header(); err != nil {
		return Sheet{}, err
	}
	if err := p.rows(); err != nil {
		return Sheet{}, err
	}
	p.Lines, p.Blank = p.file.Lines(), p.file.Blank()
	return p.Sheet, nil
}

// parser makes a Sheet of a file.
type parser struct {
	Sheet

	file    *sheet.Reader
	columns sheet.Columns
	most    int
	lines   map[string]int // of each prefix
}

func (p *parser) header() error {
	var err error
	p.columns, err = p.file.Columns()
	_, unreadable := errors.AsType[*sheet.Problem](err)
	switch {
	case unreadable, errors.Is(err, io.EOF):
		return ErrNoHeader
	case err != nil:
		return refusal(err)
	}
	for _, required := range []string{"prefix", "scheme", "type"} {
		if p.columns.Of(required) < 0 {
			return ErrNoHeader
		}
	}
	return nil
}

func (p *parser) rows() error {
	for {
		row, err := p.file.Read()
		switch problem, unreadable := errors.AsType[*sheet.Problem](err); {
		case errors.Is(err, io.EOF) && len(p.Rows)+len(p.Bad) == 0:
			return ErrNoRows
		case errors.Is(err, io.EOF):
			return nil
		case unreadable:
			p.Bad = append(p.Bad, BadRow{Line: problem.Line, Column: p.columns.Name(problem.Field), Why: problem.Why})
		case err != nil:
			return refusal(err)
		default:
			p.add(row)
		}
		if len(p.Rows) > p.most {
			return ErrTooBig
		}
		if len(p.Bad) > maxBadRows {
			return ErrTooManyBad
		}
	}
}

// add keeps a row, or what is wrong with it.
func (p *parser) add(row sheet.Row) {
	info, problem := parseRow(p.columns, row.Fields)
	if first, taken := p.lines[info.Prefix]; problem == nil && taken {
		problem = &BadRow{Column: "prefix", Why: fmt.Sprintf("stands in line %d already", first)}
	}
	if problem != nil {
		problem.Line = row.Line
		p.Bad = append(p.Bad, *problem)
		return
	}
	p.lines[info.Prefix] = row.Line
	p.Rows = append(p.Rows, info)
}

func refusal(err error) error {
	if errors.Is(err, sheet.ErrTooBig) {
		return ErrTooBig
	}
	return fmt.Errorf("read BIN table: %w", err)
}
