package bench_test

import (
	"errors"
	"io"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
)

// wiretap stands between a server and PostgreSQL and listens to what the server
// asks. A round trip is what the server waits for: a Sync, or a simple query
// (PostgreSQL's manual, chapter 55).
type wiretap struct {
	dsn string // for the server

	mu    sync.Mutex
	trips map[string]int // by purpose
	// pipelines are the latest that wrote a payment, for pgbench to play.
	pipelines [][]asked
	tapped    sync.WaitGroup
}

// asked is one statement with its parameters as they were sent.
type asked struct {
	sql     string
	formats []int16
	values  [][]byte
}

// tap listens on a socket of its own before the PostgreSQL server of the DSN.
func tap(b *testing.B, dsn string) *wiretap {
	b.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		b.Fatal(err)
	}
	query := u.Query()
	host, port := query.Get("host"), query.Get("port")
	if !filepath.IsAbs(host) {
		b.Fatal("the tests' PostgreSQL has no socket to be tapped")
	}
	if port == "" {
		port = "5432"
	}
	dir, err := os.MkdirTemp("/tmp", "vezne-tap-") // a socket's path has at most 107 bytes
	if err != nil {
		b.Fatal(err)
	}
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL."+port))
	if err != nil {
		b.Fatal(err)
	}
	query.Set("host", dir)
	u.RawQuery = query.Encode()
	w := &wiretap{dsn: u.String(), trips: make(map[string]int)}
	w.tapped.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			w.tapped.Go(func() { w.carry(client, filepath.Join(host, ".s.PGSQL."+port)) })
		}
	})
	b.Cleanup(func() {
		_ = listener.Close() // ends the loop
		w.tapped.Wait()
		_ = os.RemoveAll(dir) // in the system's temporary directory anyway
	})
	return w
}

// carry carries bytes both ways and reads along on the way out.
func (w *wiretap) carry(client net.Conn, path string) {
	defer func() { _ = client.Close() }() // either side may have closed it
	server, err := net.Dial("unix", path)
	if err != nil {
		return
	}
	read, written := io.Pipe()
	var all sync.WaitGroup
	all.Go(func() { w.listen(read) })
	all.Go(func() {
		_, _ = io.Copy(client, server) // ends with the connection
		_ = client.Close()
	})
	_, err = io.Copy(server, io.TeeReader(client, written))
	_ = written.CloseWithError(errors.Join(err, io.EOF))
	_ = server.Close() // its client is gone
	all.Wait()
}

// listen reads what one connection asks.
func (w *wiretap) listen(r *io.PipeReader) {
	defer func() { _, _ = io.Copy(io.Discard, r) }() // never hold the server up
	backend := pgproto3.NewBackend(r, io.Discard)
	if _, err := backend.ReceiveStartupMessage(); err != nil {
		return
	}
	statements := make(map[string]string)
	var pipeline []asked
	for {
		message, err := backend.Receive()
		if err != nil {
			return
		}
		switch m := message.(type) {
		case *pgproto3.Parse:
			statements[m.Name] = m.Query
		case *pgproto3.Bind:
			a := asked{sql: statements[m.PreparedStatement], formats: append([]int16(nil), m.ParameterFormatCodes...)}
			for _, v := range m.Parameters {
				a.values = append(a.values, append([]byte{}, v...))
			}
			pipeline = append(pipeline, a)
		case *pgproto3.Query:
			w.note([]asked{{sql: m.String}})
		case *pgproto3.Sync:
			w.note(pipeline)
			pipeline = nil
		}
	}
}

// The purposes of round trips.
const (
	forPayment = "payment"
	forJobs    = "jobs"
	forHouse   = "housekeeping"
	forPlans   = "preparing statements"
)

func (w *wiretap) note(pipeline []asked) {
	w.mu.Lock()
	defer w.mu.Unlock()
	purpose := purposeOf(pipeline)
	w.trips[purpose]++
	if purpose == forPayment {
		const enough = 64
		w.pipelines = append(w.pipelines, pipeline)
		w.pipelines = w.pipelines[max(0, len(w.pipelines)-enough):]
	}
}

// purposeOf tells why the server asked. What nothing else explains is counted as
// the payments' own.
func purposeOf(pipeline []asked) string {
	if len(pipeline) == 0 {
		return forPlans
	}
	for _, a := range pipeline {
		for purpose, words := range map[string][]string{
			forJobs:  {"UPDATE job", "DELETE FROM job", "webhook_"},
			forHouse: {"config_version", "write_probe", "status IN ('open', 'unknown')", "audit_block", "FROM audit_record", "credential_use", "-- ping", "FROM pg_"},
		} {
			for _, word := range words {
				if strings.Contains(a.sql, word) {
					return purpose
				}
			}
		}
	}
	return forPayment
}

// counts returns the round trips so far.
func (w *wiretap) counts() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.trips)
}
