package e2e_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/connector/simulator"
	"github.com/vezne/vezne/test/servertest"
)

// loyalty names the programs of brands that have one of their own.
func loyalty() map[string]string {
	return map[string]string{
		"Bonus": "BONUS", "World": "WORLD", "Axess": "AXESS", "Wings": "WINGS", "Maximum": "MAXIMUM",
		"Paraf": "PARAF", "CardFinans": "CARDFINANS", "Bankkart Combo": "BANKKART",
	}
}

// testCards pays with every card that the sandbox bank knows, and then tells the
// fates of some that are written out here, so that a slip in the bank's own
// table is noticed.
func testCards(t *testing.T, s *servertest.Server) {
	t.Run("every_card", func(t *testing.T) {
		t.Parallel()
		payWithAll(t, s)
	})
	for name, r := range map[string]struct{ pan, code string }{
		"insufficient_funds":      {"5100050000006661", "NOT_SUFFICIENT_FUNDS"},
		"do_not_honour":           {"5100560000006669", "DO_NOT_HONOUR"},
		"invalid_transaction":     {"5101380000006661", "INVALID_TRANSACTION"},
		"not_for_this_holder":     {"5101510000006663", "NOT_PERMITTED_TO_CARDHOLDER"},
		"stolen":                  {"5101520000006662", "STOLEN_CARD"},
		"lost":                    {"5136620000006669", "LOST_CARD"},
		"expired_at_the_bank":     {"5163080000006662", "EXPIRED_CARD"},
		"wrong_cvv":               {"5164580000006660", "INVALID_CVC2"},
		"suspected_fraud":         {"5192610000006661", "FRAUD_SUSPECT"},
		"restricted":              {"5545480000006663", "RESTRICTED_CARD"},
		"blocked":                 {"5223620000006663", "BLOCKED_CARD"},
		"not_permitted":           {"5209220000006660", "CARD_NOT_PERMITTED"},
		"needs_three_d_secure":    {"5209320000006668", "REQUIRES_3DS"},
		"bank_that_timed_out":     {"5358810000006667", "REQUEST_TIMEOUT"},
		"foreign_not_permitted":   {"5381210000006661", "NOT_PERMITTED_TO_FOREIGN_CARD"},
		"limit_exceeded":          {"5482020000006662", "EXCEEDS_WITHDRAWAL_AMOUNT_LIMIT"},
		"unknown_reason":          {"5200170000006666", "UNKNOWN"},
		"bank_system_error":       {"5254040000006666", "COMMUNICATION_OR_SYSTEM_ERROR"},
		"issuer_down":             {"4010720000006661", "ISSUER_OR_SWITCH_INOPERATIVE"},
		"picked_up":               {"4183420000006669", "PICKUP_CARD"},
		"number_outside_the_list": {"4242424242424242", "CARD_NOT_PERMITTED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario{
				{send: pay, body: charge("pan", quoted(r.pan)), status: 200, keep: "p", want: `{"status":"FAILED","resultCode":"` + r.code + `","authCode":null}`},
				{send: look, status: 200, want: `{"status":"FAILED","resultCode":"` + r.code + `"}`},
			}.run(t, s)
		})
	}
}

// payWithAll has a few callers work through the table.
func payWithAll(t *testing.T, s *servertest.Server) {
	cards, err := simulator.TestCards()
	if err != nil {
		t.Fatal(err)
	}
	rows := make(chan int)
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for row := range rows {
				payWith(t, s, row, cards[row])
			}
		})
	}
	for row := range cards {
		rows <- row
	}
	close(rows)
	callers.Wait()
}

// payWith pays with one card. Errors name the row, never the number.
func payWith(t *testing.T, s *servertest.Server, row int, c simulator.TestCard) {
	cvv := `"735"`
	if c.Scheme == card.Amex {
		cvv = `"4817"`
	}
	body := charge("orderId", quoted("every-card-"+strconv.Itoa(row)), "pan", quoted(c.Number), "cvv", cvv, "expiryYear", `"31"`)
	a, ok := s.Send(t, servertest.Request{Method: http.MethodPost, Path: "/api/payment", Body: body, As: servertest.Merchant()})
	if !ok {
		return
	}
	want := map[string]string{
		"status": "SUCCESS", "resultCode": "SUCCESS", "cardScheme": string(c.Scheme), "cardType": string(c.Type), "domInt": "DOM",
		"pan": c.Number[:6] + strings.Repeat("*", len(c.Number)-10) + c.Number[len(c.Number)-4:],
	}
	if c.Sale != "" {
		want["status"], want["resultCode"] = "FAILED", string(c.Sale)
	}
	if c.Foreign {
		want["domInt"] = "INT"
	}
	if program, known := loyalty()[c.Brand]; known && c.Type == card.Credit {
		want["loyaltyCode"] = program
	}
	if strings.HasSuffix(c.Brand, " DC") || strings.HasSuffix(c.Brand, " CC") || strings.HasSuffix(c.Brand, " PC") {
		want["loyaltyCode"] = ""
	}
	got := make(map[string]string)
	for name := range want {
		got[name] = a.Text(name)
	}
	if diff := cmp.Diff(want, got); a.Status != http.StatusOK || diff != "" {
		t.Errorf("row %d: %d (-want +got):\n%s", row, a.Status, diff)
	}
}
