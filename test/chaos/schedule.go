package chaos

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// schedule decides by the seed alone what a client does next, or when something
// goes wrong next and how. Each turn gets a generator of its own: what is drawn in
// it, and so how often a request had to be repeated, changes no later turn.
type schedule struct{ rng *rand.Rand }

// The streams of a seed: clients count from 0, what the shop does with events has
// one, and disturbances count from the last.
const (
	shopStream         = 900
	disturbancesStream = 1000
)

func newSchedule(seed, stream uint64) schedule {
	return schedule{rng: rand.New(rand.NewPCG(seed, stream))}
}

// flow returns what a client does next, its generator, and the pause after it.
func (s schedule) flow(all []Flow, think time.Duration) (Flow, *rand.Rand, time.Duration) {
	return pick(all, s.rng), fork(s.rng), between(s.rng, 0, 2*think)
}

// disturbance returns the pause before a disturbance, and its generator.
func (s schedule) disturbance(d Disturbance, run time.Duration) (time.Duration, *rand.Rand) {
	from, to := d.Pause(run)
	return between(s.rng, from, to), fork(s.rng)
}

// Plan returns what a run with these options does first, by its seed: the first n
// flows of each client and the first n turns of each disturbance, a line each. A
// disturbance that does not suit the world is left out of the run, not of the plan.
func Plan(o Options, n int) []string {
	o = o.WithDefaults()
	var lines []string
	for client := range o.Clients {
		s := newSchedule(o.Seed, uint64(client))
		for range n {
			f, rng, pause := s.flow(flows(), o.Think)
			lines = append(lines, fmt.Sprintf("client %d: %s with %x, then %s of pause", client, f.Name(), rng.Uint64(), pause))
		}
	}
	for i, d := range disturbances() {
		s := newSchedule(o.Seed, uint64(disturbancesStream+i))
		for range n {
			pause, rng := s.disturbance(d, o.Duration)
			lines = append(lines, fmt.Sprintf("%s with %x, after %s", d.Name(), rng.Uint64(), pause))
		}
	}
	return lines
}
