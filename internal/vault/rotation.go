package vault

import (
	"context"
	"time"

	"github.com/vezne/vezne/internal/id"
)

// Phase says what a rotation is doing.
type Phase string

// The phases, in their order.
const (
	// PhaseKeys makes a new data key for every merchant.
	PhaseKeys Phase = "keys"
	// PhaseSealing seals every value anew that older data keys sealed.
	PhaseSealing Phase = "sealing"
	// PhaseSettling waits until no request can be running that knows older keys or
	// values.
	PhaseSettling Phase = "settling"
	// PhaseChecking looks at every value once more. If one was sealed under an older
	// key meanwhile it is sealed anew, and the rotation settles again.
	PhaseChecking Phase = "checking"
	// PhaseDone is a rotation at whose end the older data keys were destroyed.
	PhaseDone Phase = "done"
)

// Place is how far a rotation has come: the last row that it looked at.
type Place struct {
	Column string // empty before the first
	Row    Row
}

// Row names a row that has a sealed value.
type Row struct {
	MerchantID id.Merchant
	ID         int64
}

// Rotation is the last rotation and its progress. The zero Rotation means that
// there never was one.
type Rotation struct {
	// KeyID is the keyset's key to which everything is rotated.
	KeyID uint32
	Phase Phase
	Place Place
	// Total is how many sealed values there were at the start; Checked is how many
	// the present phase has looked at, Resealed how many were sealed anew, and
	// Unreadable how many nothing could open. Such values keep the older data keys
	// alive.
	Total, Checked, Resealed, Unreadable int64
	// QuietSince is when a key was last added or a value sealed anew.
	QuietSince                       time.Time
	StartedAt, UpdatedAt, FinishedAt time.Time
	// Holder is the node that works on it, or that did so last.
	Holder string
	// Held says that the Holder's hold had not ended when this was read.
	Held bool
}

// Running reports whether the rotation has begun and not ended.
func (r Rotation) Running() bool { return r.Phase != "" && r.Phase != PhaseDone }

// KeyUse is how many data keys, fingerprint keys included, are sealed under one
// key of the keyset.
type KeyUse struct {
	KeyID    uint32
	DataKeys int64
	// Sample is one merchant that has such a key.
	Sample id.Merchant
}

// Node is a running server and the keyset that it has read.
type Node struct {
	Name       string
	PrimaryKey uint32
	Keys       []uint32
	// Host, Version and StartedAt say to people which server it is. They are empty
	// for a binary from before they were stored.
	Host, Version string
	StartedAt     time.Time
	SeenAt        time.Time // zero for a node that is gone
}

// SealedColumn is one column of the schema that holds sealed values.
type SealedColumn struct {
	// Name is the table's and the column's, with a dot between.
	Name    string
	Purpose Purpose
}

// Subject returns what a value of the column is sealed for.
func (c SealedColumn) Subject(v SealedValue) Subject {
	return Subject{MerchantID: v.MerchantID, Purpose: c.Purpose, ID: v.ID, Bound: v.Bound}
}

// SealedValue is a value of such a column; it is empty where there is none.
type SealedValue struct {
	Row
	// Bound is what else the value is sealed for (Subject.Bound).
	Bound  string
	Sealed []byte
}

// Resealed is a value with the one that shall take its place.
type Resealed struct {
	Row
	Old, New []byte
}

// RotationStore keeps the progress of rotations and what nodes have read. Every
// write of a Rotation is a compare-and-set on its holder. What has ended is judged
// by one clock that all nodes share; the now that is given is that clock only where
// one process has the store for itself.
type RotationStore interface {
	// Rotation returns the last rotation.
	Rotation(ctx context.Context, now time.Time) (Rotation, error)
	// HoldRotation stores r for its Holder and as long as given, if nobody else
	// holds the last rotation; otherwise it is fault.StaleVersion.
	HoldRotation(ctx context.Context, r Rotation, now time.Time, hold time.Duration) error
	// SaveRotation stores r for as long as given if its Holder is still the last who
	// held it, otherwise it is fault.StaleVersion.
	SaveRotation(ctx context.Context, r Rotation, now time.Time, hold time.Duration) error
	// SaveNode remembers a node as seen, or as gone if its SeenAt is zero, and
	// forgets those that were last seen longer ago than given.
	SaveNode(ctx context.Context, n Node, memory time.Duration) error
	// Nodes returns the nodes seen within the time given, by name.
	Nodes(ctx context.Context, now time.Time, within time.Duration) ([]Node, error)
}

// SealedStore reads and replaces sealed values.
type SealedStore interface {
	// SealedColumns returns all columns that hold values sealed under data keys.
	SealedColumns() []SealedColumn
	// CountSealed returns how many rows a column has.
	CountSealed(ctx context.Context, column string) (int64, error)
	// SealedValues returns up to limit rows of a column after the one given, in the
	// order of merchant and id.
	SealedValues(ctx context.Context, column string, after Row, limit int) ([]SealedValue, error)
	// ReplaceSealed puts each New where Old still stands, in one commit. A value
	// that is another one by now stays.
	ReplaceSealed(ctx context.Context, column string, values []Resealed) error
}

// KeyringStore adds and removes data keys.
type KeyringStore interface {
	// KeyUses returns how the keyset's keys are used, by number.
	KeyUses(ctx context.Context) ([]KeyUse, error)
	// Keyed returns up to limit merchants that have data keys, by id, after the one
	// given.
	Keyed(ctx context.Context, after id.Merchant, limit int) ([]id.Merchant, error)
	// AddDataKeys adds keys in one commit and tells all nodes to read data keys
	// again; a number that exists is fault.DuplicateKey.
	AddDataKeys(ctx context.Context, keys []DataKey) error
	// RetireDataKeys removes a merchant's data keys below fresh.Number and stores
	// the fingerprint key, if r's Holder still holds the rotation; otherwise it is
	// fault.StaleVersion. All nodes are told to read data keys again.
	RetireDataKeys(ctx context.Context, r Rotation, fresh DataKey, fingerprint DataKey) error
}
