package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/storage"
)

var _ merchant.UseStore = (*Merchants)(nil)

const (
	saveUse = `INSERT INTO credential_use (merchant_id, credential_id, used_at) VALUES ($1, $2, $3)
	ON CONFLICT (merchant_id, credential_id) DO UPDATE SET used_at = excluded.used_at
	WHERE credential_use.used_at < excluded.used_at`

	usesOf = `SELECT merchant_id, credential_id, used_at FROM credential_use WHERE merchant_id = $1 ORDER BY credential_id`
)

// SaveUses implements merchant.UseStore.
func (m *Merchants) SaveUses(ctx context.Context, uses []merchant.Use) error {
	err := inTx(ctx, m.db, func(t *tx) {
		for _, u := range uses {
			t.add(saveUse, int64(u.MerchantID), int64(u.CredentialID), micros(u.At))
		}
	})
	if err != nil {
		return fmt.Errorf("save %d uses: %w", len(uses), err)
	}
	return nil
}

// CredentialUses implements merchant.Store.
func (m *Merchants) CredentialUses(ctx context.Context, n id.Merchant) (map[id.Credential]time.Time, error) {
	all, err := many(ctx, m.db, readUse, usesOf, int64(n))
	if err != nil {
		return nil, fmt.Errorf("uses of merchant %d: %w", n, err)
	}
	byID := make(map[id.Credential]time.Time, len(all))
	for _, u := range all {
		byID[u.CredentialID] = u.At
	}
	return byID, nil
}

func readUse(s storage.Scanner) (merchant.Use, error) {
	var owner, n, at int64
	err := s.Scan(&owner, &n, &at)
	return merchant.Use{MerchantID: id.Merchant(owner), CredentialID: id.Credential(n), At: timeOf(at)}, err
}
