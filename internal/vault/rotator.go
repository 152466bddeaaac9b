package vault

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
)

const (
	// rotatorTick is how often a node looks whether its keyset file has changed and
	// whether there is something to rotate.
	rotatorTick = time.Second
	// NodeLife is how long a node counts as alive after it has told so, nodeTick how
	// often it tells, and nodeMemory how long it is remembered.
	NodeLife   = 30 * time.Second
	nodeTick   = 5 * time.Second
	nodeMemory = 24 * time.Hour
	// holdFor is how long a rotation belongs to a node that says nothing of it.
	// It says so with every saveEvery.
	holdFor   = 15 * time.Second
	saveEvery = time.Second
	// recheck is how often a node looks for data keys under older keys although no
	// rotation is due: another node may have made one.
	recheck = time.Minute
	// DefaultGrace is longer than any request and any job may hold a key or a
	// sealed value in memory: a request works for 55 seconds at most, its commit
	// waits 30 more.
	DefaultGrace = 5 * time.Minute
)

// RotatorOptions are what a Rotator works with. All are required.
type RotatorOptions struct {
	Vault     *Vault
	File      KeysetFile
	Rotations RotationStore
	Values    SealedStore
	Keys      KeyringStore
	Clock     clock.Clock
	Log       *slog.Logger
	// Node is a name that no other process has.
	Node string
	// Host and Version tell people which server this is.
	Host, Version string
	// Grace is how long a rotation settles: nothing may hold a data key or a sealed
	// value in memory for longer.
	Grace time.Duration
	// Invalidate makes this node read data keys again.
	Invalidate func()
}

// Rotator follows the keyset file, and makes true what it says: once the file's
// primary key is not the one that seals the data keys, every merchant gets a new
// data key, every value is sealed anew, and the older data keys are destroyed.
// One node at a time does it, and another goes on if that one dies.
type Rotator struct {
	vault         *Vault
	file          KeysetFile
	rotations     RotationStore
	values        SealedStore
	keys          KeyringStore
	clock         clock.Clock
	log           *slog.Logger
	node          string
	host, version string
	grace         time.Duration
	invalidate    func()

	stamp   stamp     // of the file that was read last
	retry   time.Time // when a file that could not be used is read again
	checked time.Time // when KeyUses was last looked at
	told    time.Time // when the log was last told why nothing happens
	started time.Time // when it was made
}

// NewRotator returns a Rotator.
func NewRotator(o RotatorOptions) *Rotator {
	return &Rotator{
		vault: o.Vault, file: o.File, rotations: o.Rotations, values: o.Values, keys: o.Keys,
		clock: o.Clock, log: o.Log, node: o.Node, host: o.Host, version: o.Version,
		grace: o.Grace, invalidate: o.Invalidate, started: o.Clock.Now(),
	}
}

// Run works until ctx ends. A rotation that is under way then is taken on by
// another node, or by this one after its next start.
func (r *Rotator) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer func() {
		wg.Wait()
		r.leave(ctx)
	}()
	wg.Go(func() { r.every(ctx, nodeTick, "tell that this node lives", r.announce) })
	wg.Go(func() { r.every(ctx, rotatorTick, "read keyset file", r.follow) })
	r.every(ctx, rotatorTick, "rotate keys", r.Round)
}

// every does what is asked at once and then again and again.
func (r *Rotator) every(ctx context.Context, pause time.Duration, what string, do func(context.Context) error) {
	t := time.NewTicker(pause)
	defer t.Stop()
	for {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			r.log.LogAttrs(ctx, slog.LevelWarn, what, slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// announce tells the others which keys this node has. It is not torn when the node
// stops: a word that is committed after the node's last one would have it live on.
func (r *Rotator) announce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	return r.rotations.SaveNode(ctx, r.self(r.clock.Now()), nodeMemory)
}

func (r *Rotator) self(seen time.Time) Node {
	k := r.vault.Keyset()
	return Node{
		Name: r.node, PrimaryKey: k.PrimaryKeyID(), Keys: k.KeyIDs(),
		Host: r.host, Version: r.version, StartedAt: r.started, SeenAt: seen,
	}
}

// leave takes this node from those that live, so that nobody waits for it.
func (r *Rotator) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	_ = r.rotations.SaveNode(ctx, r.self(time.Time{}), nodeMemory) // otherwise it counts as alive for NodeLife
}

// stamp tells one state of a file from another.
type stamp struct {
	modified time.Time
	size     int64
	found    bool
}

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size(), true}
}

// follow reads the keyset file when it has changed, and once after the start. A
// file that cannot be used is read again after a while, because it may be the KMS
// that failed; the keyset in use stays meanwhile.
func (r *Rotator) follow(ctx context.Context) error {
	found, now := stampOf(r.file.Path), r.clock.Now()
	if !found.found || found == r.stamp && (r.retry.IsZero() || now.Before(r.retry)) {
		return nil
	}
	r.stamp, r.retry = found, now.Add(recheck)
	if err := r.reload(ctx); err != nil {
		return err
	}
	r.retry = time.Time{}
	return r.announce(ctx)
}

// reload uses the keyset of the file, if it opens every data key and is for the
// same use as the one before.
func (r *Rotator) reload(ctx context.Context) error {
	k, err := r.file.Load(ctx)
	if err != nil {
		return err
	}
	used := r.vault.Keyset()
	if k.Use() != used.Use() {
		return fmt.Errorf("keyset %s is for another use", r.file.Path)
	}
	if err := r.vault.CheckKeyset(ctx, r.keys, k); err != nil {
		return fmt.Errorf("keyset %s: %w", r.file.Path, err)
	}
	r.vault.UseKeyset(k)
	if !slices.Equal(k.KeyIDs(), used.KeyIDs()) || k.PrimaryKeyID() != used.PrimaryKeyID() {
		r.log.LogAttrs(ctx, slog.LevelInfo, "keyset read again", slog.Any("keys", k.KeyIDs()),
			slog.Any("primary", k.PrimaryKeyID()))
	}
	return nil
}

// CheckKeyset fails with ErrDataKey if there are data keys that the keyset does
// not open, and names the key that is missing.
func (v *Vault) CheckKeyset(ctx context.Context, s KeyringStore, k *Keyset) error {
	uses, err := s.KeyUses(ctx)
	if err != nil {
		return fmt.Errorf("look for keys in use: %w", err)
	}
	probe := &Vault{store: v.store}
	probe.keyset.Store(k)
	for _, u := range uses {
		if !k.Holds(u.KeyID) {
			return fmt.Errorf("%w: %d data keys are sealed under key %d and the keyset holds %d: this is another keyset, or one that was retired too early",
				ErrDataKey, u.DataKeys, u.KeyID, k.KeyIDs())
		}
		stored, err := v.store.DataKeys(ctx, u.Sample)
		if err != nil {
			return fmt.Errorf("read data keys: %w", err)
		}
		if _, err := probe.openRing(u.Sample, stored); err != nil {
			return fmt.Errorf("data keys of merchant %d: %w", u.Sample, err)
		}
	}
	return nil
}

// Round does what is to be done now, which may take long, or nothing. It returns
// when ctx ends, with its error, or when the rotation has to wait for something.
func (r *Rotator) Round(ctx context.Context) error {
	current, err := r.rotations.Rotation(ctx, r.clock.Now())
	if err != nil {
		return err
	}
	due, err := r.due(ctx, current)
	if err != nil || !due {
		return err
	}
	if current.Running() && current.Holder != r.node && current.Held {
		return nil
	}
	if ready, err := r.agreed(ctx); err != nil || !ready {
		return err
	}
	begun, now := current, r.clock.Now()
	if key := r.vault.Keyset().PrimaryKeyID(); !current.Running() || current.KeyID != key {
		begun = Rotation{KeyID: key, Phase: PhaseKeys, StartedAt: now}
	}
	// Whoever held it may have sealed something since it last said so.
	begun.QuietSince, begun.UpdatedAt = now, now
	begun.Holder = r.node
	err = r.rotations.HoldRotation(ctx, begun, now, holdFor)
	if fault.CodeOf(err) == fault.StaleVersion {
		return nil // another node was faster
	}
	if err != nil {
		return err
	}
	work := &run{Rotator: r, Rotation: begun, saved: now}
	err = work.all(ctx)
	if ctx.Err() != nil {
		work.handBack(ctx)
	}
	if errors.Is(err, errElsewhere) {
		return nil
	}
	return err
}

// due reports whether data keys are sealed under other keys than the primary one,
// or a rotation was left unfinished.
func (r *Rotator) due(ctx context.Context, current Rotation) (bool, error) {
	if current.Running() {
		return true, nil
	}
	key, now := r.vault.Keyset().PrimaryKeyID(), r.clock.Now()
	if current.KeyID == key && now.Sub(r.checked) < recheck {
		return false, nil
	}
	uses, err := r.keys.KeyUses(ctx)
	if err != nil {
		return false, err
	}
	r.checked = now
	return slices.ContainsFunc(uses, func(u KeyUse) bool { return u.KeyID != key }), nil
}

// agreed reports whether every living node seals under the same key as this one:
// one that could not open the new data keys would fail its merchants.
func (r *Rotator) agreed(ctx context.Context) (bool, error) {
	now, key := r.clock.Now(), r.vault.Keyset().PrimaryKeyID()
	nodes, err := r.rotations.Nodes(ctx, now, NodeLife)
	if err != nil {
		return false, err
	}
	for _, n := range nodes {
		if n.PrimaryKey == key || n.Name == r.node {
			continue
		}
		if now.Sub(r.told) >= recheck {
			r.told = now
			r.log.LogAttrs(ctx, slog.LevelWarn, "rotation waits for a node that has another primary key",
				slog.String("node", n.Name), slog.Any("its", n.PrimaryKey), slog.Any("ours", key))
		}
		return false, nil
	}
	return true, nil
}
