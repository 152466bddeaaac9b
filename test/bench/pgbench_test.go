package bench_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
)

// pgbench plays the statements of a payment, as they were heard on the wire, one
// payment after the other on each of its connections: what PostgreSQL does when
// nobody commits for others.
type pgbench struct {
	program string
	script  string
	dsn     string
	rounds  int
}

func newPgbench(b *testing.B) *pgbench {
	b.Helper()
	program, err := pgbenchProgram()
	if err != nil {
		b.Fatal(err)
	}
	p := &pgbench{program: program, dsn: storetest.DurableDSN(b, storage.PostgreSQL)}
	w := tap(b, p.dsn)
	db, err := storage.Open(b.Context(), w.dsn, storage.Options{})
	if err != nil {
		b.Fatal(err)
	}
	take := storetest.Taker(storetest.NewStores(db))
	for range 3 { // the first prepares statements
		if err := take(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	p.script = filepath.Join(b.TempDir(), "payment.sql")
	text, err := w.script()
	if err == nil {
		err = os.WriteFile(p.script, []byte(text), 0o600)
	}
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func pgbenchProgram() (string, error) {
	if path, err := exec.LookPath("pgbench"); err == nil {
		return path, nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench") // the pattern is well-formed
	if len(found) == 0 {
		return "", fmt.Errorf("no pgbench: install the package postgresql (make setup)")
	}
	return found[len(found)-1], nil
}

var rateForm = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)

// run returns how many payments a second the connections carried out.
func (p *pgbench) run(b *testing.B, connections int, d time.Duration) float64 {
	b.Helper()
	p.rounds++
	ctx, cancel := context.WithTimeout(b.Context(), d+time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, p.program, "-n", "-M", "prepared", "-c", strconv.Itoa(connections), "-j", "2", //nolint:gosec // what stands here
		"-T", strconv.Itoa(max(1, int(d.Seconds()))), "-D", fmt.Sprintf("n=%d", p.rounds*1_000_000), "-f", p.script, p.dsn).CombinedOutput()
	if err != nil {
		b.Fatalf("pgbench: %v\n%s", err, out)
	}
	found := rateForm.FindSubmatch(out)
	if found == nil {
		b.Fatalf("pgbench: no rate in\n%s", out)
	}
	rate, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return rate
}

// script writes the last two pipelines, which are the two commits of a payment,
// for pgbench. Whatever was of this one payment becomes of the n-th.
func (w *wiretap) script() (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.pipelines) < 2 {
		return "", fmt.Errorf("only %d commits were heard", len(w.pipelines))
	}
	commits := w.pipelines[len(w.pipelines)-2:]
	of, err := paymentOf(commits[0])
	if err != nil {
		return "", err
	}
	var s strings.Builder
	s.WriteString("\\set n :n + 1\n\\set id (:client_id + 1) * 100000000 + :n\n")
	for _, commit := range commits {
		s.WriteString("\\startpipeline\n")
		for _, a := range commit {
			s.WriteString(a.literal(of) + ";\n")
		}
		s.WriteString("\\endpipeline\n")
	}
	return s.String(), nil
}

// identity is what tells one payment from others.
type identity struct {
	number int64
	uuid   []byte
}

func paymentOf(commit []asked) (identity, error) {
	for _, a := range commit {
		list, ok := strings.CutPrefix(a.sql, "INSERT INTO payment (")
		if !ok {
			continue
		}
		list, _, _ = strings.Cut(list, ")")
		columns := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
		number, uuid := slices.Index(columns, "id"), slices.Index(columns, "uuid")
		if min(number, uuid) >= 0 && max(number, uuid) < len(a.values) && len(a.values[number]) == 8 &&
			len(a.values[uuid]) == 16 {
			return identity{int64(binary.BigEndian.Uint64(a.values[number])), a.values[uuid]}, nil //nolint:gosec // an id
		}
	}
	return identity{}, fmt.Errorf("the first commit inserts no payment in the form that is known here")
}

var parameterForm = regexp.MustCompile(`\$[0-9]+`)

// literal returns the statement with its parameters written into it.
func (a asked) literal(of identity) string {
	sql := strings.Join(strings.Fields(a.sql), " ")
	return parameterForm.ReplaceAllStringFunc(sql, func(name string) string {
		n, err := strconv.Atoi(name[1:])
		if err != nil || n > len(a.values) {
			return name
		}
		binary := len(a.formats) > 0 && a.formats[min(n-1, len(a.formats)-1)] == 1
		return literal(a.values[n-1], binary, of)
	})
}

func literal(v []byte, inBinary bool, of identity) string {
	switch {
	case !inBinary:
		return textLiteral(string(v), of)
	case len(v) == 8:
		n := int64(binary.BigEndian.Uint64(v)) //nolint:gosec // as it was written
		if n == of.number {
			return "CAST(:id AS BIGINT)"
		}
		if n == 10*of.number {
			return "(10 * CAST(:id AS BIGINT))"
		}
		return strconv.FormatInt(n, 10)
	case len(v) == 1:
		return strconv.FormatBool(v[0] != 0)
	case string(v) == string(of.uuid):
		return "decode(md5(CAST(:id AS TEXT)), 'hex')"
	}
	return `'\x` + hex.EncodeToString(v) + `'`
}

// textLiteral hides colons from pgbench, which looks for variables in quotes too.
func textLiteral(text string, of identity) string {
	uuid := fmt.Sprintf("%x-%x-%x-%x-%x", of.uuid[:4], of.uuid[4:6], of.uuid[6:8], of.uuid[8:10], of.uuid[10:])
	quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
	quoted = strings.ReplaceAll(quoted, ":", "' || chr(58) || '")
	quoted = strings.ReplaceAll(quoted, uuid, "' || md5(CAST(:id AS TEXT)) || '")
	for _, prefix := range []string{"order-", "REF"} {
		quoted = strings.ReplaceAll(quoted, prefix+strconv.FormatInt(of.number, 10)+"'", prefix+"' || CAST(:id AS TEXT) || ''")
	}
	return quoted
}
