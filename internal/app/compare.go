package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/vezne/vezne/internal/config"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/sheet"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
)

// Bounds of a bank's report: a year of a big merchant is 5 million rows. A file
// with more unreadable lines than that is something else.
const (
	maxReported      = 10_000_000
	maxReportedBytes = 4 << 30
	maxUnread        = 1_000
)

// maxReference is longer than any reference of ours and of banks, in bytes.
const maxReference = 200

// comparePage is how many operations are read at once.
const comparePage = 1000

// reported is one row of a bank's report.
type reported struct {
	line      int // 1 is the first
	reference string
	status    payment.Status // of our operation; empty if there is none
}

// bankReport is what was read of a bank's report: its lines are a header, blank
// ones, rows and those that could not be read.
type bankReport struct {
	rows         []reported
	unread       []error
	lines, blank int
}

// CompareBank reads a bank's report of what it approved, a CSV with a header, and
// writes to w each row whose reference no operation has, or one that is not
// approved here, each line that it cannot read, and how many lines of each sort
// there are. It returns an error if there is any, or if the report has no such
// column. Commas or semicolons separate, and a server may be running.
func CompareBank(ctx context.Context, database config.DSN, report io.Reader, column string, w io.Writer) error {
	r, err := readReport(report, column)
	if err != nil {
		return fmt.Errorf("read report: %w", err)
	}
	db, err := storage.Open(ctx, database.Reveal(), storage.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it was only read
	if err := findReported(ctx, sqlstore.NewLedger(db), r.rows); err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	for _, problem := range r.unread {
		fmt.Fprintln(w, problem)
	}
	wrong := r.tell(w)
	switch {
	case len(r.unread) > 0:
		return fmt.Errorf("compare: %d lines of the report cannot be read, %d operations in it are not approved here",
			len(r.unread), wrong)
	case wrong > 0:
		return fmt.Errorf("compare: the bank reports %d operations that are not approved here", wrong)
	}
	return nil
}

// tell writes what does not agree, and the sums, and returns how many rows do not.
func (b *bankReport) tell(w io.Writer) int {
	missing, otherwise := 0, 0
	for _, row := range b.rows {
		switch row.status {
		case payment.OperationApproved, payment.OperationReversed:
		case "":
			missing++
			fmt.Fprintf(w, "line %d: %s is not in the database\n", row.line, row.reference)
		default:
			otherwise++
			fmt.Fprintf(w, "line %d: %s is %s in the database\n", row.line, row.reference, row.status)
		}
	}
	fmt.Fprintf(w, "%d lines: 1 header, %d blank, %d rows, %d refused\n", b.lines, b.blank, len(b.rows), len(b.unread))
	fmt.Fprintf(w, "%d rows, %d not in the database, %d otherwise there\n", len(b.rows), missing, otherwise)
	return missing + otherwise
}

// findReported fills in the status of the operations that the rows are about.
func findReported(ctx context.Context, l *sqlstore.Ledger, rows []reported) error {
	places := make(map[string][]int, len(rows))
	for i, r := range rows {
		places[r.reference] = append(places[r.reference], i)
	}
	var after sqlstore.OperationKey
	for {
		page, err := l.References(ctx, after, comparePage)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, r := range page {
			for _, i := range places[r.Text] {
				rows[i].status = r.Status
			}
		}
		after = page[len(page)-1].OperationKey
	}
}

func readReport(r io.Reader, column string) (*bankReport, error) {
	file := sheet.NewReader(r, sheet.Bounds{Bytes: maxReportedBytes, Lines: maxReported})
	columns, err := file.Columns()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("it is empty; the first line must name the columns")
	}
	if err != nil {
		return nil, err
	}
	at := columns.Of(column)
	if at < 0 {
		return nil, fmt.Errorf("the first line names no column %q; say with --column which one holds our references", column)
	}
	var b bankReport
	for len(b.unread) <= maxUnread {
		row, err := file.Read()
		if errors.Is(err, io.EOF) {
			b.lines, b.blank = file.Lines(), file.Blank()
			return &b, nil
		}
		if err := b.add(row, at, err); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("more than %d lines cannot be read", maxUnread)
}

// add keeps a row, or why it could not be read. Another error is returned.
func (b *bankReport) add(row sheet.Row, at int, err error) error {
	problem, unreadable := errors.AsType[*sheet.Problem](err)
	switch {
	case unreadable:
		b.unread = append(b.unread, problem)
	case err != nil:
		return err
	case at >= len(row.Fields) || row.Fields[at] == "":
		b.unread = append(b.unread, fmt.Errorf("line %d has no reference", row.Line))
	case len(row.Fields[at]) > maxReference:
		b.unread = append(b.unread, fmt.Errorf("line %d has a reference of more than %d bytes", row.Line, maxReference))
	default:
		// A copy, because the text of a field keeps its whole line.
		b.rows = append(b.rows, reported{line: row.Line, reference: strings.Clone(row.Fields[at])})
	}
	return nil
}
