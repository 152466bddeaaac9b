package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/vezne/vezne/internal/clock"
)

const (
	// clockEvery is how often a node's clock is held against the database's, and
	// clockLimit how long that may take.
	clockEvery = 10 * time.Second
	clockLimit = 2 * time.Second
	// clockTolerance is how far they may be apart without a warning: leases and
	// windows are made in seconds and minutes.
	clockTolerance = time.Second
)

// databaseClock tells what time the database has. The zero time means that it has
// no clock of its own.
type databaseClock interface {
	Now(ctx context.Context) (time.Time, error)
}

// clockCheck holds this node's clock against that of the database, which all
// nodes share. It is used by one goroutine.
type clockCheck struct {
	database databaseClock
	clock    clock.Clock
	log      *slog.Logger
	// observe, if set, is told how far this node's clock is ahead.
	observe func(time.Duration)
	wrong   bool
}

// Run checks at once and then every ten seconds until ctx ends.
func (c *clockCheck) Run(ctx context.Context) {
	tick := time.NewTicker(clockEvery)
	defer tick.Stop()
	for {
		if err := c.check(ctx); err != nil && ctx.Err() == nil {
			c.log.LogAttrs(ctx, slog.LevelWarn, "check clock", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// check measures once. A warning is written when the clock goes wrong and when it
// is right again, not each time.
func (c *clockCheck) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, clockLimit)
	defer cancel()
	before := c.clock.Now()
	database, err := c.database.Now(ctx)
	if err != nil {
		return fmt.Errorf("read the database's time: %w", err)
	}
	if database.IsZero() {
		return nil
	}
	after := c.clock.Now()
	ahead := aheadOf(database, before, after)
	if c.observe != nil {
		c.observe(ahead)
	}
	wrong := ahead.Abs() > clockTolerance
	switch {
	case wrong && !c.wrong:
		c.log.LogAttrs(ctx, slog.LevelError, "this node's clock and the database's disagree", slog.Duration("ahead", ahead))
	case !wrong && c.wrong:
		c.log.LogAttrs(ctx, slog.LevelInfo, "this node's clock agrees with the database's again",
			slog.Duration("ahead", ahead))
	}
	c.wrong = wrong
	return nil
}

// aheadOf is how far a clock that showed before and after around the reading of
// another one is ahead of it at least; 0 if the reading lies between.
func aheadOf(other, before, after time.Time) time.Duration {
	switch {
	case other.Before(before):
		return before.Sub(other)
	case other.After(after):
		return after.Sub(other)
	}
	return 0
}
