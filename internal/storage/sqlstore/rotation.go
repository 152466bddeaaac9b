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

// The last rotation is the one row of its table.
var rotationTable = newTable(&table[vault.Rotation]{
	name: "key_rotation",
	changing: []column[vault.Rotation]{
		number("key_id", func(r *vault.Rotation) *uint32 { return &r.KeyID }),
		text("phase", func(r *vault.Rotation) *vault.Phase { return &r.Phase }),
		text("at_column", func(r *vault.Rotation) *string { return &r.Place.Column }),
		number("at_merchant", func(r *vault.Rotation) *id.Merchant { return &r.Place.Row.MerchantID }),
		number("at_id", func(r *vault.Rotation) *int64 { return &r.Place.Row.ID }),
		number("total", func(r *vault.Rotation) *int64 { return &r.Total }),
		number("checked", func(r *vault.Rotation) *int64 { return &r.Checked }),
		number("resealed", func(r *vault.Rotation) *int64 { return &r.Resealed }),
		number("unreadable", func(r *vault.Rotation) *int64 { return &r.Unreadable }),
		moment("quiet_since", func(r *vault.Rotation) *time.Time { return &r.QuietSince }),
		moment("started_at", func(r *vault.Rotation) *time.Time { return &r.StartedAt }),
		moment("updated_at", func(r *vault.Rotation) *time.Time { return &r.UpdatedAt }),
		moment("finished_at", func(r *vault.Rotation) *time.Time { return &r.FinishedAt }),
		text("holder", func(r *vault.Rotation) *string { return &r.Holder }),
	},
})

var nodeTable = newTable(&table[vault.Node]{
	name: "keyset_node",
	keys: []column[vault.Node]{
		text("name", func(n *vault.Node) *string { return &n.Name }),
	},
	changing: []column[vault.Node]{
		number("primary_key", func(n *vault.Node) *uint32 { return &n.PrimaryKey }),
		textOf("key_ids", putKeys, takeKeys),
	},
	fixed: []column[vault.Node]{
		text("host", func(n *vault.Node) *string { return &n.Host }),
		text("version", func(n *vault.Node) *string { return &n.Version }),
		moment("started_at", func(n *vault.Node) *time.Time { return &n.StartedAt }),
		readOnly(moment("seen_at", func(n *vault.Node) *time.Time { return &n.SeenAt })),
	},
})

// Where the clock stands that judges holds and nodes, a statement has %[1]s.
var (
	lastRotation = "SELECT " + rotationTable.columns("") + ", held_until > %[1]s FROM key_rotation WHERE id = 1"

	holdRotation = "INSERT INTO key_rotation (" + rotationTable.columns("") + ", held_until, id) VALUES (" +
		placeholders(1, len(rotationTable.written)) + ", %[1]s + " + afterRotation + ", 1) ON CONFLICT (id) DO UPDATE SET " +
		excluded(rotationTable.changing) + ", held_until = excluded.held_until" +
		" WHERE key_rotation.held_until <= %[1]s OR key_rotation.holder = excluded.holder"

	saveRotation = "UPDATE key_rotation SET " + assigned(rotationTable.changing, 1) +
		", held_until = %[1]s + " + afterRotation +
		" WHERE id = 1 AND holder = " + parameter(len(rotationTable.written))

	// afterRotation is the parameter after those of the table, whose last is the holder.
	afterRotation = parameter(len(rotationTable.written) + 1)

	saveNode = "INSERT INTO keyset_node (" + names(nodeTable.written, "") + ", seen_at) VALUES (" +
		placeholders(1, len(nodeTable.written)) + ", %[1]s) ON CONFLICT (name) DO UPDATE SET " +
		excluded(nodeTable.changing) + ", seen_at = excluded.seen_at"

	nodesSince = nodeTable.selecting("WHERE seen_at >= %[1]s - $1 ORDER BY name")
)

const (
	forgetNode  = `DELETE FROM keyset_node WHERE name = $1`
	forgetNodes = `DELETE FROM keyset_node WHERE seen_at < %[1]s - $1`
)

// Rotation implements vault.RotationStore.
func (r *Rotations) Rotation(ctx context.Context, now time.Time) (vault.Rotation, error) {
	sql, args := timed(r.db, lastRotation, now)
	readRotation := rotationTable.reader()
	read := func(s storage.Scanner) (found vault.Rotation, err error) {
		var held bool
		found, err = readRotation(also{s, &held})
		found.Held = held
		return found, err
	}
	all, err := many(ctx, r.db, read, sql, args...)
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

// HoldRotation implements vault.RotationStore.
func (r *Rotations) HoldRotation(ctx context.Context, n vault.Rotation, now time.Time, hold time.Duration) error {
	return wrapped(r.saveRotation(ctx, holdRotation, n, now, hold), "hold key rotation")
}

// SaveRotation implements vault.RotationStore.
func (r *Rotations) SaveRotation(ctx context.Context, n vault.Rotation, now time.Time, hold time.Duration) error {
	return wrapped(r.saveRotation(ctx, saveRotation, n, now, hold), "save key rotation")
}

func (r *Rotations) saveRotation(
	ctx context.Context, statement string, n vault.Rotation, now time.Time, hold time.Duration,
) error {
	sql, args := timed(r.db, statement, now, append(rotationTable.inserting(n), hold.Microseconds())...)
	return r.db.Commit(ctx, storage.Batch{{SQL: sql, Args: args, Rows: 1, Missed: fault.StaleVersion}})
}

// SaveNode implements vault.RotationStore.
func (r *Rotations) SaveNode(ctx context.Context, n vault.Node, memory time.Duration) error {
	if n.SeenAt.IsZero() {
		return wrapped(r.db.Commit(ctx, storage.Batch{{SQL: forgetNode, Args: []any{n.Name}}}), "forget node")
	}
	save, saving := timed(r.db, saveNode, n.SeenAt, nodeTable.inserting(n)...)
	forget, forgetting := timed(r.db, forgetNodes, n.SeenAt, memory.Microseconds())
	batch := storage.Batch{{SQL: save, Args: saving}, {SQL: forget, Args: forgetting}}
	return wrapped(r.db.Commit(ctx, batch), "save node")
}

// Nodes implements vault.RotationStore.
func (r *Rotations) Nodes(ctx context.Context, now time.Time, within time.Duration) ([]vault.Node, error) {
	sql, args := timed(r.db, nodesSince, now, within.Microseconds())
	all, err := many(ctx, r.db, nodeTable.reader(), sql, args...)
	return all, wrapped(err, "nodes")
}

// putKeys and takeKeys keep numbers with spaces between.
func putKeys(n *vault.Node) string {
	keys := make([]string, 0, len(n.Keys))
	for _, k := range n.Keys {
		keys = append(keys, strconv.FormatUint(uint64(k), 10))
	}
	return strings.Join(keys, " ")
}

func takeKeys(n *vault.Node, text string) error {
	for field := range strings.FieldsSeq(text) {
		k, err := strconv.ParseUint(field, 10, 32)
		if err != nil {
			return fmt.Errorf("key number %q: %w", field, err)
		}
		n.Keys = append(n.Keys, uint32(k))
	}
	return nil
}
