package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/storage"
)

// World is everything that runs, and what is known about it.
type World struct {
	options  Options
	dir      string // everything that any process leaves behind
	bank     *process
	servers  []*process
	postgres *postgres // nil on SQLite
	lines    []*line   // one for each server, none on SQLite
	disk     *disk     // nil on PostgreSQL
	redis    *redis    // nil on SQLite, whose only server keeps cards by itself
	dsn      string    // the database itself, past every line
	http     *http.Client
	browsing *http.Client // does not follow redirects by itself
	shop     *shop
	links    links

	book          book
	tally         tally
	broken        brokenAnswers
	clients       sync.WaitGroup
	cancelClients func()

	mu       sync.Mutex
	failures []string
	begun    time.Time
}

// say logs what happens.
func (w *World) say(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Fprintf(w.options.Log, "%7.3f %s\n", time.Since(w.begun).Seconds(), fmt.Sprintf(format, args...))
}

// fail notes something that must never happen.
func (w *World) fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.say("VIOLATION: %s", text)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failures = append(w.failures, text)
}

func newWorld(ctx context.Context, o Options) (*World, error) {
	w := &World{options: o, begun: time.Now(), cancelClients: func() {}}
	w.http = &http.Client{Transport: watched{
		next: &http.Transport{MaxIdleConnsPerHost: 2 * o.Clients, IdleConnTimeout: 10 * time.Second},
		ours: w.ours, answers: &w.broken, tally: &w.tally,
	}}
	w.browsing = &http.Client{Transport: w.http.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if err := w.build(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	w.say("seed %d: %d servers on %s, %d clients, %s", o.Seed, o.Servers, o.Engine, o.Clients, o.Duration)
	return w, nil
}

func (w *World) build(ctx context.Context) error {
	var err error
	if w.dir, err = os.MkdirTemp("/tmp", "vezne-chaos-"); err != nil {
		return err
	}
	if err := os.Chmod(w.dir, 0o711); err != nil { //nolint:gosec // PostgreSQL runs as somebody else and must pass through
		return err
	}
	l := newLauncher()
	if err := w.buildDatabase(ctx, l); err != nil {
		return err
	}
	if err := w.buildBank(ctx, l); err != nil {
		return err
	}
	for n := range w.options.Servers {
		if err := w.buildServer(ctx, l, n); err != nil {
			return err
		}
	}
	if w.shop, err = openShop(w); err != nil {
		return err
	}
	return w.shop.subscribe(ctx, w)
}

func (w *World) buildDatabase(ctx context.Context, l *launcher) error {
	place, err := w.mkdir("database")
	if err != nil {
		return err
	}
	if w.options.Engine == storage.SQLite {
		w.disk = newDisk(place)
		if !w.disk.mounted {
			w.say("no full disk in this run: %s", w.disk.why)
		}
		w.dsn = "sqlite:" + filepath.Join(place, "vezne.db")
		return nil
	}
	if w.postgres, err = newPostgres(ctx, l, place); err != nil {
		return err
	}
	w.dsn = w.postgres.dsn(database, w.postgres.port)
	for n := range w.options.Servers {
		line, err := newLine(fmt.Sprintf("line-%d", n), w.postgres.port)
		if err != nil {
			return err
		}
		w.lines = append(w.lines, line)
	}
	return w.buildRedis(ctx, l)
}

func (w *World) buildRedis(ctx context.Context, l *launcher) error {
	place, err := w.mkdir("redis")
	if err != nil {
		return err
	}
	w.redis, err = newRedis(ctx, l, place)
	return err
}

func (w *World) buildBank(ctx context.Context, l *launcher) error {
	place, err := w.mkdir("bank")
	if err != nil {
		return err
	}
	w.bank, err = w.newProcess(l, "bank", "simulator", "--data", place)
	if err != nil {
		return err
	}
	return w.bank.startUntilReady(ctx)
}

func (w *World) buildServer(ctx context.Context, l *launcher, n int) error {
	name := fmt.Sprintf("server-%d", n)
	place, err := w.mkdir(name)
	if err != nil {
		return err
	}
	dsn := w.dsn
	if len(w.lines) > 0 {
		dsn = w.postgres.dsn(database, w.lines[n].port)
	}
	p, err := w.newProcess(l, name, "demo", "--data", place, "--fixtures", w.options.Fixtures)
	if err != nil {
		return err
	}
	p.env = append(p.env, "VEZNE_DATABASE="+dsn, "VEZNE_SIMULATOR_URL="+w.bank.url,
		"VEZNE_KEYSET="+filepath.Join(w.dir, "keyset.json"), "VEZNE_LOG_LEVEL=debug",
		"VEZNE_TRUSTED_PROXIES=127.0.0.1/32", "CHAOS_CLOCK="+w.clockFile(n))
	if w.redis != nil {
		p.env = append(p.env, "VEZNE_REDIS="+w.redis.url())
	}
	w.servers = append(w.servers, p)
	return p.startUntilReady(ctx)
}

func (w *World) newProcess(l *launcher, name string, args ...string) (*process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	return &process{
		name: name, url: "http://" + address, args: append(args, "--listen", address), binary: w.options.Binary,
		env: []string{"TMPDIR=" + w.dir, "HOME=" + w.dir}, logPath: filepath.Join(w.dir, name+".log"),
		launcher: l, died: w.fail,
	}, nil
}

func (w *World) mkdir(name string) (string, error) {
	place := filepath.Join(w.dir, name)
	return place, os.Mkdir(place, 0o700)
}

// heal ends every fault and makes sure that everything runs.
func (w *World) heal(ctx context.Context) error {
	if err := w.bank.alive(ctx); err != nil {
		return err
	}
	if err := w.simulator(ctx, http.MethodDelete, "_faults", "", nil); err != nil {
		return err
	}
	w.shop.troubled.Store(false)
	for _, s := range w.servers {
		if err := s.alive(ctx); err != nil {
			return err
		}
	}
	return nil
}

// stopAll drains the servers and the bank, so that their files are complete.
func (w *World) stopAll(_ context.Context, f *findings) {
	if w.options.Hurry {
		return // they are killed at the end
	}
	for _, p := range append([]*process{w.bank}, w.servers...) {
		code, err := p.stop()
		if err != nil || code != 0 {
			f.add("%s ends with exit code %d (%v)", p.name, code, err)
		}
	}
}

// close ends whatever still runs and removes every file.
func (w *World) close() error {
	w.cancelClients()
	w.clients.Wait()
	var errs []error
	for _, p := range append([]*process{w.bank}, w.servers...) {
		if p != nil {
			p.kill()
		}
	}
	if w.shop != nil {
		errs = append(errs, w.shop.close())
	}
	for _, l := range w.lines {
		l.proxy.Stop()
	}
	if w.postgres != nil && w.postgres.cmd != nil {
		_ = w.postgres.stopImmediately(context.Background()) // it may have ended
	}
	if w.redis != nil && w.redis.cmd != nil {
		w.redis.kill()
	}
	if w.disk != nil {
		errs = append(errs, w.disk.close(w.options.Keep))
	}
	w.http.CloseIdleConnections()
	if w.options.Keep {
		w.say("kept in %s", w.dir)
		return errors.Join(errs...)
	}
	return errors.Join(append(errs, os.RemoveAll(w.dir))...)
}

// freePort returns a port of this machine that nobody uses right now, below those
// that outgoing connections are given: a server that is started again must find
// its port free.
func freePort() (int, error) {
	const lowest, highest = 18_000, 32_000
	for range 100 {
		port := lowest + rand.IntN(highest-lowest)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("no free port found")
}
