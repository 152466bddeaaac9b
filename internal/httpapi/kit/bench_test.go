package kit_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
)

// BenchmarkHeaderCaller is a payment as the gateway API sends it, proven by two
// headers: what the kit itself costs on the hot path.
func BenchmarkHeaderCaller(b *testing.B) {
	const body = `{"orderId":"order-1","amount":100.50,"currency":"TRY","cardHolderName":"Ada Lovelace","pan":"4111111111111111",` +
		`"expiryMonth":"12","expiryYear":"30","cvv":"123","requestIp":"203.0.113.9","requestPort":443}`
	h := kit.Handler(newKit(b, io.Discard), kit.Surface[int]{
		Name:          "bench",
		Keys:          kit.Keys[int]{Header: "Idempotency-Key"},
		Authenticator: kit.AuthFunc[int](func(context.Context, kit.AuthRequest) (int, error) { return 7, nil }),
		Merchant:      func(p int) id.Merchant { return id.Merchant(p) },
		Form:          form,
		Language:      language.English,
		Routes: []kit.Route[int]{{Method: http.MethodPost, Pattern: "/api/payment", Handle: func(_ context.Context, r *kit.Request[int]) (kit.Response, error) {
			if _, ok := r.Body.Text("orderId", 1, 128); !ok {
				return kit.Response{}, fault.Validation()
			}
			return kit.OK(answer{Code: "FINE"}), nil
		}}},
	})
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "http://vezne.test/api/payment", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "0198b5a0-3f5e-7c6a-9d2b-1f0c5a7e4d21")
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
}
