package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/secret"
)

// Place is where a record stands in its merchant's log: by time, then by id.
type Place struct {
	At time.Time
	ID id.AuditRecord
}

// Block seals the records of a merchant after From and up to Until. Its hash
// covers them and the block before, so that none can be changed, removed or added
// later without a trace, except by somebody who has the key.
type Block struct {
	MerchantID id.Merchant
	Number     int64 // from 1
	From       Place
	Until      Place
	Records    int
	Hash       [32]byte
	SealedAt   time.Time
}

// BlockStore keeps blocks.
type BlockStore interface {
	// Unsealed returns up to limit merchants above after that have records which
	// no block covers and which are not later than until, in order.
	Unsealed(ctx context.Context, after id.Merchant, until time.Time, limit int) ([]id.Merchant, error)
	// Head returns the newest block of a merchant, the zero Block if there is none.
	Head(ctx context.Context, m id.Merchant) (Block, error)
	// Between returns up to limit records after from and up to until, in order.
	Between(ctx context.Context, m id.Merchant, from, until Place, limit int) ([]Record, error)
	// SaveBlock adds a block; a number that is taken is fault.DuplicateKey.
	SaveBlock(ctx context.Context, b Block) error
	// Blocks returns up to limit blocks above a number, in order.
	Blocks(ctx context.Context, m id.Merchant, after int64, limit int) ([]Block, error)
	// Sealed returns up to limit merchants above after that have blocks, in order.
	Sealed(ctx context.Context, after id.Merchant, limit int) ([]id.Merchant, error)
}

// digest is the hash of a block in the making: HMAC-SHA256 (RFC 2104) over fields
// with their lengths, so that no two logs read the same.
type digest struct{ h hash.Hash }

func newDigest(key secret.Bytes, b Block, previous [32]byte) digest {
	d := digest{hmac.New(sha256.New, key.Reveal())}
	d.text("vezne audit block 1")
	d.text(string(previous[:]))
	d.number(int64(b.MerchantID))
	d.number(b.Number)
	d.place(b.From)
	return d
}

func (d digest) add(r Record) {
	d.place(Place{r.At, r.ID})
	for _, s := range []string{r.Actor, r.Action, r.Subject, string(r.Detail), r.Origin.Agent} {
		d.text(s)
	}
	d.text(r.Origin.Address.String())
}

// sum ends the block with where it ends and how many records it has.
func (d digest) sum(until Place, records int) (sum [32]byte) {
	d.place(until)
	d.number(int64(records))
	d.h.Sum(sum[:0])
	return sum
}

func (d digest) place(p Place) {
	at := int64(0)
	if !p.At.IsZero() {
		at = p.At.UnixMicro()
	}
	d.number(at)
	d.number(int64(p.ID))
}

func (d digest) number(n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n)) //nolint:gosec // the same bits each time
	_, _ = d.h.Write(b[:])                      // a hash never fails
}

func (d digest) text(s string) {
	d.number(int64(len(s)))
	_, _ = d.h.Write([]byte(s)) // as above
}
