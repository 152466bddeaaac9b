package vault

import (
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
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
)

// Keyset is a Tink keyset of AES-256-GCM keys that seals data keys and nothing
// else. New data keys are sealed under its primary key; the other keys stay to
// open older ones. It is read-only, safe for concurrent use, and never prints.
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

// String names the keyset by its primary key.
func (k *Keyset) String() string {
	return fmt.Sprintf("%s keyset with primary key %d", k.use, k.PrimaryKeyID())
}

// Format writes String for every verb, so that no verb walks into the keys.
func (k *Keyset) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(k.String())) } // fmt.State never fails

// cleartext returns the keyset as Tink's JSON, keys included.
func (k *Keyset) cleartext(w keyset.Writer) error {
	return insecurecleartextkeyset.Write(k.handle, w)
}
