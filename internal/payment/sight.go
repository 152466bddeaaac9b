package payment

import (
	"maps"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/id"
)

// sights are what a resolver knows of unresolved operations from its own watching.
// It measures by elapsed time, because the clocks that dated the operations may
// differ from this node's, and may have been set meanwhile.
type sights struct {
	mu  sync.Mutex
	all map[id.Operation]sight
}

// sightMemory is how long an operation is remembered that is not among those that
// are looked at while there are more than are looked at in one round.
const sightMemory = 30 * time.Minute

// sight is when an operation was seen first, when first at its version, and when
// last.
type sight struct {
	first, since, last time.Duration
	version            int
}

// keep notes operations that are unresolved now and forgets the others: at once if
// these are all that there are, or else when they have not been seen for long.
func (s *sights) keep(operations []Operation, all bool, elapsed time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = make(map[id.Operation]sight)
	}
	for _, o := range operations {
		one, seen := s.all[o.ID]
		if !seen {
			one.first = elapsed
		}
		if !seen || one.version != o.Version {
			one.version, one.since = o.Version, elapsed
		}
		one.last = elapsed
		s.all[o.ID] = one
	}
	memory := sightMemory
	if all {
		memory = 0
	}
	maps.DeleteFunc(s.all, func(_ id.Operation, one sight) bool { return elapsed-one.last > memory })
}

// of returns what is known of an operation.
func (s *sights) of(o Operation, elapsed time.Duration) sight {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one, seen := s.all[o.ID]; seen {
		return one
	}
	return sight{first: elapsed, since: elapsed, version: o.Version}
}

// overdue reports whether an operation that nobody has touched for as long as its
// pause can be is due, whatever its NextInquiry says.
func (s sight) overdue(o Operation, now time.Time, elapsed time.Duration) bool {
	pause := maxInquiryPause
	switch {
	case o.Status == OperationOpen && o.Inquiries == 0:
		pause = o.NextInquiry.Sub(o.StartedAt) // both by one clock
	case now.Sub(o.StartedAt) > rareInquiryAge:
		pause = rareInquiryPause
	}
	return elapsed-s.since >= pause
}
