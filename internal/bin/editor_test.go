package bin_test

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
)

// short is the least header.
const short = "prefix,scheme,type\n"

// memory is a BIN table that counts what is saved, and keeps the records.
type memory struct {
	bin.Store

	rows    map[key]bin.Info
	saved   int
	records []audit.Record
}

type key struct {
	owner  id.Merchant
	prefix string
}

func newMemory() *memory { return &memory{rows: map[key]bin.Info{}} }

func (m *memory) BINs(_ context.Context, owner id.Merchant) ([]bin.Info, error) {
	var all []bin.Info
	for k, r := range m.rows {
		if k.owner == owner {
			all = append(all, r)
		}
	}
	return all, nil
}

func (m *memory) InTx(_ context.Context, fn func(bin.Tx)) error {
	fn(m)
	return nil
}

func (m *memory) SaveBINs(rows []bin.Info) {
	for _, r := range rows {
		m.rows[key{r.MerchantID, r.Prefix}] = r
	}
	m.saved += len(rows)
}

func (m *memory) RemoveBIN(owner id.Merchant, prefix string) { delete(m.rows, key{owner, prefix}) }

func (m *memory) Record(r audit.Record) { m.records = append(m.records, r) }

// Reserve implements id.Reserver.
func (*memory) Reserve(_ context.Context, _ id.Noun, n int) (int64, error) { return 1000, nil }

func newEditor(m *memory, dropped *int) *bin.Editor {
	return bin.NewEditor(bin.Dependencies{
		Store: m, IDs: id.NewGenerator(m), Clock: clock.NewManual(time.Date(2026, 11, 20, 11, 30, 0, 0, time.UTC)),
		Invalidate: func() { *dropped++ },
	})
}

func upload(text string) bin.Upload { return bin.Upload{File: strings.NewReader(text)} }

func own(m id.Merchant, text string) bin.Upload {
	return bin.Upload{MerchantID: m, Actor: "user:7", File: strings.NewReader(text)}
}

func TestImport(t *testing.T) {
	t.Parallel()
	store, dropped := newMemory(), 0
	editor := newEditor(store, &dropped)
	const file = "prefix,scheme,type\n411111,VISA,CREDIT\n\n4,VISA,CREDIT\n\"411113,VISA,CREDIT\n411112,VISA,DEBIT\n"
	refused := []bin.BadRow{
		{Line: 4, Column: "prefix", Why: "must be 6 to 8 digits"},
		{Line: 5, Column: "prefix", Why: "a quoted field must end in its line"},
	}
	for _, step := range []struct {
		name, file string
		want       bin.Report
		dropped    int
	}{
		{"rows_are_imported", file, bin.Report{Lines: 6, Blank: 1, Imported: 2, Refused: refused}, 1},
		{"the_same_rows_are_unchanged", file, bin.Report{Lines: 6, Blank: 1, Unchanged: 2, Refused: refused}, 1},
		{
			"what_differs_is_imported", strings.Replace(file, "411111,VISA", "411111,TROY", 1),
			bin.Report{Lines: 6, Blank: 1, Imported: 1, Unchanged: 1, Refused: refused}, 2,
		},
	} {
		got, err := editor.Import(t.Context(), upload(step.file))
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if diff := cmp.Diff(step.want, got); diff != "" || dropped != step.dropped {
			t.Errorf("%s: caches dropped %d times; (-want +got):\n%s", step.name, dropped, diff)
		}
		if got.Lines != 1+got.Blank+got.Imported+got.Unchanged+len(got.Refused) {
			t.Errorf("%s: the sums do not agree: %s", step.name, got)
		}
	}
	if store.saved != 3 || len(store.records) != 0 {
		t.Errorf("%d rows saved, %d records in a log that nobody has", store.saved, len(store.records))
	}
}

func TestAMerchantChangesItsOwnRowsAlone(t *testing.T) {
	t.Parallel()
	store, dropped := newMemory(), 0
	editor := newEditor(store, &dropped)
	for _, u := range []bin.Upload{
		upload(header + bonusRow), own(1, short+"520922,TROY,DEBIT\n520923,TROY,DEBIT\n"), own(2, short+"520922,AMEX,CREDIT\n"),
	} {
		if _, err := editor.Import(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	if got := store.rows[key{bin.Shared, "520922"}]; got != bonus {
		t.Errorf("the shared row is %+v", got)
	}
	for merchant, scheme := range map[id.Merchant]card.Scheme{1: card.Troy, 2: card.Amex} {
		if got := store.rows[key{merchant, "520922"}]; got.Scheme != scheme || got.MerchantID != merchant {
			t.Errorf("the row of merchant %d is %+v", merchant, got)
		}
	}
	if first := store.records[0]; len(store.records) != 2 || first.MerchantID != 1 || first.Actor != "user:7" ||
		first.Action != "bins.import" || !strings.Contains(string(first.Detail), `"prefixes":["520922","520923"]`) {
		t.Errorf("records: %+v", store.records)
	}
	for name, remove := range map[string]struct {
		owner  id.Merchant
		prefix string
	}{
		"another_merchants": {2, "520923"}, "a_shared_one": {bin.Shared, "520922"}, "none": {1, "411111"},
		"part_of_one": {1, "52092"},
	} {
		err := editor.Remove(t.Context(), remove.owner, remove.prefix, "user:7")
		if fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := editor.Remove(t.Context(), 1, "520923", "user:7"); err != nil || len(store.rows) != 3 || dropped != 4 {
		t.Errorf("%v, %d rows left, caches dropped %d times", err, len(store.rows), dropped)
	}
	last := store.records[len(store.records)-1]
	if last.Action != "bin.remove" || last.Subject != "bin:520923" || last.MerchantID != 1 {
		t.Errorf("record: %+v", last)
	}
}

func TestAMerchantHasSoManyRowsAndNoMore(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString(short)
	for n := range bin.MaxOwn {
		text.WriteString(strconv.Itoa(500000+n) + ",VISA,CREDIT\n")
	}
	store, dropped := newMemory(), 0
	editor := newEditor(store, &dropped)
	if r, err := editor.Import(t.Context(), own(1, text.String())); err != nil || r.Imported != bin.MaxOwn {
		t.Fatal(r.Imported, err)
	}
	_, err := editor.Import(t.Context(), own(1, short+"411111,VISA,CREDIT\n"))
	if !errors.Is(err, bin.ErrTooMany) || !bin.Unreadable(err) {
		t.Errorf("one more: %v", err)
	}
	if r, err := editor.Import(t.Context(), own(1, short+"500000,TROY,CREDIT\n")); err != nil || r.Imported != 1 {
		t.Errorf("another for one that is there: %v", err)
	}
	if _, err = editor.Import(t.Context(), own(2, text.String()+"411111,VISA,CREDIT\n")); !errors.Is(err, bin.ErrTooBig) {
		t.Errorf("too many at once: %v", err)
	}
}

func TestImportOfAFileThatIsNone(t *testing.T) {
	t.Parallel()
	store, dropped := newMemory(), 0
	editor := newEditor(store, &dropped)
	for _, file := range []string{"", "hello\n", header, header + strings.Repeat("x\n", 1001)} {
		if _, err := editor.Import(t.Context(), upload(file)); !bin.Unreadable(err) {
			t.Errorf("%.20q: %v", file, err)
		}
	}
	if store.saved != 0 || bin.Unreadable(errors.New("torn")) {
		t.Error("rows of no table")
	}
}

func TestOneImportAtATime(t *testing.T) {
	t.Parallel()
	dropped := 0
	editor := newEditor(newMemory(), &dropped)
	file, feed := io.Pipe()
	done := make(chan error)
	go func() {
		_, err := editor.Import(context.Background(), bin.Upload{File: file})
		done <- err
	}()
	if _, err := feed.Write([]byte("prefix,scheme,type\n")); err != nil { // it is being read
		t.Fatal(err)
	}
	_, err := editor.Import(t.Context(), bin.Upload{MerchantID: 2, File: unread{t}})
	if f := fault.From(err); f.Code != fault.TooManyRequests || f.RetryAfter < time.Second {
		t.Errorf("a second import: %v", err)
	}
	if _, err := feed.Write([]byte("411111,VISA,CREDIT\n")); err != nil {
		t.Fatal(err)
	}
	_ = feed.Close() // the file ends
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := editor.Import(t.Context(), upload(header+bonusRow)); err != nil {
		t.Errorf("an import after it: %v", err)
	}
}

// unread is a file that nobody may read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("a file that is refused was read")
	return 0, io.EOF
}
