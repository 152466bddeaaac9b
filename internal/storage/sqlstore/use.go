package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
)

var _ merchant.UseStore = (*Merchants)(nil)

var useTable = newTable(&table[merchant.Use]{
	name: "credential_use",
	keys: []column[merchant.Use]{
		number("merchant_id", func(u *merchant.Use) *id.Merchant { return &u.MerchantID }),
		number("credential_id", func(u *merchant.Use) *id.Credential { return &u.CredentialID }),
	},
	changing: []column[merchant.Use]{
		moment("used_at", func(u *merchant.Use) *time.Time { return &u.At }),
	},
})

var (
	saveUse = useTable.replacement() + " WHERE credential_use.used_at < excluded.used_at"
	usesOf  = useTable.selecting("WHERE merchant_id = $1 ORDER BY credential_id")
)

// SaveUses implements merchant.UseStore.
func (m *Merchants) SaveUses(ctx context.Context, uses []merchant.Use) error {
	err := inTx(ctx, m.db, func(t *tx) {
		for _, u := range uses {
			t.add(saveUse, useTable.inserting(u)...)
		}
	})
	if err != nil {
		return fmt.Errorf("save %d uses: %w", len(uses), err)
	}
	return nil
}

// CredentialUses implements merchant.Store.
func (m *Merchants) CredentialUses(ctx context.Context, n id.Merchant) (map[id.Credential]time.Time, error) {
	all, err := many(ctx, m.db, useTable.reader(), usesOf, int64(n))
	if err != nil {
		return nil, fmt.Errorf("uses of merchant %d: %w", n, err)
	}
	byID := make(map[id.Credential]time.Time, len(all))
	for _, u := range all {
		byID[u.CredentialID] = u.At
	}
	return byID, nil
}
