package admin_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/httpapi/admin"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
)

// bins is a BIN table that forgets records.
type bins struct {
	bin.Tx

	rows []bin.Info
}

func (b *bins) BINs(_ context.Context, owner id.Merchant) ([]bin.Info, error) {
	var all []bin.Info
	for _, r := range b.rows {
		if r.MerchantID == owner {
			all = append(all, r)
		}
	}
	return all, nil
}

func (b *bins) BINPage(_ context.Context, m id.Merchant, p bin.PageOf) ([]bin.Info, string, error) {
	var all []bin.Info
	for _, r := range b.rows {
		if r.MerchantID == m || (r.MerchantID == bin.Shared && !p.Own) {
			all = append(all, r)
		}
	}
	return all, "", nil
}

func (b *bins) InTx(_ context.Context, fn func(bin.Tx)) error {
	fn(recorded{b})
	return nil
}

// recorded is a commit of the table.
type recorded struct{ *bins }

func (recorded) Record(audit.Record) {}

func (r recorded) SaveBINs(rows []bin.Info) { r.rows = append(r.rows, rows...) }

// Reserve implements id.Reserver.
func (*bins) Reserve(context.Context, id.Noun, int) (int64, error) { return 1000, nil }

// send asks as the owner of merchant 2.
func send(t *testing.T, h http.Handler, method, path string, body io.Reader) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://vezne.test"+path, body)
	r.Header.Set("Authorization", "Bearer other-admin-token")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "text/csv")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func withBINs(t *testing.T, store *bins) http.Handler {
	t.Helper()
	return newHandlerOf(t, kit.Limits{}, func(to *admin.Services) {
		to.Cards = bin.NewEditor(bin.Dependencies{
			Store: store, IDs: id.NewGenerator(store), Clock: clock.NewManual(today), Invalidate: func() {},
		})
	})
}

func TestBINs(t *testing.T) {
	t.Parallel()
	store := &bins{rows: []bin.Info{
		{Prefix: "411111", Scheme: "VISA", Type: "CREDIT"}, {MerchantID: 1, Prefix: "411111", Scheme: "AMEX", Type: "DEBIT"},
	}}
	h := withBINs(t, store)
	const head = "prefix,scheme,type\n"
	for _, step := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"every_line_is_accounted_for", "POST", "/import", head + "411111,VİSA,DEBIT\n\n\"x\n4,VISA,CREDIT\n", 200, `{"lines":5,"blank":1,"imported":1,"unchanged":0,"refused":[{"line":4,"column":"prefix","why":"a quoted field must end in its line"},{"line":5,"column":"prefix","why":"must be 6 to 8 digits"}]}`},
		{"the_same_again_changes_nothing", "POST", "/import", head + "411111,VISA,DEBIT\n", 200, `"imported":0,"unchanged":1`},
		{"a_file_without_a_good_row_is_refused", "POST", "/import", head + "4,VISA,CREDIT\n5,VISA,CREDIT\n", 400, `line 3, prefix: must be 6 to 8 digits`},
		{"a_row_of_a_million_fields_is_refused", "POST", "/import", head + strings.Repeat(",", 1<<20) + "\n", 400, `line 2: is longer than 16384 bytes`},
		{"a_file_without_rows_is_refused", "POST", "/import", head, 400, `nothing stands below the first line`},
		{"a_file_that_is_no_table_is_refused", "POST", "/import", "hello", 400, `"field":"file"`},
		{"a_file_that_is_too_large_is_refused", "POST", "/import", strings.Repeat("x", admin.MaxCSV+1), 413, `larger than 4 MiB`},
		{"both_owners_are_listed", "GET", "", "", 200, `"type":"CREDIT","program":null,"brand":null,"commercial":false,"domestic":false,"own":false},{"prefix":"411111","bank_code":null,"bank":null,"scheme":"VISA","type":"DEBIT","program":null,"brand":null,"commercial":false,"domestic":false,"own":true}]`},
		{"own_ones_alone_are_listed", "GET", "?whose=own", "", 200, `{"bins":[{"prefix":"411111","bank_code":null,"bank":null,"scheme":"VISA","type":"DEBIT"`},
		{"a_row_that_others_have_is_not_found", "DELETE", "/411112", "", 404, `NOT_FOUND`},
	} {
		asked := h
		if step.method != http.MethodPost {
			asked = documented(t, h)
		}
		w := send(t, asked, step.method, "/admin/v1/bins"+step.path, strings.NewReader(step.body))
		if w.Code != step.status || !strings.Contains(w.Body.String(), step.want) {
			t.Errorf("%s: %d, want %d with %s: %s", step.name, w.Code, step.status, step.want, w.Body)
		}
	}
	if len(store.rows) != 3 || store.rows[2].MerchantID != 2 {
		t.Errorf("the table has %+v", store.rows)
	}
}

func TestASecondImportWaits(t *testing.T) {
	t.Parallel()
	h := withBINs(t, &bins{})
	file, feed := io.Pipe()
	first := make(chan int)
	go func() { first <- send(t, h, http.MethodPost, "/admin/v1/bins/import", file).Code }()
	if _, err := io.WriteString(feed, "prefix,scheme,type\n"); err != nil { // it is being read
		t.Fatal(err)
	}
	second := strings.NewReader("prefix,scheme,type\n411111,VISA,DEBIT\n")
	w := send(t, h, http.MethodPost, "/admin/v1/bins/import", second)
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "10" ||
		!strings.Contains(w.Body.String(), "TOO_MANY_REQUESTS") {
		t.Errorf("%d, after %q: %s", w.Code, w.Header().Get("Retry-After"), w.Body)
	}
	if _, err := io.WriteString(feed, "411111,VISA,DEBIT\n"); err != nil {
		t.Fatal(err)
	}
	_ = feed.Close() // the file ends
	if code := <-first; code != http.StatusOK {
		t.Errorf("the first import: %d", code)
	}
}
