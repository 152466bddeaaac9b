package operation

import (
	"maps"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
)

// observations are what a resolver knows of unresolved operations from its own
// watching. It measures by elapsed time, because the clocks that dated the operations may
// differ from this node's, and may have been set meanwhile.
type observations struct {
	mu  sync.Mutex
	all map[id.Operation]observation
}

// observationMemory is how long an operation is remembered that is not among those
// that are looked at while there are more than are looked at in one round.
const observationMemory = 30 * time.Minute

// observation is when an operation was seen first, when first at its version, and
// when last.
type observation struct {
	firstSeen, unchangedSince, lastSeen time.Duration
	version                             int
}

// keep notes operations that are unresolved now and forgets the others: at once if
// these are all that there are, or else when they have not been seen for long.
func (s *observations) keep(operations []payment.Operation, all bool, elapsed time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = make(map[id.Operation]observation)
	}
	for _, o := range operations {
		one, seen := s.all[o.ID]
		if !seen {
			one.firstSeen = elapsed
		}
		if !seen || one.version != o.Version {
			one.version, one.unchangedSince = o.Version, elapsed
		}
		one.lastSeen = elapsed
		s.all[o.ID] = one
	}
	memory := observationMemory
	if all {
		memory = 0
	}
	maps.DeleteFunc(s.all, func(_ id.Operation, one observation) bool { return elapsed-one.lastSeen > memory })
}

// of returns what is known of an operation.
func (s *observations) of(o payment.Operation, elapsed time.Duration) observation {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one, seen := s.all[o.ID]; seen {
		return one
	}
	return observation{firstSeen: elapsed, unchangedSince: elapsed, version: o.Version}
}

// overdue reports whether an operation that nobody has touched for as long as its
// pause can be is due, whatever its NextInquiry says.
func (s observation) overdue(o payment.Operation, now time.Time, elapsed time.Duration) bool {
	pause := maxInquiryPause
	switch {
	case o.Status == payment.OperationOpen && o.Inquiries == 0:
		pause = o.NextInquiry.Sub(o.StartedAt) // both by one clock
	case now.Sub(o.StartedAt) > rareInquiryAge:
		pause = rareInquiryPause
	}
	return elapsed-s.unchangedSince >= pause
}
