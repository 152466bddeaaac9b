// Package job is the outbox: work that must happen after a commit, queued in
// that same commit, leased by one node at a time, retried with growing pauses
// and set aside as dead when it never succeeds.
package job

import (
	"context"
	"time"

	"github.com/vezne/vezne/internal/id"
)

// Kind names a sort of work, "payment.captured" for instance.
type Kind string

// Job is one piece of work.
type Job struct {
	ID         id.Job
	MerchantID id.Merchant
	Kind       Kind
	// Subject orders jobs: those of one subject run one after the other.
	Subject string
	// Payload is JSON and holds ids and facts, never secrets or card data.
	Payload []byte
	RunAt   time.Time
	// Leases is how often a node took it, this time included. It grows also when a
	// node was lost with the job, and when the job was put off.
	Leases int
	// Failures is how often it failed. Too many end its life.
	Failures int
	// CreatedAt is when the commit that queued it was decided.
	CreatedAt time.Time
}

// Tx queues jobs in a write transaction.
type Tx interface {
	// Enqueue adds j, which nobody holds yet: its Leases and Failures are zero.
	Enqueue(j Job)
}

// Queue hands jobs to the nodes that run them. A leased job belongs to one node
// until its lease ends. A job that the node does not hold any more cannot be ended
// by it: that is fault.StaleVersion, and the job stays as it is.
type Queue interface {
	// Lease takes up to limit jobs of the kinds that are due at now and that nobody
	// holds, and leases them to the node for the duration given. When leases begin
	// and end is judged by one clock that all nodes share; now is that clock only
	// where one process has the queue for itself.
	Lease(ctx context.Context, kinds []Kind, node string, now time.Time, lease time.Duration, limit int) ([]Job, error)
	// Finish ends a job that succeeded, if the node still holds it.
	Finish(ctx context.Context, j Job, node string, at time.Time) error
	// Retry gives a job that is not done back, with the Failures that it has now, to
	// run at the time given. cause is why it failed, empty if it did not.
	Retry(ctx context.Context, j Job, node string, at time.Time, cause string) error
	// Bury sets a job that failed too often aside, with the Failures that it has.
	Bury(ctx context.Context, j Job, node string, at time.Time, cause string) error
}
