package vault

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/secret"
)

// house owns the data key of what belongs to no merchant; merchants count from 1.
const house id.Merchant = 0

// houseKeyInfo keeps messages of HouseKey apart from card numbers, which are
// hashed under the same derived key and are digits alone.
const houseKeyInfo = "vezne house key 1: "

// HouseKey returns a 256-bit key for a use that the house itself has, such as
// hashing requests. It is the same on every node with the same store and keyset,
// today and after a restart, and tells nothing about the keys of other uses.
func (v *Vault) HouseKey(ctx context.Context, use string) (secret.Bytes, error) {
	r, err := v.rings.Get(ctx, house)
	if err != nil {
		return secret.Bytes{}, fmt.Errorf("derive house key: %w", err)
	}
	return secret.New(mac(r.fingerprint, []byte(houseKeyInfo+use))), nil
}
