package storage

import (
	"fmt"

	"github.com/vezne/vezne/internal/fault"
)

// Statement is one writing statement of a Batch, in the SQL that both engines
// understand, with parameters $1, $2, ...
type Statement struct {
	SQL string
	// Args are int64, string, []byte, bool or nil.
	Args []any
	// Rows is how many rows the statement must change; zero means any number. A
	// statement that counts may not have a RETURNING clause.
	Rows int64
	// Missed is the conflict that another number of rows means.
	Missed fault.Code
	// Duplicate is the conflict that a violated unique rule means;
	// fault.DuplicateKey if empty.
	Duplicate fault.Code
}

// Batch is a write transaction as a value: its statements are executed in order,
// all or none.
type Batch []Statement

const conflictMessage = "the record was changed by another request"

// missed is the conflict of a statement that changed another number of rows.
func (s *Statement) missed(cause error) error {
	code := s.Missed
	if code == "" {
		code = fault.StaleVersion
	}
	return fault.Wrap(fault.Conflict, code, conflictMessage, cause)
}

// duplicate is the conflict of a statement that broke a unique rule.
func (s *Statement) duplicate(cause error) error {
	code := s.Duplicate
	if code == "" {
		code = fault.DuplicateKey
	}
	return fault.Wrap(fault.Conflict, code, conflictMessage, cause)
}

// errRows is the cause of a missed row count.
type errRows struct{ want, got int64 }

func (e errRows) Error() string { return fmt.Sprintf("%d rows changed, want %d", e.got, e.want) }
