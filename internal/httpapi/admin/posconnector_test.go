package admin_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/httpapi/admin"
	"github.com/vezne/vezne/internal/httpapi/apitest"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/secret"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/internal/vault/vaulttest"
)

// TestPOSConnector changes the connector of POSes that no payment has used, and of one
// that one has.
func TestPOSConnector(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storage.SQLite)
	h := newPOSHandler(t, db)
	const one, body = "/admin/v1/poses/one", `{"connector":"old","currencies":["TRY"]}`
	wantPOS(t, put(t, h, one, body), http.StatusCreated, `"connector":"old"`)
	wantPOS(t, put(t, h, one, strings.Replace(body, "old", "new", 1)), http.StatusOK, `"connector":"new"`)
	wantPOS(t, put(t, h, one, body), http.StatusOK, `"connector":"old"`)

	stored, err := sqlstore.NewPOSes(db).POSes(t.Context(), 2)
	if err != nil || len(stored) != 1 {
		t.Fatalf("POSes %v, %v", stored, err)
	}
	err = sqlstore.NewPayments(db).InTx(t.Context(), func(tx payment.Tx) { tx.UsePOS(stored[0]) })
	if err != nil {
		t.Fatal(err)
	}
	const refusal = `"code":"POS_CONNECTOR_FIXED"`
	wantPOS(t, put(t, h, one, strings.Replace(body, "old", "new", 1)), http.StatusConflict, refusal)
	wantPOS(t, change(t, h, http.MethodPatch, one, `{"connector":"new","name":"Other"}`, `"3"`), http.StatusConflict, refusal)
	wantPOS(t, put(t, h, "/admin/v1/poses", `[{"alias":"two","connector":"new","currencies":["TRY"]},`+
		`{"alias":"one","connector":"new","currencies":["TRY"]}]`), http.StatusConflict, refusal)
	wantPOS(t, change(t, h, http.MethodPatch, one, `{"connector":"old","name":"Same"}`, `"3"`), http.StatusOK, `"name":"Same"`)
	if stored, err = sqlstore.NewPOSes(db).POSes(t.Context(), 2); err != nil || len(stored) != 1 || stored[0].Version != 4 {
		t.Errorf("POSes %v, %v", stored, err)
	}
}

func newPOSHandler(t *testing.T, db *storage.DB) http.Handler {
	t.Helper()
	k, err := kit.New(kit.Config{
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Clock: clock.NewManual(today), HashKey: secret.New(make([]byte, 32)),
	})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := apitest.Load(t.Context(), "admin.yaml")
	if err != nil {
		t.Fatal(err)
	}
	banks, err := pos.NewRegistry(pos.Options{
		Opener: func(context.Context, pos.POS) (map[string]string, error) { return map[string]string{}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return doc.Handler(t, admin.Handler(k, admin.Services{
		Callers: fakeCallers{}, Banks: banks,
		POSes: pos.NewEditor(pos.Dependencies{
			Store: sqlstore.NewPOSes(db), Sealer: vaulttest.Sealer{}, IDs: id.NewGenerator(sqlstore.NewSequences(db)),
			Clock: clock.NewManual(today), Protocols: []connector.Registration{{Name: "old"}, {Name: "new"}}, Invalidate: func() {},
		}),
	}))
}

func put(t *testing.T, h http.Handler, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	return change(t, h, http.MethodPut, path, body, "")
}

// change sends an owner's edit, of a version if there is one.
func change(t *testing.T, h http.Handler, method, path, body, version string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://vezne.test"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer other-admin-token")
	r.Header.Set("Content-Type", "application/json")
	if version != "" {
		r.Header.Set("If-Match", version)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func wantPOS(t *testing.T, w *httptest.ResponseRecorder, status int, part string) {
	t.Helper()
	if w.Code != status || !strings.Contains(w.Body.String(), part) {
		t.Errorf("answer = %d %s, want %d with %s", w.Code, w.Body, status, part)
	}
}

// TestPOSNamedByCard holds that the path stores no card's number either.
func TestPOSNamedByCard(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storage.SQLite)
	h := newPOSHandler(t, db)
	const body = `{"connector":"old","currencies":["TRY"]}`
	wantPOS(t, put(t, h, "/admin/v1/poses/4111111111111111", body), http.StatusBadRequest, `"code":"CARD_NUMBER_IN_TEXT"`)
	wantPOS(t, put(t, h, "/admin/v1/poses/one", `{"name":"4111 1111 1111 1111",`+body[1:]), http.StatusBadRequest, `"code":"CARD_NUMBER_IN_TEXT"`)
	wantPOS(t, put(t, h, "/admin/v1/poses/4111111111111112", body), http.StatusCreated, `"alias":"4111111111111112"`)
}
