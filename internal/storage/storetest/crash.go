package storetest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
)

// childVariable makes a test binary the child of a crash test: it commits to the
// database that the variable names until it is killed.
const childVariable = "VEZNE_STORETEST_CHILD"

const childCallers = 16

// acknowledgement is what the child says after a commit that succeeded: the
// payment and the version that it now has.
const acknowledgement = "committed %d at version %d\n"

func acknowledge(n id.Payment, version int) {
	fmt.Fprintf(os.Stdout, acknowledgement, n, version)
}

// runChild takes payments for ever, from many callers. Each acknowledgement is
// one write, so that a kill cannot tear it.
func runChild(dsn string) int {
	db, err := storage.Open(context.Background(), dsn, storage.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	s := NewStores(db)
	ids := id.NewGenerator(s.IDs)
	var all sync.WaitGroup
	for range childCallers {
		all.Go(func() {
			for {
				if err := take(context.Background(), s, ids, acknowledge); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
			}
		})
	}
	all.Wait()
	return 0
}

// Taker returns a function that takes a payment as the domain does, in two
// commits: before the bank is asked, and after it approved.
func Taker(s Stores) func(context.Context) error {
	ids := id.NewGenerator(s.IDs)
	return func(ctx context.Context) error {
		return take(ctx, s, ids, func(id.Payment, int) {})
	}
}

func take(ctx context.Context, s Stores, ids *id.Generator, committed func(n id.Payment, version int)) error {
	n, err := id.Next[id.Payment](ctx, ids, id.NounPayment)
	if err != nil {
		return err
	}
	p := samplePayment(int64(n))
	p.Items = p.Items[:1]
	o := sampleOperation(p)
	if err := s.Payments.InTx(ctx, func(tx payment.Tx) { begin(tx, p, o) }); err != nil {
		return err
	}
	committed(n, 0)
	p, o = captured(p, o)
	if err := s.Payments.InTx(ctx, func(tx payment.Tx) { conclude(tx, p, o) }); err != nil {
		return err
	}
	committed(n, 1)
	return nil
}

// Crash kills a process during its commits, several times, and checks what is
// left: everything that it acknowledged is there, and nothing is half-written.
func Crash(t *testing.T, dsn string) {
	t.Helper()
	acknowledged := map[id.Payment]int{}
	for _, after := range []int{1, 100, 1000} {
		killChild(t, dsn, after, acknowledged)
	}
	s := NewStores(OpenWith(t, dsn, storage.Options{}))
	for n, version := range acknowledged {
		p, err := s.Payments.PaymentByID(t.Context(), mine, n)
		if err != nil || p.Version < version {
			t.Errorf("payment %d was acknowledged at version %d and is at %d: %v", n, version, p.Version, err)
		}
	}
	stored := 0
	for f := (payment.Filter{Limit: 100}); ; {
		page, next, err := s.Payments.Payments(t.Context(), mine, f)
		must(t, "list", err)
		for _, p := range page {
			whole(t, s, p)
		}
		stored += len(page)
		if next == "" {
			break
		}
		f.Cursor = next
	}
	if stored < len(acknowledged) || len(acknowledged) < 500 {
		t.Errorf("%d payments stored, %d acknowledged", stored, len(acknowledged))
	}
}

// whole checks that a payment has everything that was committed with its version.
func whole(t *testing.T, s Stores, p payment.Payment) {
	t.Helper()
	operations, err := s.Payments.Operations(t.Context(), mine, p.ID)
	must(t, "operations", err)
	postings, err := s.Payments.Postings(t.Context(), mine, p.ID)
	must(t, "postings", err)
	_, err = s.Payments.ClaimedKey(t.Context(), mine, idempotency.Own(p.UUID.String()).Value)
	must(t, "claimed key", err)
	if len(p.Items) != 1 || len(operations) != 1 || operations[0].Version != p.Version || len(postings) != p.Version {
		t.Errorf("payment %d at version %d has %d items, %d postings, operations %v",
			p.ID, p.Version, len(p.Items), len(postings), operations)
	}
	for _, posting := range postings {
		must(t, "posting", posting.Check())
	}
}

// killChild runs a child until it has acknowledged so many commits, kills it,
// and notes the versions that it acknowledged.
func killChild(t *testing.T, dsn string, after int, acknowledged map[id.Payment]int) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // this very binary
	child.Env = append(os.Environ(), childVariable+"="+dsn)
	var complaints strings.Builder
	child.Stderr = &complaints
	said, err := child.StdoutPipe()
	must(t, "pipe", err)
	must(t, "start child", child.Start())
	lines, heard := bufio.NewScanner(said), 0
	for lines.Scan() {
		var n, version int
		if _, err := fmt.Sscanf(lines.Text()+"\n", acknowledgement, &n, &version); err != nil {
			t.Fatalf("child said %q", lines.Text())
		}
		acknowledged[id.Payment(n)] = max(version, acknowledged[id.Payment(n)])
		if heard++; heard == after {
			must(t, "kill", child.Process.Kill())
		}
	}
	_ = child.Wait() // it was killed
	if heard < after {
		t.Fatalf("child ended by itself: %s", complaints.String())
	}
}
