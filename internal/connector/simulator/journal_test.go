package simulator_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/vezne/vezne/internal/connector/simulator"
)

func reopen(t *testing.T, path string) (*simulator.Journal, []string) {
	t.Helper()
	var lines []string
	j, err := simulator.OpenJournal(path, true, func(line []byte) error {
		lines = append(lines, string(line))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() }) // a second close by the test is allowed to fail
	return j, lines
}

func TestJournal(t *testing.T) {
	t.Parallel()
	t.Run("synced_lines_are_there_after_a_crash", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "j")
		j, _ := reopen(t, path)
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				if err := j.Sync(j.Append(fmt.Appendf(nil, "line %02d", i))); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		j.Append([]byte("never synced")) // lost with the process: the file is opened again without a close
		_, lines := reopen(t, path)
		slices.Sort(lines)
		if len(lines) != 64 || lines[0] != "line 00" || lines[63] != "line 63" {
			t.Errorf("%d lines: %q", len(lines), lines)
		}
	})
	t.Run("lines_keep_the_order_of_append", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "j")
		j, _ := reopen(t, path)
		var want []string
		for i := range 100 {
			want = append(want, fmt.Sprint(i))
			p := j.Append([]byte(want[i]))
			if i%7 == 0 {
				if err := j.Sync(p); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if _, lines := reopen(t, path); !slices.Equal(lines, want) {
			t.Errorf("lines = %q", lines)
		}
	})
	t.Run("torn_last_line_is_cut_off", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "j")
		if err := os.WriteFile(path, []byte("one\ntwo\nthr"), 0o600); err != nil {
			t.Fatal(err)
		}
		j, lines := reopen(t, path)
		if !slices.Equal(lines, []string{"one", "two"}) {
			t.Errorf("lines = %q", lines)
		}
		if err := j.Sync(j.Append([]byte("four"))); err != nil {
			t.Fatal(err)
		}
		if _, lines := reopen(t, path); !slices.Equal(lines, []string{"one", "two", "four"}) {
			t.Errorf("lines = %q", lines)
		}
	})
	t.Run("line_that_is_refused_fails_the_open", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "j")
		if err := os.WriteFile(path, []byte("one\ntwo\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		refused := errors.New("refused")
		if _, err := simulator.OpenJournal(path, true, func([]byte) error { return refused }); !errors.Is(err, refused) {
			t.Errorf("error = %v", err)
		}
	})
	t.Run("closed_journal_fails_every_sync", func(t *testing.T) {
		t.Parallel()
		j, _ := reopen(t, filepath.Join(t.TempDir(), "j"))
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if err := j.Sync(j.Append([]byte("late"))); err == nil {
			t.Error("a line was called durable after the close")
		}
	})
	t.Run("no_journal_keeps_nothing_and_never_fails", func(t *testing.T) {
		t.Parallel()
		var j *simulator.Journal
		if err := errors.Join(j.Sync(j.Append([]byte("x"))), j.Clear(), j.Close()); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkJournal(b *testing.B) {
	j, err := simulator.OpenJournal(filepath.Join(b.TempDir(), "j"), true, func([]byte) error { return nil })
	if err != nil {
		b.Fatal(err)
	}
	line := make([]byte, 200)
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := j.Sync(j.Append(line)); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
