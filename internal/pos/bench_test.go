package pos_test

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
)

// BenchmarkAuthorize measures what a Bank adds to its connector's own work.
func BenchmarkAuthorize(b *testing.B) {
	r, err := pos.NewRegistry(pos.Options{
		Registrations: []connector.Registration{{
			Name: "fake",
			Open: func(map[string]string, connector.Environment) (connector.Connector, error) {
				return &benchBank{}, nil
			},
		}},
		Environment: connector.Environment{Clock: clock.System{}},
		Opener:      noSettings,
		OnRequest:   func(pos.Request) {},
	})
	if err != nil {
		b.Fatal(err)
	}
	bank, err := r.Bank(b.Context(), fakePOS)
	if err != nil {
		b.Fatal(err)
	}
	pan, err := card.ParsePAN("4111111111111111")
	if err != nil {
		b.Fatal(err)
	}
	charge := connector.Charge{
		Kind: connector.Sale, Reference: "06EV2ABCDEFGHJKMNPQR", Amount: money.FromMinor(10050, money.TRY), Installments: 1,
		Card: card.Card{PAN: pan, Expiry: card.Expiry{Year: 2068, Month: time.April}, Holder: "Ada Test"},
	}
	b.ReportAllocs()
	for b.Loop() {
		if a, err := bank.Authorize(b.Context(), charge); a.Outcome != connector.Approved {
			b.Fatal(a, err)
		}
	}
}
