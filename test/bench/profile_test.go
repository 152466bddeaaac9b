package bench_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// stack is one place in the code with the processor time spent there, outermost
// function first.
type stack struct {
	frames []string
	took   time.Duration
}

// profile makes payments with a server inside this process, because what can be
// profiled there is the same code, and returns where its time went. The load
// generator's own work is left out.
func profile(b *testing.B, binary string, engine storage.Engine, d time.Duration) []stack {
	b.Helper()
	bank := servertest.StartSimulatorBinary(b, binary)
	o := servertest.Options{Engine: engine, LogLevel: "info", Args: []string{"--simulator-url", bank}}
	if engine == storage.PostgreSQL {
		o.DSN = storetest.DurableDSN(b, engine)
	}
	s := servertest.Start(b, o)
	var numbers orders
	pay := func(c *caller) error { return c.pay(&numbers) }
	callers := lines(b, s.URL, crowd)
	closedLoop(b, callers, time.Second, pay)
	path := filepath.Join(b.TempDir(), "cpu.pprof")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		b.Fatal(err)
	}
	closedLoop(b, callers, d, pay)
	pprof.StopCPUProfile()
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
	s.Stop()
	stacks, err := readProfile(path)
	if err != nil {
		b.Fatal(err)
	}
	return stacks
}

func readProfile(path string) ([]stack, error) {
	out, err := exec.Command("go", "tool", "pprof", "-traces", path).Output()
	if err != nil {
		return nil, fmt.Errorf("go tool pprof: %w", err)
	}
	_, body, _ := bytes.Cut(out, []byte("-----------+"))
	var all []stack
	for part := range strings.SplitSeq(string(body), "-----------+") {
		s, ok := readStack(part)
		if ok && !s.has("/test/bench") && !s.has("runtime/pprof.") {
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("an empty profile: %.200s", out)
	}
	return all, nil
}

// readStack reads a time and a function, and then a function a line, innermost
// first.
func readStack(text string) (stack, bool) {
	var s stack
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "---") {
			continue
		}
		if len(s.frames) == 0 {
			took, rest, _ := strings.Cut(line, " ")
			d, err := time.ParseDuration(took)
			if err != nil {
				return s, false
			}
			s.took, line = d, strings.TrimSpace(rest)
		}
		s.frames = append([]string{strings.TrimSuffix(line, " (inline)")}, s.frames...)
	}
	return s, len(s.frames) > 0
}

func (s stack) has(part string) bool {
	for _, f := range s.frames {
		if strings.Contains(f, part) {
			return true
		}
	}
	return false
}

// shares are what processor time is split into; a stack belongs to the first
// share of which it has a part.
var shares = []struct {
	name  string
	parts []string
}{
	{"TLS", []string{"crypto/tls."}},
	{"JSON", []string{"go-json-experiment/json", "encoding/json"}},
	{"SQL", []string{"/internal/storage", "modernc.org/", "jackc/pgx", "database/sql"}},
	{"bank call", []string{"/internal/connector", "net/http.(*Transport)", "net/http.(*persistConn)"}},
	{"request log", []string{"log/slog."}},
	{"Vezne's own code", []string{"vezne/internal/"}},
	{"HTTP towards the caller", []string{"net/http."}},
	{"garbage collection", []string{"runtime.gcBgMarkWorker", "runtime.bgsweep", "runtime.bgscavenge", "runtime.gcAssistAlloc"}},
	{"goroutine scheduling and the rest", []string{""}},
}

// split returns each share's part of the time.
func split(stacks []stack) []float64 {
	parts := make([]float64, len(shares))
	var total float64
	for _, s := range stacks {
		total += s.took.Seconds()
		parts[shareOf(s)] += s.took.Seconds()
	}
	for i := range parts {
		parts[i] /= total
	}
	return parts
}

func shareOf(s stack) int {
	for i, share := range shares {
		if slices.ContainsFunc(share.parts, s.has) {
			return i
		}
	}
	return len(shares) - 1
}
