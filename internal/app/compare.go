package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/vezne/vezne/internal/config"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
)

// maxReported bounds a bank's report: a year of a big merchant is 5 million rows.
const maxReported = 10_000_000

// comparePage is how many operations are read at once.
const comparePage = 1000

// reported is one row of a bank's report.
type reported struct {
	line      int // 1 is the header
	reference string
	status    payment.Status // of our operation; empty if there is none
}

// CompareBank reads a bank's report of what it approved, a CSV with a header, and
// writes to w each row whose reference no operation has, or one that is not
// approved here. It returns an error if there is any, or if the report has no
// such column. Commas or semicolons separate, and a server may be running.
func CompareBank(ctx context.Context, database config.DSN, report io.Reader, column string, w io.Writer) error {
	rows, err := readReport(report, column)
	if err != nil {
		return fmt.Errorf("read report: %w", err)
	}
	db, err := storage.Open(ctx, database.Reveal(), storage.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it was only read
	if err := findReported(ctx, sqlstore.NewLedger(db), rows); err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	missing, otherwise := 0, 0
	for _, r := range rows {
		switch r.status {
		case payment.OperationApproved, payment.OperationReversed:
		case "":
			missing++
			fmt.Fprintf(w, "line %d: %s is not in the database\n", r.line, r.reference)
		default:
			otherwise++
			fmt.Fprintf(w, "line %d: %s is %s in the database\n", r.line, r.reference, r.status)
		}
	}
	fmt.Fprintf(w, "%d rows, %d not in the database, %d otherwise there\n", len(rows), missing, otherwise)
	if n := missing + otherwise; n > 0 {
		return fmt.Errorf("compare: the bank reports %d operations that are not approved here", n)
	}
	return nil
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

func readReport(r io.Reader, column string) ([]reported, error) {
	records, err := openReport(r)
	if err != nil {
		return nil, err
	}
	header, err := records.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("it is empty; the first line must name the columns")
	}
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(header, func(name string) bool { return strings.EqualFold(strings.TrimSpace(name), column) })
	if at < 0 {
		return nil, fmt.Errorf("the first line names no column %q; say with --column which one holds our references", column)
	}
	var all []reported
	for len(all) <= maxReported {
		record, err := records.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := records.FieldPos(0)
		if at >= len(record) || strings.TrimSpace(record[at]) == "" {
			return nil, fmt.Errorf("line %d has no reference", line)
		}
		all = append(all, reported{line: line, reference: strings.TrimSpace(record[at])})
	}
	return nil, fmt.Errorf("more than %d rows", maxReported)
}

// openReport passes a byte order mark over and finds out what separates.
func openReport(r io.Reader) (*csv.Reader, error) {
	buffered := bufio.NewReader(r)
	head, err := buffered.Peek(buffered.Size()) // as much as there is
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		_, _ = buffered.Discard(3) // they were just seen
	}
	records := csv.NewReader(buffered)
	records.FieldsPerRecord = -1
	if line, _, _ := bytes.Cut(head, []byte("\n")); bytes.ContainsRune(line, ';') && !bytes.ContainsRune(line, ',') {
		records.Comma = ';'
	}
	return records, nil
}
