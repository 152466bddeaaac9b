// Package chaos proves that no payment is lost or doubled, whatever breaks. It
// runs the bank simulator, one or two servers, their database and their Redis as
// processes of their own, lets many clients pay, capture, void and refund over HTTP, and
// meanwhile kills, cuts, freezes and fills whatever it can. Then it lets
// everything come to rest and holds what Vezne believes against the bank's own
// ledger, against every answer that a client ever got, and against the books.
//
// A kind of payment is one Flow, a kind of trouble one Disturbance: each is a
// small file that adds itself to a list here.
package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/storage"
)

// askingAgain is how long a client may take, on a busy machine, to hear what is known.
// A server that was killed is not waited for by itself: what it left open may be in
// the hands of one that is only slow, and is taken up when no command may run that
// long any more, 55 seconds after it began. So little is left of the minute.
const askingAgain = 10 * time.Second

// Options say what is run and for how long.
type Options struct {
	Engine storage.Engine
	// Binary is the vezne binary, Fixtures the demo data that it serves.
	Binary   string
	Fixtures string
	// Duration is how long clients and disturbances run; Quiet is how long
	// everything may take afterwards to reach a final state.
	Duration time.Duration
	Quiet    time.Duration
	// Clients is how many clients ask at once, Think the mean pause of each
	// between two flows.
	Clients int
	Think   time.Duration
	// Seed decides what clients ask and when what breaks; Plan shows it.
	Seed uint64
	// Servers is how many share the database; more than one needs PostgreSQL.
	Servers int
	// Hurry does not wait for what is unfinished and does not call it wrong: for a
	// Vezne that was broken on purpose and may never finish.
	Hurry bool
	// Keep leaves the directory of a run behind, for whoever has to find out.
	Keep bool
	// Log takes what happens, line by line.
	Log io.Writer
}

// WithDefaults fills in what was left out.
func (o Options) WithDefaults() Options {
	if o.Clients == 0 {
		o.Clients = 32
	}
	if o.Think == 0 {
		o.Think = 60 * time.Millisecond
	}
	if o.Quiet == 0 {
		o.Quiet = time.Minute
	}
	if o.Servers == 0 {
		o.Servers = 1
		if o.Engine == storage.PostgreSQL {
			o.Servers = 2
		}
	}
	return o
}

// flows are everything that clients do.
func flows() []Flow {
	return []Flow{sale{}, hold{}, undo{}, giveBack{}, decline{}, doubleClick{}, rivals{}, look{}, secure{}, hosted{}}
}

// disturbances are everything that can go wrong.
func disturbances() []Disturbance {
	return []Disturbance{killServer{}, bankFaults{}, killBank{}, cutDatabase{}, restartDatabase{}, fillDisk{}, stepClock{}, killRedis{}}
}

// Run runs everything once. An error means that the run itself could not be made;
// what it found wrong with Vezne is in the report.
func Run(ctx context.Context, o Options) (report *Report, err error) {
	o = o.WithDefaults()
	w, err := newWorld(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("build the world: %w", err)
	}
	defer func() { err = errors.Join(err, w.close()) }()
	run := time.Now()
	w.disturbThe(ctx, w.load(ctx))
	w.say("faults end after %s", time.Since(run).Round(time.Second))
	if err := w.heal(ctx); err != nil {
		return nil, fmt.Errorf("heal the world: %w", err)
	}
	quiet := time.Now()
	w.awaitClients(ctx, o.Quiet+askingAgain)
	findings := w.reconcile(ctx, quiet)
	w.tally.quiet = time.Since(quiet)
	if !o.Hurry {
		w.letTimePass(ctx, findings)
	}
	findings.checkAnswers(&w.book)
	w.stopAll(ctx, findings)
	w.verifyLedger(ctx, findings)
	w.readLogs(findings)
	w.checkBroken(findings)
	w.searchLeaks(ctx, findings)
	return w.report(findings), nil
}

// load starts the clients and returns a context that ends with the load.
func (w *World) load(ctx context.Context) context.Context {
	loading, stop := context.WithTimeout(ctx, w.options.Duration)
	asking, cancel := context.WithCancel(ctx)
	w.cancelClients = func() { stop(); cancel() }
	for n := range w.options.Clients {
		c := newClient(w, n)
		w.clients.Go(func() { c.run(loading, asking) })
	}
	return loading
}

// disturbThe world until the load ends; every disturbance has put things right
// again when it returns.
func (w *World) disturbThe(ctx, loading context.Context) {
	var running sync.WaitGroup
	for i, d := range disturbances() {
		if !d.Suits(w) {
			continue
		}
		s := newSchedule(w.options.Seed, uint64(disturbancesStream+i))
		running.Go(func() { w.repeat(ctx, loading, d, s) })
	}
	<-loading.Done()
	running.Wait()
}

func (w *World) repeat(ctx, loading context.Context, d Disturbance, s schedule) {
	for {
		pause, rng := s.disturbance(d, w.options.Duration)
		if !wait(loading, pause) {
			return
		}
		w.tally.disturbed(d.Name())
		if err := d.Act(ctx, w, rng); err != nil {
			w.fail("disturbance %s: %v", d.Name(), err)
			return
		}
	}
}

// awaitClients lets every client have its last answer.
func (w *World) awaitClients(ctx context.Context, limit time.Duration) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.clients.Wait()
	}()
	select {
	case <-done:
		w.say("every client has its answer")
	case <-time.After(limit):
		w.say("clients still wait for an answer")
	case <-ctx.Done():
	}
	w.cancelClients()
	<-done
}

// between draws a duration.
func between(rng *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(rng.Int64N(int64(to-from)+1))
}

// wait waits, and reports whether the context still runs afterwards.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
