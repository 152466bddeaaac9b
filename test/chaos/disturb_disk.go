package chaos

import (
	"context"
	"math/rand/v2"
	"time"
)

// fillDisk leaves no space on the disk of the SQLite file.
type fillDisk struct{}

func (fillDisk) Name() string        { return "disk full" }
func (fillDisk) Suits(w *World) bool { return w.disk != nil && w.disk.mounted }
func (fillDisk) Pause(time.Duration) (time.Duration, time.Duration) {
	return 3 * time.Second, 8 * time.Second
}

func (fillDisk) Act(ctx context.Context, w *World, rng *rand.Rand) error {
	if err := w.disk.fill(); err != nil {
		return err
	}
	wait(ctx, between(rng, 200*time.Millisecond, 2*time.Second))
	return w.disk.free()
}
