package bench_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
)

// report writes docs/benchmarks/payments.md and its pictures.
func (t *table) report(b *testing.B, took time.Duration) {
	b.Helper()
	var s strings.Builder
	s.WriteString("# Whole payments\n\nWritten by `make bench` on " + time.Now().UTC().Format(time.DateOnly) + " in " + took.Round(time.Second).String() + ".\n")
	s.WriteString("Measured on " + strings.Join(append(machine(), postgresVersion(b)), ", ") + ".\n\n")
	s.WriteString("Load generator, server, bank simulator (its ledger in memory) and database share the machine. SQLite writes with\n" +
		"`synchronous=FULL`, PostgreSQL with `fsync` on. A payment is everything between the HTTP request and its answer: JSON,\n" +
		"authentication, routing, vault, the bank's call over HTTP, two commits. A figure is the median of " +
		fmt.Sprint(t.scale.rounds) + " rounds, with their range;\n[README.md](README.md) says how each is measured.\n\n")
	s.WriteString(tableOf(t.figures))
	s.WriteString("\nBeside them:\n\n| figure | measured |\n|---|---:|\n")
	for i := range t.beside {
		fmt.Fprintf(&s, "| %s | %s |\n", t.beside[i].name, t.beside[i].text(t.beside[i].values))
	}
	s.WriteString("\n" + strings.Join(t.notes, "\n") + "\n\n")
	s.WriteString("![payments a second beside the floors](payments-rate.svg)\n\n![how long answers take](payments-latency.svg)\n\n")
	s.WriteString("## Where the processor time goes\n\nFrom a profile of the server under full load; the load generator is left out. Flame graphs:\n" +
		"[SQLite](flame-sqlite.svg), [PostgreSQL](flame-postgres.svg). With PostgreSQL, what the database server itself\nuses is not in it.\n\n| | SQLite | PostgreSQL |\n|---|---:|---:|\n")
	for i, share := range shares {
		fmt.Fprintf(&s, "| %s |", share.name)
		for _, engine := range storetest.Engines {
			cell := ""
			if rows := t.cpu[engine]; i < len(rows) {
				cell = rows[i]
			}
			s.WriteString(" " + cell + " |")
		}
		s.WriteByte('\n')
	}
	write(b, "payments.md", s.String())
	write(b, "payments-rate.svg", barChart(fmt.Sprintf("Payments a second, %d callers, beside the floors", crowd), t.bars))
	write(b, "payments-latency.svg", latencyChart(fmt.Sprintf("Time to the answer at %d payments a second", pace), t.latency))
	for _, engine := range storetest.Engines {
		write(b, "flame-"+string(engine)+".svg", t.flames[engine])
	}
}

func postgresVersion(b *testing.B) string {
	b.Helper()
	db, err := storage.Open(b.Context(), storetest.DSN(b, storage.PostgreSQL), storage.Options{ReadOnly: true})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }() // it was only read
	version := ""
	err = db.Query(b.Context(), "SELECT current_setting('server_version')", nil, func(s storage.Scanner) error { return s.Scan(&version) })
	if err != nil {
		b.Fatal(err)
	}
	version, _, _ = strings.Cut(version, " ")
	return "PostgreSQL " + version
}
