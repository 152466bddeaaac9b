package vault

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
)

const (
	// keyBatch is how many merchants get a new data key in one commit.
	keyBatch = 100
	// readBatch is how many rows are looked at together, resealBatch how many of
	// them change in one commit: few enough that no payment waits for it.
	readBatch   = 256
	resealBatch = 64
	// saveTimeout ends the last word of a node that stops.
	saveTimeout = 5 * time.Second
)

// errElsewhere means that another node has the rotation now, or that this node's
// keyset is another one by now.
var errElsewhere = errors.New("the rotation is another's")

// run is one node's work on a rotation that it holds.
type run struct {
	*Rotator
	Rotation
	saved time.Time
	// dirty is set when the present look at the values found one to seal anew.
	dirty bool
}

// all goes through the phases that are left.
func (r *run) all(ctx context.Context) error {
	r.tell(ctx, "rotation goes on")
	if r.Phase == PhaseKeys {
		if err := r.renewKeys(ctx); err != nil {
			return fmt.Errorf("make data keys: %w", err)
		}
		if err := r.count(ctx); err != nil {
			return fmt.Errorf("count sealed values: %w", err)
		}
		if err := r.enter(ctx, PhaseSealing); err != nil {
			return err
		}
	}
	if r.Phase == PhaseSealing {
		if err := r.sweep(ctx); err != nil {
			return fmt.Errorf("seal values anew: %w", err)
		}
	}
	for {
		if err := r.settle(ctx); err != nil {
			return err
		}
		if err := r.enter(ctx, PhaseChecking); err != nil {
			return err
		}
		if err := r.sweep(ctx); err != nil {
			return fmt.Errorf("check values: %w", err)
		}
		if !r.dirty && r.Unreadable == 0 {
			break
		}
	}
	if err := r.retire(ctx); err != nil {
		return fmt.Errorf("destroy older data keys: %w", err)
	}
	r.invalidate()
	r.FinishedAt = r.clock.Now()
	err := r.enter(ctx, PhaseDone)
	r.tell(ctx, "rotation is done")
	return err
}

func (r *run) tell(ctx context.Context, what string) {
	r.log.LogAttrs(ctx, slog.LevelInfo, what, slog.Any("key", r.KeyID), slog.String("phase", string(r.Phase)),
		slog.Int64("resealed", r.Resealed), slog.Int64("total", r.Total))
}

// enter begins a phase at the first row.
func (r *run) enter(ctx context.Context, p Phase) error {
	r.Phase, r.Place = p, Place{}
	if p == PhaseSealing || p == PhaseChecking {
		r.Checked, r.Unreadable, r.dirty = 0, 0, false
	}
	return r.save(ctx)
}

// save stores the progress and holds the rotation for another while.
func (r *run) save(ctx context.Context) error {
	if r.vault.Keyset().PrimaryKeyID() != r.KeyID {
		return errElsewhere
	}
	now := r.clock.Now()
	r.UpdatedAt, r.saved = now, now
	err := r.rotations.SaveRotation(ctx, r.Rotation, now, holdFor)
	if fault.CodeOf(err) == fault.StaleVersion {
		return errElsewhere
	}
	return err
}

// handBack lets another node go on at once.
func (r *run) handBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	_ = r.rotations.SaveRotation(ctx, r.Rotation, r.clock.Now(), 0) // otherwise they wait until it is over
}

// renewKeys gives every merchant a data key that the primary key seals. Those who
// come later get such a key by themselves.
func (r *run) renewKeys(ctx context.Context) error {
	for after := beforeAll().MerchantID; ; {
		merchants, err := r.keys.Keyed(ctx, after, keyBatch)
		if err != nil {
			return err
		}
		if len(merchants) == 0 {
			r.QuietSince = r.clock.Now()
			return nil
		}
		var added []DataKey
		for _, m := range merchants {
			d, err := r.renewed(ctx, m)
			if err != nil {
				return fmt.Errorf("merchant %d: %w", m, err)
			}
			if d.Number > 0 {
				added = append(added, d)
			}
		}
		if len(added) > 0 {
			if err := r.keys.AddDataKeys(ctx, added); err != nil {
				return err
			}
			r.invalidate()
		}
		if err := r.save(ctx); err != nil {
			return err
		}
		after = merchants[len(merchants)-1]
	}
}

// renewed returns a new data key for a merchant, none if the newest is sealed
// under the primary key.
func (r *run) renewed(ctx context.Context, m id.Merchant) (DataKey, error) {
	newest, err := r.newest(ctx, m)
	if err != nil || SealedUnder(newest.Sealed) == r.KeyID {
		return DataKey{}, err
	}
	raw := make([]byte, dataKeyLen)
	defer clear(raw)
	_, _ = rand.Read(raw) // crypto/rand.Read never fails since Go 1.24
	return r.vault.sealDataKey(m, newest.Number+1, raw)
}

func (r *run) newest(ctx context.Context, m id.Merchant) (DataKey, error) {
	stored, err := r.vault.store.DataKeys(ctx, m)
	if err != nil || len(stored) == 0 {
		return DataKey{}, err
	}
	return stored[len(stored)-1], nil
}

// count sets what the progress is measured by.
func (r *run) count(ctx context.Context) error {
	r.Total = 0
	for _, c := range r.values.SealedColumns() {
		n, err := r.values.CountSealed(ctx, c.Name)
		if err != nil {
			return err
		}
		r.Total += n
	}
	return nil
}

// sweep looks at every value from the rotation's place on, and seals those anew
// that are not under their merchant's newest key.
func (r *run) sweep(ctx context.Context) error {
	columns := r.values.SealedColumns()
	first := max(0, slices.IndexFunc(columns, func(c SealedColumn) bool { return c.Name == r.Place.Column }))
	for _, c := range columns[first:] {
		if r.Place.Column != c.Name {
			r.Place = Place{Column: c.Name, Row: beforeAll()}
		}
		for {
			n, err := r.page(ctx, c)
			if err != nil {
				return fmt.Errorf("%s: %w", c.Name, err)
			}
			if n == 0 {
				break
			}
		}
	}
	return r.save(ctx)
}

// beforeAll is before the first row there can be; the house is merchant 0.
func beforeAll() Row { return Row{MerchantID: -1} }

// page looks at the next rows of a column and returns how many there were.
func (r *run) page(ctx context.Context, c SealedColumn) (int, error) {
	rows, err := r.values.SealedValues(ctx, c.Name, r.Place.Row, readBatch)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	stale, err := r.stale(ctx, rows)
	if err != nil {
		return 0, err
	}
	for batch := range slices.Chunk(stale, resealBatch) {
		if err := r.reseal(ctx, c, batch); err != nil {
			return 0, err
		}
	}
	r.Place.Row = rows[len(rows)-1].Row
	r.Checked += int64(len(rows))
	if r.clock.Now().Sub(r.saved) < saveEvery {
		return len(rows), nil
	}
	return len(rows), r.save(ctx)
}

// stale returns the values that are not under their merchant's newest key.
func (r *run) stale(ctx context.Context, rows []SealedValue) ([]SealedValue, error) {
	var found []SealedValue
	for _, v := range rows {
		if len(v.Sealed) == 0 {
			continue
		}
		ring, err := r.vault.rings.Get(ctx, v.MerchantID)
		if err != nil {
			return nil, err
		}
		if len(v.Sealed) < headerLen || binary.BigEndian.Uint32(v.Sealed[1:headerLen]) != ring.newest.number {
			found = append(found, v)
		}
	}
	return found, nil
}

// reseal seals values anew in one commit, and then rests for as long as that took,
// so that payments have the writer for half of the time at least.
func (r *run) reseal(ctx context.Context, c SealedColumn, values []SealedValue) error {
	began := r.clock.Now()
	fresh := make([]Resealed, 0, len(values))
	for _, v := range values {
		sealed, err := r.resealed(ctx, c.Subject(v), v.Sealed)
		if errors.Is(err, ErrSealed) {
			r.Unreadable++
			r.log.LogAttrs(ctx, slog.LevelError, "sealed value cannot be opened, so older data keys stay",
				slog.String("column", c.Name), slog.Int64("merchant", int64(v.MerchantID)), slog.Int64("id", v.ID))
			continue
		}
		if err != nil {
			return err
		}
		fresh = append(fresh, Resealed{Row: v.Row, Old: v.Sealed, New: sealed})
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := r.values.ReplaceSealed(ctx, c.Name, fresh); err != nil {
		return err
	}
	r.dirty = true
	r.Resealed += int64(len(fresh))
	r.QuietSince = r.clock.Now()
	return rest(ctx, r.QuietSince.Sub(began))
}

func (r *run) resealed(ctx context.Context, s Subject, sealed []byte) ([]byte, error) {
	plain, err := r.vault.Open(ctx, s, sealed)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	return r.vault.Seal(ctx, s, plain)
}

// settle waits until Grace has passed since something last changed, or for the
// operator, if there are values that cannot be read.
func (r *run) settle(ctx context.Context) error {
	if err := r.enter(ctx, PhaseSettling); err != nil {
		return err
	}
	if r.Unreadable > 0 {
		r.QuietSince = r.clock.Now()
	}
	for {
		left := r.QuietSince.Add(r.grace).Sub(r.clock.Now())
		if left <= 0 {
			return nil
		}
		if err := rest(ctx, min(left, nodeTick)); err != nil {
			return err
		}
		if err := r.save(ctx); err != nil {
			return err
		}
	}
}

// retire destroys the older data keys, merchant by merchant, and leaves the
// fingerprint key that was derived from the first.
func (r *run) retire(ctx context.Context) error {
	for after := beforeAll().MerchantID; ; {
		merchants, err := r.keys.Keyed(ctx, after, keyBatch)
		if err != nil || len(merchants) == 0 {
			return err
		}
		for _, m := range merchants {
			if err := r.retireKeysOf(ctx, m); err != nil {
				return fmt.Errorf("merchant %d: %w", m, err)
			}
		}
		if err := r.save(ctx); err != nil {
			return err
		}
		after = merchants[len(merchants)-1]
	}
}

func (r *run) retireKeysOf(ctx context.Context, m id.Merchant) error {
	stored, err := r.vault.store.DataKeys(ctx, m)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(stored, func(d DataKey) bool { return SealedUnder(d.Sealed) != r.KeyID }) {
		return nil
	}
	ring, err := r.vault.openRing(m, stored)
	if err != nil {
		return err
	}
	newest := stored[len(stored)-1]
	if SealedUnder(newest.Sealed) != r.KeyID {
		// A node with another keyset made it after renewKeys: begin again.
		return errors.Join(r.enter(ctx, PhaseKeys), errElsewhere)
	}
	fingerprint, err := r.vault.sealDataKey(m, FingerprintNumber, ring.fingerprint)
	if err != nil {
		return err
	}
	err = r.keys.RetireDataKeys(ctx, r.Rotation, newest, fingerprint)
	if fault.CodeOf(err) == fault.StaleVersion {
		return errElsewhere
	}
	return err
}

// rest waits, or returns ctx's error when that ends.
func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
