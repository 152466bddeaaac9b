package vault

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/maypok86/otter/v2"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/id"
)

// Why a value could not be opened or a card not stored. The texts hold nothing
// of the value.
var (
	// ErrSealed covers every way in which a sealed value can be wrong, so that
	// nobody learns from an answer how close a forgery came.
	ErrSealed = errors.New("sealed value cannot be opened")
	// ErrDataKey means that the keyset is not the one that sealed the data key.
	ErrDataKey = errors.New("data key cannot be opened with this keyset")
	// ErrNoCard means that there is no card number.
	ErrNoCard = errors.New("no card number")
)

// A sealed value is a version byte, the number of the data key in four bytes,
// and what AES-256-GCM with a random nonce makes of it: nonce, ciphertext, tag.
// The authenticated data repeats the header and adds the subject.
const (
	sealedVersion = 1
	headerLen     = 1 + 4
)

// MaxRings bounds how many merchants' opened keys are kept in memory, at about
// 2 KiB each.
const MaxRings = 10_000

// Options are what a Vault works with. All but Cache are required.
type Options struct {
	Keyset *Keyset
	Store  Store
	IDs    *id.Generator
	Clock  clock.Clock
	// Cache, if set, returns where opened data keys are kept in memory. A server
	// whose data keys may be rotated needs one that follows the store; without it
	// a key that was loaded once is used for good.
	Cache func(load func(context.Context, id.Merchant) (*Ring, error)) RingCache
}

// RingCache keeps opened data keys and loads those that it does not have.
type RingCache interface {
	Get(ctx context.Context, m id.Merchant) (*Ring, error)
}

// lasting is the RingCache of a vault that has none.
type lasting struct {
	rings *otter.Cache[id.Merchant, *Ring]
	load  func(context.Context, id.Merchant) (*Ring, error)
}

func newLasting(load func(context.Context, id.Merchant) (*Ring, error)) RingCache {
	return lasting{otter.Must(&otter.Options[id.Merchant, *Ring]{MaximumSize: MaxRings}), load}
}

// Get implements RingCache.
func (l lasting) Get(ctx context.Context, m id.Merchant) (*Ring, error) {
	if r, ok := l.rings.GetIfPresent(m); ok {
		return r, nil
	}
	r, err := l.load(ctx, m)
	if err == nil {
		l.rings.Set(m, r)
	}
	return r, err
}

// Vault seals values under data keys of their merchant. A merchant's first data
// key is made on first use. It is safe for concurrent use, by several processes
// on one store too.
type Vault struct {
	keyset atomic.Pointer[Keyset]
	store  Store
	ids    *id.Generator
	clock  clock.Clock
	rings  RingCache
}

// New returns a Vault.
func New(o Options) *Vault {
	v := &Vault{store: o.Store, ids: o.IDs, clock: o.Clock}
	v.keyset.Store(o.Keyset)
	if o.Cache == nil {
		o.Cache = newLasting
	}
	v.rings = o.Cache(v.loadRing)
	return v
}

// Keyset returns the keyset in use.
func (v *Vault) Keyset() *Keyset { return v.keyset.Load() }

// UseKeyset puts another keyset in place of the one in use. Data keys that were
// opened before stay open.
func (v *Vault) UseKeyset(k *Keyset) { v.keyset.Store(k) }

// Seal returns plain sealed for the subject, 33 bytes longer. It fails only if the
// merchant's data key cannot be had.
func (v *Vault) Seal(ctx context.Context, s Subject, plain []byte) ([]byte, error) {
	r, err := v.rings.Get(ctx, s.MerchantID)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", s.Purpose, err)
	}
	header := make([]byte, headerLen, headerLen+len(plain)+r.newest.aead.Overhead())
	header[0] = sealedVersion
	binary.BigEndian.PutUint32(header[1:], r.newest.number)
	//nolint:gosec // no nonce is passed because this AEAD draws its own
	return r.newest.aead.Seal(header, nil, plain, s.authenticated(header)), nil
}

// Open returns what was sealed for the subject. Anything else is ErrSealed: another
// subject's value, a changed or short one.
func (v *Vault) Open(ctx context.Context, s Subject, sealed []byte) ([]byte, error) {
	if len(sealed) < headerLen || sealed[0] != sealedVersion {
		return nil, fmt.Errorf("open %s: %w", s.Purpose, ErrSealed)
	}
	header, body := sealed[:headerLen:headerLen], sealed[headerLen:]
	k, err := v.key(ctx, s.MerchantID, binary.BigEndian.Uint32(header[1:]))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", s.Purpose, err)
	}
	plain, err := k.aead.Open(nil, nil, body, s.authenticated(header))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", s.Purpose, ErrSealed)
	}
	return plain, nil
}

// authenticated is the authenticated data of a sealed value: after the header the
// merchant and the row in eight bytes each, and the purpose after its length, so that
// no two subjects have the same.
func (s Subject) authenticated(header []byte) []byte {
	b := make([]byte, 0, headerLen+8+8+1+len(s.Purpose)+len(s.Bound))
	b = append(b, header...)
	b = binary.BigEndian.AppendUint64(b, uint64(s.MerchantID)) //nolint:gosec // ids are positive
	b = binary.BigEndian.AppendUint64(b, uint64(s.ID))         //nolint:gosec // ids are positive
	b = append(b, byte(len(s.Purpose)))                        //nolint:gosec // the purposes are constants, and short
	b = append(b, s.Purpose...)
	return append(b, s.Bound...)
}
