package storage

import (
	"sync/atomic"
	"time"
)

// Stats counts what the writers have done since the database was opened.
type Stats struct {
	// Groups and Commits count groups and the callers in them; their quotient is
	// the mean group size.
	Groups  int64
	Commits int64
	// Largest is the most callers that ever shared a group.
	Largest int64
	// Waiting is how many commits are in the queue right now.
	Waiting int
	// Statements is how many prepared statements are kept for a SQLite file; over
	// PostgreSQL every connection keeps its own, of the same bound.
	Statements int
	// Busy is the time that groups took, summed over the writers.
	Busy time.Duration
}

// Pool is what the pool of reading connections does.
type Pool struct {
	// Limit is how many connections there may be, Used and Idle how many there are.
	Limit, Used, Idle int
	// Waits counts the queries that had to wait for a connection, and Waited is
	// for how long, since the database was opened.
	Waits  int64
	Waited time.Duration
}

type stats struct {
	groups, commits, largest, busy atomic.Int64
}

func (s *stats) add(g Group) {
	s.groups.Add(1)
	s.commits.Add(int64(g.Commits))
	s.busy.Add(int64(g.Took))
	for {
		old := s.largest.Load()
		if int64(g.Commits) <= old || s.largest.CompareAndSwap(old, int64(g.Commits)) {
			return
		}
	}
}

func (s *stats) read() Stats {
	return Stats{
		Groups:  s.groups.Load(),
		Commits: s.commits.Load(),
		Largest: s.largest.Load(),
		Busy:    time.Duration(s.busy.Load()),
	}
}
