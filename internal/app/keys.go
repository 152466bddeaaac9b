package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/vezne/vezne/internal/cache"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/config"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/kms"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/vault"
)

// keysetFile returns where the keyset is, and what seals it.
func keysetFile(c config.Config) (vault.KeysetFile, error) {
	f := vault.KeysetFile{Path: c.Keyset}
	if c.KMS == "" {
		return f, nil
	}
	key, err := kms.NewTransit(kms.Options{Key: c.KMS, TokenFile: c.KMSTokenFile})
	if err != nil {
		return f, fmt.Errorf("setting kms: %w", err)
	}
	f.KMS = key
	return f, nil
}

func loadKeyset(ctx context.Context, c config.Config) (*vault.Keyset, error) {
	file, err := keysetFile(c)
	if err != nil {
		return nil, err
	}
	return file.Load(ctx)
}

// newRotator follows the keyset file under a node name of its own.
func newRotator(o Options, db *storage.DB, v *vault.Vault, w *cache.Watcher) (*vault.Rotator, error) {
	file, err := keysetFile(o.Config)
	if err != nil {
		return nil, err
	}
	sealed := sqlstore.NewSealed(db)
	return vault.NewRotator(vault.RotatorOptions{
		Vault: v, File: file, Rotations: sqlstore.NewRotations(db), Values: sealed, Keys: sealed,
		Clock: clock.System{}, Log: o.Log, Node: id.NewUUID().String(), Host: hostName(), Version: Version(),
		Grace: o.Config.KeyGrace, Invalidate: w.Invalidate,
	}), nil
}

// CreateKeyset writes a new keyset for production, sealed if the settings name a
// KMS; an existing file is refused.
func CreateKeyset(ctx context.Context, c config.Config) error {
	file, err := keysetFile(c)
	if err != nil {
		return err
	}
	_, err = file.Create(ctx, vault.Production)
	return err
}

// openKeys is a keyset file and the database whose data keys it seals, as the
// commands on keys see them. A server may be running on both.
type openKeys struct {
	file   vault.KeysetFile
	keyset *vault.Keyset
	db     *storage.DB
	sealed *sqlstore.Sealed
	nodes  []vault.Node // that live
}

func openKeyset(ctx context.Context, c config.Config) (*openKeys, error) {
	if c.Keyset == "" {
		return nil, errors.New("setting keyset: is not set")
	}
	file, err := keysetFile(c)
	if err != nil {
		return nil, err
	}
	k := &openKeys{file: file}
	if k.keyset, err = file.Load(ctx); err != nil {
		return nil, err
	}
	if k.db, err = storage.Open(ctx, c.Database.Reveal(), storage.Options{ReadOnly: true}); err != nil {
		return nil, err
	}
	k.sealed = sqlstore.NewSealed(k.db)
	if k.nodes, err = sqlstore.NewRotations(k.db).Nodes(ctx, clock.System{}.Now(), vault.NodeLife); err != nil {
		return nil, errors.Join(err, k.db.Close())
	}
	return k, nil
}

func (k *openKeys) close() { _ = k.db.Close() } // it was only read

// StageKey adds a key to the keyset file that seals nothing yet, so that the file
// can be brought to every node before the key is used. A file that has one is
// left as it is.
func StageKey(ctx context.Context, c config.Config, w io.Writer) error {
	k, err := openKeyset(ctx, c)
	if err != nil {
		return err
	}
	defer k.close()
	return k.stage(ctx, w)
}

func (k *openKeys) stage(ctx context.Context, w io.Writer) error {
	staged, err := k.keyset.Stage()
	if err != nil {
		return err
	}
	if err := k.file.Replace(ctx, staged); err != nil {
		return err
	}
	k.keyset = staged
	fmt.Fprintf(w, "key %d is staged in %s: bring the file to every node, then run keys rotate\n",
		staged.Staged(), k.file.Path)
	return nil
}

// RotateKeys makes the staged key the primary one, which servers notice and
// begin to seal everything anew. Without a staged key it stages one and, where at
// most one server lives, goes on; with several the file has to be brought to each
// of them first. It refuses while a living server does not have the staged key.
func RotateKeys(ctx context.Context, c config.Config, w io.Writer) error {
	k, err := openKeyset(ctx, c)
	if err != nil {
		return err
	}
	defer k.close()
	if k.keyset.Staged() == 0 {
		if old := k.keyset.Old(); len(old) > 0 {
			return fmt.Errorf("rotate keys: the keyset still holds older keys %d; run keys retire first", old)
		}
		if len(k.nodes) > 1 {
			return k.stage(ctx, w)
		}
		if k.keyset, err = k.keyset.Stage(); err != nil {
			return err
		}
	}
	if len(k.nodes) > 1 {
		if err := k.everyNodeHas(k.keyset.Staged()); err != nil {
			return fmt.Errorf("rotate keys: %w", err)
		}
	}
	fresh, err := k.keyset.Promote()
	if err != nil {
		return err
	}
	if err := k.file.Replace(ctx, fresh); err != nil {
		return err
	}
	fmt.Fprintf(w, "key %d is the primary key of %s; servers that read this file seal everything anew\n",
		fresh.PrimaryKeyID(), k.file.Path)
	return nil
}

func (k *openKeys) everyNodeHas(key uint32) error {
	for _, n := range k.nodes {
		if !slices.Contains(n.Keys, key) {
			return fmt.Errorf("node %s has not read key %d: bring it the keyset file", nodeName(n), key)
		}
	}
	return nil
}

// RetireKeys removes the keys before the primary one from the keyset file. It
// refuses while anything is sealed under them, or a living server would still
// seal under one of them.
func RetireKeys(ctx context.Context, c config.Config, w io.Writer) error {
	k, err := openKeyset(ctx, c)
	if err != nil {
		return err
	}
	defer k.close()
	old, primary := k.keyset.Old(), k.keyset.PrimaryKeyID()
	if len(old) == 0 {
		fmt.Fprintf(w, "%s holds no older key\n", k.file.Path)
		return nil
	}
	uses, err := k.sealed.KeyUses(ctx)
	if err != nil {
		return err
	}
	for _, u := range uses {
		if u.KeyID != primary {
			return fmt.Errorf("retire keys: %d data keys are sealed under key %d; run a server until the rotation is done",
				u.DataKeys, u.KeyID)
		}
	}
	for _, n := range k.nodes {
		if n.PrimaryKey != primary {
			return fmt.Errorf("retire keys: node %s seals under key %d", nodeName(n), n.PrimaryKey)
		}
	}
	fresh, err := k.keyset.Retire()
	if err != nil {
		return err
	}
	if err := k.file.Replace(ctx, fresh); err != nil {
		return err
	}
	fmt.Fprintf(w, "keys %d are gone from %s; backups from before the rotation need the keyset of their time\n",
		old, k.file.Path)
	return nil
}

// KeyStatus writes what the keyset holds, how its keys are used, how far a
// rotation is, and what the living servers have read.
func KeyStatus(ctx context.Context, c config.Config, w io.Writer) error {
	k, err := openKeyset(ctx, c)
	if err != nil {
		return err
	}
	defer k.close()
	uses, err := k.sealed.KeyUses(ctx)
	if err != nil {
		return err
	}
	last, err := sqlstore.NewRotations(k.db).Rotation(ctx, clock.System{}.Now())
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "keyset    %s, for %s, %s\n", k.file.Path, k.keyset.Use(), sealing(c))
	for _, key := range k.keyset.KeyIDs() {
		fmt.Fprintf(w, "key       %-10d %-8s seals %d data keys\n", key, k.role(key), used(uses, key))
	}
	for _, u := range uses {
		if !k.keyset.Holds(u.KeyID) {
			fmt.Fprintf(w, "key       %-10d missing  seals %d data keys, which this keyset cannot open\n", u.KeyID, u.DataKeys)
		}
	}
	printRotation(w, last)
	for _, n := range k.nodes {
		fmt.Fprintf(w, "node      %s has keys %d and seals under %d\n", nodeName(n), n.Keys, n.PrimaryKey)
	}
	return nil
}

// nodeName is how people tell a server from others: by its machine, its version
// and its start. Binaries from before these were stored tell only a random name.
func nodeName(n vault.Node) string {
	if n.Host == "" {
		return n.Name
	}
	return fmt.Sprintf("%s (%s, since %s, %.8s)", n.Host, n.Version, n.StartedAt.Format(time.RFC3339), n.Name)
}

// hostName is this machine's name, or "unknown" on one that has none.
func hostName() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "unknown"
	}
	return name
}

func sealing(c config.Config) string {
	if c.KMS == "" {
		return "open (its file mode protects it)"
	}
	return "sealed by " + c.KMS
}

func (k *openKeys) role(key uint32) string {
	switch {
	case key == k.keyset.PrimaryKeyID():
		return "primary"
	case key == k.keyset.Staged():
		return "staged"
	}
	return "old"
}

func used(uses []vault.KeyUse, key uint32) int64 {
	for _, u := range uses {
		if u.KeyID == key {
			return u.DataKeys
		}
	}
	return 0
}

// printRotation leaves percent and rate out where they would say nothing.
func printRotation(w io.Writer, r vault.Rotation) {
	if r.Phase == "" {
		fmt.Fprintln(w, "rotation  none so far")
		return
	}
	until := r.UpdatedAt
	if !r.FinishedAt.IsZero() {
		until = r.FinishedAt
	}
	took := until.Sub(r.StartedAt)
	fmt.Fprintf(w, "rotation  to key %d: %s, %d of %d values sealed anew", r.KeyID, r.Phase, r.Resealed, r.Total)
	if r.Running() && r.Total > 0 && (r.Phase == vault.PhaseSealing || r.Phase == vault.PhaseChecking) {
		fmt.Fprintf(w, ", %d %% looked at", min(100, 100*r.Checked/r.Total))
	}
	if took > time.Second {
		fmt.Fprintf(w, ", %d a second", r.Resealed*int64(time.Second)/int64(took))
	}
	fmt.Fprintf(w, ", %s, begun %s\n", took.Round(time.Second), r.StartedAt.Format(time.RFC3339))
	if r.Unreadable > 0 {
		fmt.Fprintf(w, "rotation  %d values cannot be opened, so the older data keys stay; the log names them\n",
			r.Unreadable)
	}
}
