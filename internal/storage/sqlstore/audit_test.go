package sqlstore_test

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/secret"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/storage/storetest"
)

// TestAuditChain seals records and changes them behind the house's back.
func TestAuditChain(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		for name, c := range map[string]struct {
			sql    string
			broken []int64
		}{
			"untouched":              {"", nil},
			"a_changed_actor_shows":  {`UPDATE audit_record SET actor = 'user:9' WHERE id = 2`, []int64{1}},
			"a_changed_detail_shows": {`UPDATE audit_record SET detail = '{}' WHERE id = 3`, []int64{1}},
			"a_changed_origin_shows": {`UPDATE audit_record SET agent = 'curl' WHERE id = 3`, []int64{1}},
			"a_removed_record_shows": {`DELETE FROM audit_record WHERE id = 4`, []int64{2}},
			"an_added_record_shows": {`INSERT INTO audit_record (merchant_id, id, at, actor, action, subject, detail, address, agent)
				SELECT merchant_id, 99, at, actor, action, subject, detail, address, agent
				FROM audit_record WHERE id = 1`, []int64{2}},
			"a_removed_block_shows":            {`DELETE FROM audit_block WHERE number = 1`, []int64{2}},
			"a_block_with_fewer_records_shows": {`UPDATE audit_block SET records = 2 WHERE number = 1`, []int64{1}},
			"what_is_not_sealed_may_change":    {`DELETE FROM audit_record WHERE id = 6`, nil},
		} {
			t.Run(string(engine)+"/"+name, func(t *testing.T) {
				t.Parallel()
				db := storetest.Open(t, engine)
				sealer := sealedLog(t, db)
				if c.sql != "" {
					if err := db.Commit(t.Context(), storage.Batch{{SQL: c.sql}}); err != nil {
						t.Fatal(err)
					}
				}
				var broken []int64
				note := func(f audit.Finding) { broken = append(broken, f.Broken...) }
				if err := sealer.Verify(t.Context(), nil, note); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(broken, c.broken) {
					t.Errorf("broken blocks %v, want %v", broken, c.broken)
				}
			})
		}
	}
}

// sealedLog returns a sealer whose log has three records in its first block, two
// in its second, and one that is too young to be sealed.
func sealedLog(t *testing.T, db *storage.DB) *audit.Sealer {
	t.Helper()
	now := clock.NewManual(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	store := sqlstore.NewMerchants(db)
	record := func(n id.AuditRecord) {
		err := store.InTx(t.Context(), func(tx merchant.Tx) {
			if n == 1 {
				tx.SaveMerchant(merchant.Merchant{ID: 1, Name: "m", Active: true, CreatedAt: now.Now()})
			}
			tx.Record(audit.Record{ID: n, MerchantID: 1, At: now.Now(), Actor: "user:1", Action: "a", Subject: "s", Detail: []byte(`{"n":1}`)})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	sealer := audit.NewSealer(sqlstore.NewAudit(db), secret.New(make([]byte, 32)), now, slog.New(slog.DiscardHandler))
	seal := func() {
		for range 2 { // sealing what is sealed does nothing
			if err := sealer.Seal(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	record(1)
	record(2)
	record(3)
	now.Advance(10 * time.Minute)
	seal()
	record(4)
	record(5)
	now.Advance(10 * time.Minute)
	seal()
	record(6)
	seal()
	return sealer
}
