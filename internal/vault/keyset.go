package vault

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Use says what a keyset may protect.
type Use string

// The uses.
const (
	// Production keysets protect real data.
	Production Use = "production"
	// Demo keysets protect demo data only: whoever serves real merchants must
	// refuse them.
	Demo Use = "demo"
)

// Why a keyset was refused. The texts hold nothing of the keyset.
var (
	ErrKeysetCorrupt = errors.New("not a readable keyset")
	ErrKeysetExposed = errors.New("readable by group or others; allow its owner only (chmod 600)")
	// ErrKeysetLocked is a keyset that a key management service sealed, without the
	// setting that says how to reach it.
	ErrKeysetLocked = errors.New("sealed by a key management service, and the setting kms is not set")
	// ErrKeysetUnlocked is a keyset that lies open although a key management
	// service is set.
	ErrKeysetUnlocked = errors.New("not sealed, although the setting kms is set")
	// ErrNoStagedKey means that there is nothing to promote.
	ErrNoStagedKey = errors.New("no staged key")
)

// Keyset is a Tink keyset of AES-256-GCM keys that seals data keys and nothing
// else. New data keys are sealed under its primary key. The keys before it are
// older and stay to open what they sealed; a key after it is staged: it opens
// what other nodes may already seal under it. A Keyset is read-only, safe for
// concurrent use, and never prints.
type Keyset struct {
	handle *keyset.Handle
	aead   tink.AEAD
	use    Use
}

// NewKeyset returns a new keyset that lives in memory only: what it seals is lost
// with the process. Keysets that outlive it come from CreateKeyset.
func NewKeyset(use Use) (*Keyset, error) {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("generate keyset: %w", err)
	}
	return openKeyset(h, use)
}

func openKeyset(h *keyset.Handle, use Use) (*Keyset, error) {
	if use != Production && use != Demo {
		return nil, ErrKeysetCorrupt
	}
	a, err := aead.New(h)
	if err != nil {
		return nil, ErrKeysetCorrupt
	}
	return &Keyset{handle: h, aead: a, use: use}, nil
}

// Use returns what the keyset may protect.
func (k *Keyset) Use() Use { return k.use }

// PrimaryKeyID returns the number by which the primary key may be named in
// status pages and logs; it says nothing about the key itself.
func (k *Keyset) PrimaryKeyID() uint32 {
	primary, err := k.handle.Primary()
	if err != nil {
		return 0 // aead.New refuses keysets without a primary key
	}
	return primary.KeyID()
}

// Len returns how many keys the keyset holds.
func (k *Keyset) Len() int { return k.handle.Len() }

// KeyIDs returns the numbers of its keys, oldest first.
func (k *Keyset) KeyIDs() []uint32 {
	all := make([]uint32, 0, k.handle.Len())
	for i := range k.handle.Len() {
		if e, err := k.handle.Entry(i); err == nil { // the index is in range
			all = append(all, e.KeyID())
		}
	}
	return all
}

// Holds reports whether a key of that number is among its keys.
func (k *Keyset) Holds(keyID uint32) bool { return slices.Contains(k.KeyIDs(), keyID) }

// Staged returns the number of the key after the primary one, 0 for none.
func (k *Keyset) Staged() uint32 {
	all := k.KeyIDs()
	if last := all[len(all)-1]; last != k.PrimaryKeyID() {
		return last
	}
	return 0
}

// Old returns the numbers of the keys before the primary one.
func (k *Keyset) Old() []uint32 {
	all := k.KeyIDs()
	return all[:slices.Index(all, k.PrimaryKeyID())]
}

// Stage returns the keyset with one more key, which seals nothing yet. A keyset
// that has a staged key is returned as it is.
func (k *Keyset) Stage() (*Keyset, error) {
	if k.Staged() != 0 {
		return k, nil
	}
	return k.changed(func(m *keyset.Manager) error {
		_, err := m.Add(aead.AES256GCMKeyTemplate())
		return err
	})
}

// Promote returns the keyset with its staged key as the primary one.
func (k *Keyset) Promote() (*Keyset, error) {
	staged := k.Staged()
	if staged == 0 {
		return nil, ErrNoStagedKey
	}
	return k.changed(func(m *keyset.Manager) error { return m.SetPrimary(staged) })
}

// Retire returns the keyset without the keys before the primary one. What they
// sealed cannot be opened with it.
func (k *Keyset) Retire() (*Keyset, error) {
	old := k.Old()
	return k.changed(func(m *keyset.Manager) error {
		for _, keyID := range old {
			if err := m.Delete(keyID); err != nil {
				return err
			}
		}
		return nil
	})
}

func (k *Keyset) changed(change func(*keyset.Manager) error) (*Keyset, error) {
	m := keyset.NewManagerFromHandle(k.handle)
	if err := change(m); err != nil {
		return nil, fmt.Errorf("change keyset: %w", err)
	}
	h, err := m.Handle()
	if err != nil {
		return nil, fmt.Errorf("change keyset: %w", err)
	}
	return openKeyset(h, k.use)
}

// Tink puts a byte 1 and the number of the key in front of what it encrypts
// (tink-go, core/cryptofmt).
const tinkPrefixLen = 1 + 4

// SealedUnder returns the number of the keyset's key under which a data key is
// sealed, 0 if it is sealed under none.
func SealedUnder(sealed []byte) uint32 {
	if len(sealed) < tinkPrefixLen || sealed[0] != 1 {
		return 0
	}
	return binary.BigEndian.Uint32(sealed[1:tinkPrefixLen])
}

// String names the keyset by its primary key.
func (k *Keyset) String() string {
	return fmt.Sprintf("%s keyset with primary key %d", k.use, k.PrimaryKeyID())
}

// Format writes String for every verb, so that no verb walks into the keys.
func (k *Keyset) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(k.String())) } // fmt.State never fails
