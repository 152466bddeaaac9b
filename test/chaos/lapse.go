package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// lapse is how far all clocks are put forward at the end: beyond what a payer may
// take at the bank and a merchant afterwards, the life of a checkout, the pauses
// of webhooks, and the last late check, which is an hour after the request.
const lapse = 80 * time.Minute

// setClock puts the clock of a server right or wrong.
func (w *World) setClock(server int, off time.Duration) error {
	path := w.clockFile(server)
	if err := os.WriteFile(path+".new", []byte(off.String()), 0o600); err != nil {
		return fmt.Errorf("set clock: %w", err)
	}
	return os.Rename(path+".new", path) // read whole, or not at all
}

func (w *World) clockFile(server int) string {
	return filepath.Join(w.dir, fmt.Sprintf("server-%d.clock", server))
}

// letTimePass puts all clocks forward and waits until what nobody finished has
// ended, and everything was told.
func (w *World) letTimePass(ctx context.Context, f *findings) {
	for n := range w.servers {
		if err := w.setClock(n, lapse); err != nil {
			f.add("%v", err)
			return
		}
	}
	w.say("all clocks are put forward by %s", lapse)
	began := time.Now()
	f.later = true
	deadline := began.Add(w.options.Quiet + lateLimit)
	if err := w.read(ctx, f); err != nil {
		f.add("read everything: %v", err)
		return
	}
	for {
		wrong, with := f.checkAll()
		w.askCheckouts(ctx)
		arrivals, callbacks := w.shop.got()
		wrong = append(wrong, f.checkEvents(arrivals)...)
		wrong = append(wrong, f.checkCheckouts(w.links.made(), arrivals, callbacks)...)
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
	w.tally.lapsed = time.Since(began)
	w.countEvents()
	w.tally.addAll(groupOutcomes, "refused reversals put before a person", len(f.queue))
}

// askCheckouts asks for the end of every checkout that nobody waited for.
func (w *World) askCheckouts(ctx context.Context) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, h := range w.links.made() {
		if h.ask.status() != "" {
			continue
		}
		if r, err := w.call(ctx, rng, get("/api/checkout/"+h.id)); err == nil && r.status == http.StatusOK {
			h.note(r)
		}
	}
}

func (w *World) countEvents() {
	arrivals, callbacks := w.shop.got()
	events := make(map[string]bool)
	for _, a := range arrivals {
		if !events[a.event] {
			w.tally.add(groupEvents, a.kind)
		}
		events[a.event] = true
	}
	w.tally.addAll(groupEvents, "arrivals, repeated ones too", len(arrivals))
	w.tally.addAll(groupEvents, "callbacks of checkouts", len(callbacks))
}
