package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// verifyLedger lets Vezne prove its own books.
func (w *World) verifyLedger(ctx context.Context, f *findings) {
	out, err := exec.CommandContext(ctx, w.options.Binary, "ledger", "verify", "--database", w.dsn).CombinedOutput()
	if err != nil {
		f.add("ledger verify: %v: %s", err, out)
		return
	}
	w.say("ledger verify: %s", bytes.TrimSpace(out))
}

// readLogs counts what the servers said that people would want to know of. A
// panic is never right.
func (w *World) readLogs(f *findings) {
	for _, p := range w.servers {
		text, err := os.ReadFile(p.logPath)
		if err != nil {
			f.add("read log: %v", err)
		}
		for _, what := range []string{"late approval", "contradicting verdicts", "job is dead"} {
			for range bytes.Count(text, []byte(what)) {
				w.tally.turnedOut("log lines of servers: " + what)
			}
		}
		if at := bytes.Index(text, []byte("panic")); at >= 0 {
			f.add("%s panicked: %s", p.name, text[at:min(len(text), at+1000)])
		}
	}
}

// searchLeaks searches every file that any process left for card numbers and for
// codes beside their names. PostgreSQL is shut down first, so that all that it
// holds is in its files.
func (w *World) searchLeaks(ctx context.Context, f *findings) {
	if w.postgres != nil {
		if err := w.postgres.stop(ctx, "fast"); err != nil {
			f.add("stop PostgreSQL: %v", err)
		}
	}
	needles := leakNeedles()
	files, size := 0, int64(0)
	err := filepath.WalkDir(w.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		found, n, err := searchFile(path, needles)
		for _, what := range found {
			f.add("%s is in %s", what, path)
		}
		files, size = files+1, size+n
		return err
	})
	if err != nil {
		f.add("search for card numbers: %v", err)
	}
	w.say("searched %d files, %d MB, for card numbers", files, size>>20)
}

// needle is what must not be found, and how to speak of it.
type needle struct {
	text []byte
	name string
}

func leakNeedles() []needle {
	var all []needle
	for i, c := range allCards() {
		all = append(all, needle{[]byte(c.Number), fmt.Sprintf("card number %d", i)})
		for _, form := range []string{`"cvv":"%s"`, `"cvv": "%s"`, `\"cvv\":\"%s\"`, "cvv=%s", "CVV=%s", `"CVV":"%s"`, "CVV:%s", "cvv:%s"} {
			all = append(all, needle{fmt.Appendf(nil, form, c.CVV), fmt.Sprintf("security code of card %d", i)})
		}
	}
	return all
}

// searchFile reads a file in pieces that overlap by more than any needle.
func searchFile(path string, needles []needle) (found []string, size int64, err error) {
	const piece, overlap = 4 << 20, 64
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = f.Close() }() // it was only read
	buffer := make([]byte, overlap+piece)
	kept := 0
	for {
		n, err := io.ReadFull(f, buffer[kept:])
		size += int64(n)
		text := buffer[:kept+n]
		for _, s := range needles {
			if bytes.Contains(text, s.text) && !slices.Contains(found, s.name) {
				found = append(found, s.name)
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return found, size, nil
		}
		if err != nil {
			return found, size, err
		}
		kept = copy(buffer, text[len(text)-overlap:])
	}
}
