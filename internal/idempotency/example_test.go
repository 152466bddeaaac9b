package idempotency_test

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
)

// kindTransfer is the kind of keys that lead to transfers.
const kindTransfer idempotency.Kind = "transfer"

// transfer is a new noun: money from one wallet to another.
type transfer struct {
	number int64
	status string // as it was first answered
}

// transfers carries transfers out. Its store would be one of sqlstore, and claims
// be idempotency.NewClaims(kindTransfer, store, clock).
type transfers struct {
	claims idempotency.Claims
	next   int64
	commit func(fn func(idempotency.Tx)) error
}

// send makes a transfer, once for each key.
func (s *transfers) send(ctx context.Context, m id.Merchant, key idempotency.Key) (transfer, error) {
	if first, replayed, err := idempotency.Replay(ctx, s.claims, m, key, s.first); replayed || err != nil {
		return first, err
	}
	s.next++
	made := transfer{number: s.next, status: "sent"}
	err := s.commit(func(tx idempotency.Tx) {
		// What the transfer stores is queued here too; the domain's Tx embeds idempotency.Tx.
		s.claims.Claim(tx, m, key, idempotency.Subject{Number: made.number, Result: made.status})
	})
	if fault.CodeOf(err) == fault.IdempotencyKeyTaken {
		return idempotency.ReplayTaken(ctx, s.claims, m, key, s.first)
	}
	return made, err
}

// first loads what a claim leads to. A noun whose command is not over yet returns
// idempotency.InProgress.
func (*transfers) first(_ context.Context, s idempotency.Subject) (transfer, error) {
	return transfer{number: s.Number, status: s.Result}, nil
}

// A new noun declares its kind, claims in its own commit, and loads its own answer.
func ExampleReplay() {
	store := &shelf{}
	s := &transfers{
		claims: idempotency.NewClaims(kindTransfer, store, clock.NewManual(epoch)),
		commit: func(fn func(idempotency.Tx)) error { fn(store); return nil },
	}
	for _, name := range []string{"monday", "monday", "tuesday"} {
		fmt.Println(s.send(context.Background(), 1, idempotency.Own(name)))
	}
	// Output:
	// {1 sent} <nil>
	// {1 sent} <nil>
	// {2 sent} <nil>
}
