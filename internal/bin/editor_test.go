package bin_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/fault"
)

// memory is a BIN table that counts what is saved.
type memory struct {
	rows  map[string]bin.Info
	saved int
}

func (m *memory) BINs(context.Context) ([]bin.Info, error) {
	var all []bin.Info
	for _, r := range m.rows {
		all = append(all, r)
	}
	return all, nil
}

func (m *memory) SaveBINs(_ context.Context, rows []bin.Info) error {
	for _, r := range rows {
		m.rows[r.Prefix] = r
	}
	m.saved += len(rows)
	return nil
}

func TestImport(t *testing.T) {
	t.Parallel()
	store, dropped := &memory{rows: map[string]bin.Info{}}, 0
	importer := bin.NewImporter(store, func() { dropped++ })
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
		got, err := importer.Import(t.Context(), strings.NewReader(step.file))
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
	if store.saved != 3 {
		t.Errorf("%d rows saved", store.saved)
	}
}

func TestImportOfAFileThatIsNone(t *testing.T) {
	t.Parallel()
	store := &memory{rows: map[string]bin.Info{}}
	importer := bin.NewImporter(store, func() {})
	for _, file := range []string{"", "hello\n", header, header + strings.Repeat("x\n", 1001)} {
		if _, err := importer.Import(t.Context(), strings.NewReader(file)); !bin.Unreadable(err) {
			t.Errorf("%.20q: %v", file, err)
		}
	}
	if store.saved != 0 || bin.Unreadable(errors.New("torn")) {
		t.Error("rows of no table")
	}
}

func TestOneImportAtATime(t *testing.T) {
	t.Parallel()
	importer := bin.NewImporter(&memory{rows: map[string]bin.Info{}}, func() {})
	file, feed := io.Pipe()
	done := make(chan error)
	go func() {
		_, err := importer.Import(context.Background(), file)
		done <- err
	}()
	if _, err := feed.Write([]byte("prefix,scheme,type\n")); err != nil { // it is being read
		t.Fatal(err)
	}
	_, err := importer.Import(t.Context(), unread{t})
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
	if _, err := importer.Import(t.Context(), strings.NewReader(header+bonusRow)); err != nil {
		t.Errorf("an import after it: %v", err)
	}
}

// unread is a file that nobody may read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("a file that is refused was read")
	return 0, io.EOF
}
