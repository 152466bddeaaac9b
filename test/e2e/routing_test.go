package e2e_test

import (
	"testing"

	"github.com/vezne/vezne/test/servertest"
)

// testRouting holds that cards go to the POS of their program, foreign cards to
// the one that takes them, and that every decision can be read back.
func testRouting(t *testing.T, s *servertest.Server) {
	for name, tt := range map[string]struct{ pan, currency, amount, alias, reason string }{
		"axess":                   {axessCard, "TRY", "10.00", "akbank", "on_us"},
		"bonus":                   {bonusCard, "TRY", "10.00", "garanti", "on_us"},
		"world":                   {worldCard, "TRY", "10.00", "yapikredi", "on_us"},
		"maximum":                 {"5406670000000009", "TRY", "10.00", "isbank", "on_us"},
		"bankkart":                {"4132260000000003", "TRY", "10.00", "ziraat", "on_us"},
		"debit_card_by_priority":  {"4662840000000000", "TRY", "10.00", "garanti", "priority"},
		"foreign_card_in_lira":    {foreignCard, "TRY", "10.00", "international", "priority"},
		"foreign_card_in_dollars": {foreignCard, "USD", "10.00", "international", "priority"},
		"foreign_card_in_euros":   {foreignCard, "EUR", "10.00", "international", "priority"},
		"foreign_card_in_yen":     {foreignCard, "JPY", "10", "international", "priority"},
		"foreign_card_in_dinars":  {foreignCard, "KWD", "10.125", "international", "priority"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kept := scenario{{
				send: pay, status: 200, want: `{"status":"SUCCESS"}`, keep: "p",
				body: charge("pan", quoted(tt.pan), "currency", quoted(tt.currency), "amount", tt.amount),
			}}.run(t, s)
			d := s.Detail(t, servertest.Admin(), kept["p"])
			if d.POSAlias != tt.alias || len(d.Routing.Candidates) == 0 ||
				d.Routing.Candidates[0] != (servertest.Choice{Alias: tt.alias, Reason: tt.reason}) {
				t.Errorf("went to %s by %+v, want %s as %s", d.POSAlias, d.Routing.Candidates, tt.alias, tt.reason)
			}
		})
	}
	t.Run("no_pos_is_told_with_its_reasons", func(t *testing.T) {
		t.Parallel()
		kept := scenario{{send: pay, body: charge("currency", `"USD"`), status: 200, want: `{"resultCode":"NO_POS_AVAILABLE"}`, keep: "p"}}.run(t, s)
		d := s.Detail(t, servertest.Admin(), kept["p"])
		if len(d.Routing.Candidates) != 0 || len(d.Routing.Rejected) == 0 || len(d.Operations) != 0 {
			t.Errorf("%d candidates, %d rejected, %d operations", len(d.Routing.Candidates), len(d.Routing.Rejected),
				len(d.Operations))
		}
	})
}
