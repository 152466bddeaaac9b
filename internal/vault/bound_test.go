package vault_test

import (
	"errors"
	"testing"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/internal/vault"
)

// TestSealedColumns_exchanged_values_are_refused holds that no value of any sealed
// column opens in another row of its table, nor one whose row came to say that it is
// somebody else's.
func TestSealedColumns_exchanged_values_are_refused(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := newSafe(t, engine)
			v := s.vault(s.load(t))
			s.fill(t, v, 7, 2)
			values := sqlstore.NewSealed(s.db)
			for _, c := range values.SealedColumns() {
				rows, err := values.SealedValues(t.Context(), c.Name, vault.Row{}, 2)
				if err != nil || len(rows) != 2 {
					t.Fatal(c.Name, rows, err)
				}
				opens := func(at, sealed vault.SealedValue) bool {
					_, err := v.Open(t.Context(), c.Subject(at), sealed.Sealed)
					if err != nil && !errors.Is(err, vault.ErrSealed) {
						t.Errorf("%s: %v", c.Name, err)
					}
					return err == nil
				}
				if !opens(rows[0], rows[0]) || !opens(rows[1], rows[1]) {
					t.Errorf("%s: what was sealed does not open", c.Name)
				}
				if opens(rows[0], rows[1]) || opens(rows[1], rows[0]) {
					t.Errorf("%s: opens in another row", c.Name)
				}
			}
			for _, change := range []struct{ column, sql string }{
				{"credential.sealed_secret", `UPDATE credential SET key = 'another' WHERE merchant_id = 7 AND id = 1`},
				{"pos.sealed_settings", `UPDATE pos SET connector = 'another' WHERE merchant_id = 7 AND id = 1`},
				{"stored_card.sealed_pan", `UPDATE stored_card SET sealed_for = 'another' WHERE merchant_id = 7 AND id = 1`},
			} {
				if err := s.db.Commit(t.Context(), storage.Batch{{SQL: change.sql}}); err != nil {
					t.Fatal(err)
				}
				for _, c := range values.SealedColumns() {
					if c.Name != change.column {
						continue
					}
					rows, err := values.SealedValues(t.Context(), c.Name, vault.Row{}, 1)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := v.Open(t.Context(), c.Subject(rows[0]), rows[0].Sealed); !errors.Is(err, vault.ErrSealed) {
						t.Errorf("%s: after %s: %v", c.Name, change.sql, err)
					}
				}
			}
		})
	}
}
