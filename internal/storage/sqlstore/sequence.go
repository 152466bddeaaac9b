package sqlstore

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/storage"
)

// Ids begin at 1000: the numbers below are for fixtures, which choose their own
// (fixture.MaxID).
const reserveIDs = `INSERT INTO sequence (noun, next_id) VALUES ($1, 1000 + CAST($2 AS BIGINT))
	ON CONFLICT (noun) DO UPDATE SET next_id = sequence.next_id + CAST($2 AS BIGINT)
	RETURNING next_id - CAST($2 AS BIGINT)`

// Sequences hands out blocks of numeric ids. It implements id.Reserver.
type Sequences struct{ db *storage.DB }

var _ id.Reserver = (*Sequences)(nil)

// NewSequences returns the id sequences of db.
func NewSequences(db *storage.DB) *Sequences { return &Sequences{db: db} }

// Reserve implements id.Reserver. The first id of a noun is 1000.
func (q *Sequences) Reserve(ctx context.Context, noun id.Noun, n int) (int64, error) {
	taken := make(chan int64, 1) // the row may come after ctx has ended this call
	err := q.db.Mutate(ctx, reserveIDs, []any{string(noun), int64(n)}, func(s storage.Scanner) error {
		var first int64
		if err := s.Scan(&first); err != nil {
			return fmt.Errorf("read row: %w", err)
		}
		taken <- first
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("reserve ids: %w", err)
	}
	return <-taken, nil
}
