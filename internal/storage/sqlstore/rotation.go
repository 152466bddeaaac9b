package sqlstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/vault"
)

// Rotations keeps the progress of key rotations. It implements
// vault.RotationStore.
type Rotations struct{ db *storage.DB }

var _ vault.RotationStore = (*Rotations)(nil)

// NewRotations returns the rotations of db.
func NewRotations(db *storage.DB) *Rotations { return &Rotations{db: db} }

const (
	rotationColumns = `key_id, phase, at_column, at_merchant, at_id, total, checked, resealed, unreadable,
	quiet_since, started_at, updated_at, finished_at, holder`

	// Where the clock stands that judges holds, a statement has %[1]s.
	lastRotation = `SELECT ` + rotationColumns + `, held_until > %[1]s FROM key_rotation WHERE id = 1`

	holdRotation = `INSERT INTO key_rotation (id, ` + rotationColumns + `, held_until)
	VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, %[1]s + $15)
	ON CONFLICT (id) DO UPDATE SET key_id = excluded.key_id, phase = excluded.phase, at_column = excluded.at_column,
		at_merchant = excluded.at_merchant, at_id = excluded.at_id, total = excluded.total, checked = excluded.checked,
		resealed = excluded.resealed, unreadable = excluded.unreadable, quiet_since = excluded.quiet_since,
		started_at = excluded.started_at, updated_at = excluded.updated_at, finished_at = excluded.finished_at,
		holder = excluded.holder, held_until = excluded.held_until
	WHERE key_rotation.held_until <= %[1]s OR key_rotation.holder = excluded.holder`

	saveRotation = `UPDATE key_rotation SET key_id = $1, phase = $2, at_column = $3, at_merchant = $4, at_id = $5, total = $6,
		checked = $7, resealed = $8, unreadable = $9, quiet_since = $10, started_at = $11, updated_at = $12,
		finished_at = $13, held_until = %[1]s + $15
	WHERE id = 1 AND holder = $14`

	saveNode = `INSERT INTO keyset_node (name, primary_key, key_ids, host, version, started_at, seen_at)
	VALUES ($1, $2, $3, $4, $5, $6, %[1]s)
	ON CONFLICT (name) DO UPDATE SET primary_key = excluded.primary_key, key_ids = excluded.key_ids, seen_at = excluded.seen_at`
	forgetNode  = `DELETE FROM keyset_node WHERE name = $1`
	forgetNodes = `DELETE FROM keyset_node WHERE seen_at < %[1]s - $1`
	nodesSince  = `SELECT name, primary_key, key_ids, host, version, started_at, seen_at FROM keyset_node
	WHERE seen_at >= %[1]s - $1 ORDER BY name`
)

// Rotation implements vault.RotationStore.
func (r *Rotations) Rotation(ctx context.Context, now time.Time) (vault.Rotation, error) {
	sql, args := timed(r.db, lastRotation, now)
	all, err := many(ctx, r.db, readRotation, sql, args...)
	if err != nil || len(all) == 0 {
		return vault.Rotation{}, wrapped(err, "key rotation")
	}
	return all[0], nil
}

// wrapped says what was being done, nothing if there is no error.
func wrapped(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

func readRotation(s storage.Scanner) (vault.Rotation, error) {
	var (
		r                                 vault.Rotation
		key, merchantID                   int64
		quiet, started, updated, finished int64
		phase                             string
	)
	err := s.Scan(&key, &phase, &r.Place.Column, &merchantID, &r.Place.Row.ID, &r.Total, &r.Checked, &r.Resealed, &r.Unreadable,
		&quiet, &started, &updated, &finished, &r.Holder, &r.Held)
	r.KeyID, r.Phase, r.Place.Row.MerchantID = uint32(key), vault.Phase(phase), id.Merchant(merchantID) //nolint:gosec // it was stored from one
	r.QuietSince, r.StartedAt, r.UpdatedAt = timeOf(quiet), timeOf(started), timeOf(updated)
	r.FinishedAt = timeOf(finished)
	return r, err
}

func rotationArgs(r vault.Rotation) []any {
	return []any{
		int64(r.KeyID), string(r.Phase), r.Place.Column, int64(r.Place.Row.MerchantID), r.Place.Row.ID,
		r.Total, r.Checked, r.Resealed, r.Unreadable,
		micros(r.QuietSince), micros(r.StartedAt), micros(r.UpdatedAt), micros(r.FinishedAt), r.Holder,
	}
}

// HoldRotation implements vault.RotationStore.
func (r *Rotations) HoldRotation(ctx context.Context, n vault.Rotation, now time.Time, hold time.Duration) error {
	return wrapped(r.saveRotation(ctx, holdRotation, n, now, hold), "hold key rotation")
}

// SaveRotation implements vault.RotationStore.
func (r *Rotations) SaveRotation(ctx context.Context, n vault.Rotation, now time.Time, hold time.Duration) error {
	return wrapped(r.saveRotation(ctx, saveRotation, n, now, hold), "save key rotation")
}

func (r *Rotations) saveRotation(ctx context.Context, statement string, n vault.Rotation, now time.Time, hold time.Duration) error {
	sql, args := timed(r.db, statement, now, append(rotationArgs(n), hold.Microseconds())...)
	return r.db.Commit(ctx, storage.Batch{{SQL: sql, Args: args, Rows: 1, Missed: fault.StaleVersion}})
}

// SaveNode implements vault.RotationStore.
func (r *Rotations) SaveNode(ctx context.Context, n vault.Node, memory time.Duration) error {
	if n.SeenAt.IsZero() {
		return wrapped(r.db.Commit(ctx, storage.Batch{{SQL: forgetNode, Args: []any{n.Name}}}), "forget node")
	}
	keys := make([]string, 0, len(n.Keys))
	for _, k := range n.Keys {
		keys = append(keys, strconv.FormatUint(uint64(k), 10))
	}
	save, saving := timed(r.db, saveNode, n.SeenAt, n.Name, int64(n.PrimaryKey), strings.Join(keys, " "), n.Host, n.Version, micros(n.StartedAt))
	forget, forgetting := timed(r.db, forgetNodes, n.SeenAt, memory.Microseconds())
	return wrapped(r.db.Commit(ctx, storage.Batch{{SQL: save, Args: saving}, {SQL: forget, Args: forgetting}}), "save node")
}

// Nodes implements vault.RotationStore.
func (r *Rotations) Nodes(ctx context.Context, now time.Time, within time.Duration) ([]vault.Node, error) {
	sql, args := timed(r.db, nodesSince, now, within.Microseconds())
	all, err := many(ctx, r.db, readNode, sql, args...)
	return all, wrapped(err, "nodes")
}

func readNode(s storage.Scanner) (vault.Node, error) {
	var n vault.Node
	var primary, startedAt, seenAt int64
	var keys string
	if err := s.Scan(&n.Name, &primary, &keys, &n.Host, &n.Version, &startedAt, &seenAt); err != nil {
		return n, err
	}
	n.PrimaryKey, n.StartedAt, n.SeenAt = uint32(primary), timeOf(startedAt), timeOf(seenAt) //nolint:gosec // it was stored from one
	for field := range strings.FieldsSeq(keys) {
		k, err := strconv.ParseUint(field, 10, 32)
		if err != nil {
			return n, fmt.Errorf("key number %q: %w", field, err)
		}
		n.Keys = append(n.Keys, uint32(k))
	}
	return n, nil
}
