package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/vezne/vezne/internal/storage"
)

// Report is what a run found.
type Report struct {
	Engine   storage.Engine
	Seed     uint64
	Duration time.Duration
	Clients  int
	Servers  int
	Payments int
	BankRows int
	// Quiet is how long it took to come to rest once the faults had ended.
	Quiet time.Duration
	// Lapsed is how long it took, once time was put forward, until what nobody
	// finished had ended and everything was told.
	Lapsed time.Duration
	// Ended is when the run ended.
	Ended time.Time
	// Missing are disturbances that this machine does not allow, with the reason.
	Missing []string
	// Counts are by group and by what was counted.
	Counts map[string]map[string]int
	// Violations are what is wrong with Vezne; none is the only good number.
	Violations []string
}

func (w *World) report(f *findings) *Report {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := &Report{
		Engine: w.options.Engine, Seed: w.options.Seed, Duration: w.options.Duration,
		Clients: w.options.Clients, Servers: w.options.Servers,
		Payments: len(f.payments), BankRows: len(f.bank), Quiet: w.tally.quiet, Lapsed: w.tally.lapsed, Ended: time.Now().UTC(),
		Counts: w.tally.counts, Violations: slices.Concat(w.failures, f.wrong),
	}
	if w.disk != nil && !w.disk.mounted {
		r.Missing = append(r.Missing, "disk full ("+w.disk.why+")")
	}
	return r
}

// Markdown writes reports side by side, for people.
func Markdown(reports []*Report) string {
	var b strings.Builder
	b.WriteString("# Chaos\n\nWritten by `make chaos`. Clients pay, capture, void and refund over HTTP and repeat a request with its key until they\n" +
		"have a definite answer, while servers, bank, database, lines and disk break. Afterwards the bank's ledger, every operation,\n" +
		"every answer and the books must agree.\n\n")
	line := func(name string, of func(*Report) string) {
		fmt.Fprintf(&b, "| %s |", name)
		for _, r := range reports {
			fmt.Fprintf(&b, " %s |", of(r))
		}
		b.WriteByte('\n')
	}
	line("", func(r *Report) string { return string(r.Engine) })
	b.WriteString("|---|" + strings.Repeat("---:|", len(reports)) + "\n")
	line("**violations**", func(r *Report) string { return fmt.Sprintf("**%d**", len(r.Violations)) })
	line("ended", func(r *Report) string { return r.Ended.Format("2006-01-02 15:04 UTC") })
	line("seed", func(r *Report) string { return fmt.Sprint(r.Seed) })
	line("duration", func(r *Report) string { return r.Duration.String() })
	line("servers", func(r *Report) string { return fmt.Sprint(r.Servers) })
	line("clients", func(r *Report) string { return fmt.Sprint(r.Clients) })
	line("payments", func(r *Report) string { return fmt.Sprint(r.Payments) })
	line("rows in the bank's ledger", func(r *Report) string { return fmt.Sprint(r.BankRows) })
	line("at rest after", func(r *Report) string { return r.Quiet.Round(100 * time.Millisecond).String() })
	line("at rest once time had passed, after", func(r *Report) string { return r.Lapsed.Round(100 * time.Millisecond).String() })
	for _, group := range []string{groupAsks, groupFlows, groupTrouble, groupAnswers, groupOutcomes, groupEvents} {
		names := make(map[string]bool)
		for _, r := range reports {
			for name := range r.Counts[group] {
				names[name] = true
			}
		}
		line("**"+group+"**", func(*Report) string { return "" })
		for _, name := range slices.Sorted(maps.Keys(names)) {
			line(name, func(r *Report) string { return fmt.Sprint(r.Counts[group][name]) })
		}
	}
	for _, r := range reports {
		for _, m := range r.Missing {
			fmt.Fprintf(&b, "\nNot on this machine, %s: %s.\n", r.Engine, m)
		}
	}
	return b.String()
}
