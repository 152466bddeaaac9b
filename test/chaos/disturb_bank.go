package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// bankFaults lets the bank misbehave in ways and at rates that change.
type bankFaults struct{}

func (bankFaults) Name() string        { return "fault plan at the bank" }
func (bankFaults) Suits(w *World) bool { return true }
func (bankFaults) Pause(time.Duration) (time.Duration, time.Duration) {
	return 100 * time.Millisecond, time.Second
}

// bankKinds are all kinds of fault.
var bankKinds = []string{
	"timeout_after_approve", "reset_before_read", "reset_after_approve", "slow", "http_500", "garbage", "duplicate_callback",
}

func (bankFaults) Act(ctx context.Context, w *World, rng *rand.Rand) error {
	var kinds []string
	for _, k := range bankKinds {
		if rng.IntN(2) == 0 {
			kinds = append(kinds, `"`+k+`"`)
			w.tally.turnedOut("fault plans with " + k)
		}
	}
	if len(kinds) == 0 {
		kinds = []string{`"reset_after_approve"`}
	}
	// Up to twice the time-out of a POS, and below what makes the bank's "no such
	// request" believable.
	slow := 100 + rng.IntN(5000)
	plan := fmt.Sprintf(`{"rate":%.2f,"kinds":[%s],"slow_ms":%d,"seed":%d,"inquiries":%t}`,
		0.02+0.25*rng.Float64(), strings.Join(kinds, ","), slow, rng.Uint32(), rng.IntN(3) == 0)
	// The bank may be dead at the moment; then nothing goes wrong but that.
	_ = w.simulator(ctx, http.MethodPut, "_faults", plan, nil)
	wait(ctx, between(rng, time.Second, 3*time.Second))
	_ = w.simulator(ctx, http.MethodDelete, "_faults", "", nil) // heal makes sure of it
	return nil
}
