package chaos

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// Turns lets act have the generators of a client's first n turns, and returns the
// flows that these are.
func Turns(seed uint64, n int, act func(rng *rand.Rand)) []string {
	s := newSchedule(seed, 0)
	var names []string
	for range n {
		f, rng, _ := s.flow(flows(), time.Second)
		act(rng)
		names = append(names, f.Name())
	}
	return names
}

// Charge pays one order at a server and returns how often it asked, and what the
// flow draws next.
func Charge(ctx context.Context, server string, seed uint64) (asked int, next uint64) {
	asks := &counting{}
	w := &World{servers: []*process{{url: server}}, http: &http.Client{Transport: asks}, options: Options{Log: io.Discard}}
	rng := rand.New(rand.NewPCG(seed, 0))
	c := newClient(w, 0)
	c.Charge(ctx, rng, c.order(rng, kindSale))
	return asks.n, rng.Uint64()
}

// counting counts the requests of one caller at a time.
type counting struct{ n int }

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n++
	return http.DefaultTransport.RoundTrip(r)
}

// Broken lets act ask a server whose log is at a path, and returns what is found
// wrong with its answers.
func Broken(server, logPath string, act func(*http.Client)) []string {
	w := &World{servers: []*process{{url: server, logPath: logPath}}, options: Options{Log: io.Discard}}
	act(&http.Client{Transport: watched{next: http.DefaultTransport, ours: w.ours, answers: &w.broken, tally: &w.tally}})
	f := &findings{}
	w.checkBroken(f)
	return f.wrong
}
