package chaos

import (
	"context"
	"maps"
	"slices"
	"time"
)

// A request that reached the bank after all is asked about again a minute after it
// was made; lateLimit is how long it may take then to be undone.
const (
	lateCheck = time.Minute
	lateLimit = 20 * time.Second
)

// reconcile reads everything, and again what is not right yet, until nothing is
// wrong or the time is over. The last request of a client was made just before.
func (w *World) reconcile(ctx context.Context, quiet time.Time) *findings {
	deadline := quiet.Add(w.options.Quiet)
	if late := time.Now().Add(lateCheck); late.After(deadline) {
		deadline = late
	}
	deadline = deadline.Add(lateLimit)
	f := &findings{hurry: w.options.Hurry}
	if err := w.read(ctx, f); err != nil {
		f.add("read everything: %v", err)
		return f
	}
	if f.hurry {
		deadline = quiet
	}
	for {
		wrong, with := f.checkAll()
		if len(wrong) == 0 {
			break
		}
		if time.Now().After(deadline) || !wait(ctx, time.Second) {
			f.wrong = append(f.wrong, wrong...)
			break
		}
		if err := w.readAgain(ctx, f, with); err != nil {
			f.add("read again: %v", err)
			break
		}
	}
	w.say("reconciled %d payments and %d rows of the bank: %d violations", len(f.payments), len(f.bank), len(f.wrong))
	w.countOutcomes(f)
	return f
}

func (w *World) read(ctx context.Context, f *findings) error {
	var err error
	if f.list, err = w.list(ctx); err != nil {
		return err
	}
	if f.payments, err = w.details(ctx, slices.Collect(maps.Keys(f.list))); err != nil {
		return err
	}
	return w.readSides(ctx, f)
}

// readSides reads what belongs to no payment of its own.
func (w *World) readSides(ctx context.Context, f *findings) error {
	var err error
	if f.queue, err = w.queue(ctx); err != nil {
		return err
	}
	f.bank, err = w.bankLedger(ctx)
	return err
}

// readAgain reads the payments that something is wrong with. Rows of the bank
// that belong to none of them may belong to a payment that was made meanwhile.
func (w *World) readAgain(ctx context.Context, f *findings, with map[string]bool) error {
	if len(with) == 0 || len(with) > len(f.payments)/2 {
		return w.read(ctx, f)
	}
	var err error
	fresh, err := w.details(ctx, slices.Collect(maps.Keys(with)))
	if err != nil {
		return err
	}
	maps.Copy(f.payments, fresh)
	if f.list, err = w.list(ctx); err != nil {
		return err
	}
	return w.readSides(ctx, f)
}

// countOutcomes counts, for the report, what was not plain sailing.
func (w *World) countOutcomes(f *findings) {
	for _, d := range f.payments {
		w.tally.turnedOut("payments " + d.State)
		charges := 0
		for _, o := range d.Operations {
			if o.Kind.charges() {
				charges++
			}
			switch {
			case o.Inquiries > 0 && (o.Status == "declined" || o.Status == "approved"):
				w.tally.turnedOut("unknown or abandoned operations resolved as " + o.Status)
			case o.Status == "reversed":
				w.tally.turnedOut("late approvals reversed")
			case o.Status == "unsent":
				w.tally.turnedOut("requests that never left")
			}
		}
		if charges > 1 {
			w.tally.turnedOut("payments that failed over to another bank")
		}
	}
}
