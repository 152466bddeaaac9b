package webhook

import (
	"context"
	"time"

	"github.com/vezne/vezne/internal/id"
)

// Signature lets tests sign what nobody sends.
var Signature = signature

// Lanes are those of one node, for tests of their own.
type Lanes struct{ *lanes }

// NewLanes returns empty lanes.
func NewLanes() Lanes { return Lanes{newLanes()} }

// Enter and Leave are what a delivery calls before and after an attempt.
func (l Lanes) Enter(ctx context.Context, e id.Endpoint, now time.Time) (time.Time, bool) {
	return l.enter(ctx, e, now)
}

func (l Lanes) Leave(e id.Endpoint, now time.Time, took time.Duration, failed bool) {
	l.leave(e, now, took, failed)
}
