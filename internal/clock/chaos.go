//go:build chaosclock

package clock

import (
	"sync/atomic"
	"time"
)

var wrong atomic.Int64

// SetWrong lets System be off by d from now on, as if somebody had set the
// machine's clock. It exists in binaries of test/chaos only.
func SetWrong(d time.Duration) { wrong.Store(int64(d)) }

// machine reads a clock that is off. What Elapsed counts is right all the same.
func machine() time.Time { return time.Now().Add(time.Duration(wrong.Load())) }
