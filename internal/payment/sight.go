package payment

import (
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

// sight is when an operation was seen first, and when first at its version.
type sight struct {
	first, since time.Duration
	version      int
}

// keep notes the operations that are unresolved now and forgets all others.
func (s *sights) keep(operations []Operation, elapsed time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = make(map[id.Operation]sight)
	}
	known := make(map[id.Operation]bool, len(operations))
	for _, o := range operations {
		known[o.ID] = true
		one, seen := s.all[o.ID]
		if !seen {
			one.first = elapsed
		}
		if !seen || one.version != o.Version {
			one.version, one.since = o.Version, elapsed
		}
		s.all[o.ID] = one
	}
	for o := range s.all {
		if !known[o] {
			delete(s.all, o)
		}
	}
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
