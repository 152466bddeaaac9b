package sqlstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/internal/user"
	"github.com/vezne/vezne/internal/webhook"
)

// TestLists_the_size_of_a_page_is_no_new_statement asks every list for pages of all
// sizes: what a caller may choose is bound, because each text is prepared and kept.
func TestLists_the_size_of_a_page_is_no_new_statement(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storage.SQLite)
	ctx, stores := t.Context(), storetest.NewStores(db)
	const m = id.Merchant(7)
	lira := func(minor int64) money.Amount { return money.FromMinor(minor, money.TRY) }
	for name, ask := range map[string]func(limit int) error{
		"payments": func(limit int) error {
			_, _, err := stores.Payments.Payments(ctx, m, payment.Filter{Limit: limit})
			return err
		},
		"payments_in_states": func(limit int) error {
			f := payment.Filter{States: []payment.State{payment.Captured, payment.Voided}, CustomerRef: "c", Limit: limit}
			_, _, err := stores.Payments.Payments(ctx, m, f)
			return err
		},
		"payments_of_an_amount": func(limit int) error {
			f := payment.Filter{BIN: "542119", Currency: money.TRY, MinPaid: lira(int64(limit)), MaxPaid: lira(900), Limit: limit}
			_, _, err := stores.Payments.Payments(ctx, m, f)
			return err
		},
		"deliveries": func(limit int) error {
			_, _, err := sqlstore.NewWebhooks(db).Deliveries(ctx, m, webhook.Filter{EndpointID: 3, Limit: limit})
			return err
		},
		"audit": func(limit int) error {
			f := audit.Filter{Actor: "a", To: time.UnixMicro(int64(limit)), Limit: limit}
			_, _, err := sqlstore.NewAudit(db).Search(ctx, m, f)
			return err
		},
		"credentials": func(limit int) error {
			_, _, err := stores.Merchants.CredentialPage(ctx, m, "", limit)
			return err
		},
		"sessions": func(limit int) error {
			_, _, err := sqlstore.NewUsers(db).SessionPage(ctx, m, user.SessionFilter{UserID: id.User(limit), Limit: limit})
			return err
		},
	} {
		before := db.Stats().Statements
		for limit := 1; limit <= 100; limit++ {
			if err := ask(limit); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if made := db.Stats().Statements - before; made > 2 { // a list, and what it counts first
			t.Errorf("%s: %d statements", name, made)
		}
	}
}

// TestRows_that_cannot_be_read_name_their_column changes a stored payment behind
// the store's back.
func TestRows_that_cannot_be_read_name_their_column(t *testing.T) {
	t.Parallel()
	for column, value := range map[string]string{"client_ip": "nowhere", "currency": "XXX", "routing": "{"} {
		for _, engine := range storetest.Engines {
			t.Run(column+"/"+string(engine), func(t *testing.T) {
				t.Parallel()
				db := storetest.Open(t, engine)
				stores := storetest.NewStores(db)
				if err := storetest.Taker(stores)(t.Context()); err != nil { // of merchant 7
					t.Fatal(err)
				}
				broken := storage.Statement{SQL: `UPDATE payment SET ` + column + ` = $1`, Args: []any{value}, Rows: 1}
				if err := db.Commit(t.Context(), storage.Batch{broken}); err != nil {
					t.Fatal(err)
				}
				_, _, err := stores.Payments.Payments(t.Context(), 7, payment.Filter{})
				if err == nil || !strings.Contains(err.Error(), "payment") || !strings.Contains(err.Error(), column) {
					t.Errorf("error = %v", err)
				}
			})
		}
	}
}
