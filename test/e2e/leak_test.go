package e2e_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// searchLeaks looks at everything that the server wrote: data directory, logs,
// the bank's files, PostgreSQL's own files, and every cell of the database, for
// every card that was sent to it.
func searchLeaks(t *testing.T, s *servertest.Server) {
	t.Helper()
	numbers, codes := s.Numbers(), s.Codes()
	if len(numbers) == 0 || len(codes) == 0 {
		t.Fatal("no card was used: nothing was proved")
	}
	look := newSearch(numbers, codes)
	found := leaks(t, s.Engine, s.Dir, s.DSN, look, codes)
	// The demo greets with the README's curl, whose card is public; it says no
	// other.
	greeting := strings.ReplaceAll(s.Said(), readmeBody(t), "")
	for _, l := range append(found, look.bytes("standard output", []byte(greeting))...) {
		t.Error(l)
	}
}

func leaks(t *testing.T, engine storage.Engine, dir, dsn string, look *search, codes []string) []leak {
	t.Helper()
	d := openDatabase(t, engine, dsn)
	dirs := []string{dir}
	if engine == storage.PostgreSQL {
		dirs = append(dirs, d.directory(t))
	}
	var found []leak
	for _, dir := range dirs {
		l, files, err := look.tree(dir)
		if err != nil {
			t.Fatal(err)
		}
		if files == 0 {
			t.Fatalf("no files in %s: nothing was proved", filepath.Base(dir))
		}
		found = append(found, l...)
	}
	d.cells(t, func(table, cell string) {
		found = append(found, look.bytes("table "+table, []byte(cell))...)
		if slices.Contains(codes, cell) {
			found = append(found, leak{"table " + table, "a verification value"})
		}
	})
	return found
}

// planted is a public test number that no other test types: PostgreSQL's log of
// changes is one for all databases of a server.
const planted = "6759649826438453"

// TestSearch holds that the search finds what is planted, in every place and
// form, and nothing where nothing is: a search that cannot fail proves nothing.
func TestSearch(t *testing.T) {
	t.Parallel()
	const number, code = planted, "916"
	little := strings.Join(strings.Split(number, ""), "\x00") + "\x00"
	for name, text := range map[string]string{
		"log_line":             `time=2026-11-20T10:00:00Z level=INFO msg=pay pan=` + number,
		"json":                 `{"pan":"` + number + `"}`,
		"amid_bytes":           "\x00\xff\x01" + number + "\xfe",
		"at_the_very_end":      "x" + number,
		"spaces":               "6759 6498 2643 8453",
		"hyphens":              "6759-6498-2643-8453",
		"utf16":                little,
		"hexadecimal":          hex.EncodeToString([]byte(number)),
		"base64":               base64.StdEncoding.EncodeToString([]byte(number)),
		"base64_inside_json":   base64.StdEncoding.EncodeToString([]byte(`{"pan":"` + number + `"}`)),
		"base64_one_further":   base64.StdEncoding.EncodeToString([]byte(`{"pan": "` + number + `"}`)),
		"base64_two_further":   base64.URLEncoding.EncodeToString([]byte(`{"pan":  "` + number + `"}`)),
		"packed_decimals":      "\x67\x59\x64\x98\x26\x43\x84\x53",
		"integer":              "\x00\x18\x03\xdd\x9e\xb5\xfd\x35",
		"sha256":               "b647994f8bbc5b4c03979735863db48404c75dd3b6c6c50cd4450f053a4cc895",
		"verification_value":   `{"cvv":"` + code + `"}`,
		"value_in_a_log_line":  `msg=pay cvv=` + code,
		"value_in_quoted_json": `msg="{\"cvv\":\"` + code + `\"}"`,
	} {
		t.Run("finds_"+name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "server.log"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			found, _, err := newSearch([]string{number}, []string{code}).tree(dir)
			if err != nil || len(found) == 0 {
				t.Errorf("found nothing (%v)", err)
			}
		})
	}
	t.Run("finds_a_file_name", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, number+".txt"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if found, _, err := newSearch([]string{number}, nil).tree(dir); err != nil || len(found) == 0 {
			t.Errorf("found nothing (%v)", err)
		}
	})
	t.Run("finds_nothing_where_nothing_is", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		clean := "675964******8453 6759649 8453 67596498 916 4111111111111112 duration=916ms"
		if err := os.WriteFile(filepath.Join(dir, "server.log"), []byte(clean), 0o600); err != nil {
			t.Fatal(err)
		}
		if found, files, err := newSearch([]string{number}, []string{code}).tree(dir); err != nil || len(found) != 0 ||
			files != 1 {
			t.Errorf("found %v in %d files (%v)", found, files, err)
		}
	})
	t.Run("finds_secrets", func(t *testing.T) {
		t.Parallel()
		findSecrets(t)
	})
	for _, engine := range storetest.Engines {
		t.Run("finds_a_row_of_"+string(engine), func(t *testing.T) {
			t.Parallel()
			for column, text := range map[string]string{"number": number, "code": code} {
				plantRow(t, engine, column, text)
			}
		})
	}
}

// findSecrets plants a security key, which is base64url of 24 bytes, in each form.
func findSecrets(t *testing.T) {
	t.Helper()
	const key = "q83vEjRWeJASNFZ4kBI0Vnir_u8SNFZ4"
	raw, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"log line":       `msg=complete key=` + key,
		"file of bytes":  "\x00" + key + "\x00",
		"wide letters":   strings.Join(strings.Split(key, ""), "\x00") + "\x00",
		"hexadecimal":    hex.EncodeToString([]byte(key)),
		"base64":         base64.StdEncoding.EncodeToString([]byte(`{"k":"` + key + `"}`)),
		"base64 further": base64.StdEncoding.EncodeToString([]byte(`{"ke":"` + key + `"}`)),
		"its bytes":      "k" + string(raw),
		"bytes as hex":   hex.EncodeToString(raw),
	} {
		look := newSearch(nil, nil)
		look.addSecret("a key", key)
		if found := look.bytes("planted", []byte(text)); len(found) == 0 {
			t.Errorf("%s: found nothing", name)
		}
		if found := look.bytes("clean", []byte(strings.ReplaceAll(key, "v", "w"))); len(found) != 0 {
			t.Errorf("found %v where nothing is", found)
		}
	}
	look := newSearch(nil, nil)
	look.addSecret("a MAC", "bank+key/with=signs")
	if found := look.bytes("planted", []byte("GET /?mac=bank%2Bkey%2Fwith%3Dsigns")); len(found) == 0 {
		t.Error("nothing found in a URL")
	}
}

// plantRow writes a text into a database and expects it to be found there.
func plantRow(t *testing.T, engine storage.Engine, what, text string) {
	t.Helper()
	dsn, dir := storetest.DSN(t, engine), t.TempDir()
	if engine == storage.SQLite {
		dir = filepath.Dir(strings.TrimPrefix(dsn, "sqlite:"))
	} else if err := os.WriteFile(filepath.Join(dir, "server.log"), []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := openDatabase(t, engine, dsn)
	for _, statement := range []string{`CREATE TABLE planted (note TEXT)`, fmt.Sprintf(`INSERT INTO planted (note) VALUES ('%s')`, text)} {
		if _, err := d.pool.ExecContext(context.WithoutCancel(t.Context()), statement); err != nil {
			t.Fatal(err)
		}
	}
	found := leaks(t, engine, dir, dsn, newSearch([]string{planted}, []string{"916"}), []string{"916"})
	inTable := slices.ContainsFunc(found, func(l leak) bool { return l.file == "table planted" })
	inFile := slices.ContainsFunc(found, func(l leak) bool { return l.file != "table planted" })
	if !inTable || (what == "number" && !inFile) {
		t.Errorf("the %s was found in %v", what, found)
	}
}
