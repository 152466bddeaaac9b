package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/test/wait"

	"github.com/vezne/vezne/internal/cli"
)

// run runs a command to its end and returns its exit code and all it wrote.
func run(t *testing.T, environ []string, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	code := cli.Run(t.Context(), args, cli.World{Environ: environ, Stdout: &out, Stderr: &out})
	return code, out.String()
}

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keyset := filepath.Join(dir, "keyset.json")
	database := "sqlite:" + filepath.Join(dir, "v.db")
	steps := []struct {
		name    string
		environ []string
		args    []string
		code    int
		want    string
	}{
		{"help_succeeds", nil, []string{"--help"}, 0, "ledger verify"},
		{"help_of_a_command_succeeds", nil, []string{"demo", "--help"}, 0, "--fixtures"},
		{"no_command_is_misuse", nil, nil, 2, "expected one of"},
		{"unknown_command_is_misuse", nil, []string{"dmeo"}, 2, "dmeo"},
		{"unknown_flag_is_misuse", nil, []string{"serve", "--lisen", "x"}, 2, "--lisen"},
		{"version_is_told", nil, []string{"version"}, 0, "vezne "},
		{"settings_are_shown", []string{"VEZNE_LOG=json"}, []string{"config", "check"}, 0, "json"},
		{"what_serve_refuses_is_told", nil, []string{"config", "check"}, 0, "serve would refuse: setting keyset"},
		{"unknown_setting_fails", []string{"VEZNE_LGO=json"}, []string{"config", "check"}, 1, "VEZNE_LGO"},
		{"flag_beats_environment", []string{"VEZNE_LISTEN=127.0.0.1:1"}, []string{"config", "check", "--listen", "127.0.0.1:2"}, 0, "127.0.0.1:2"},
		{"wrong_flag_names_its_setting", nil, []string{"config", "check", "--listen", "x"}, 1, "setting listen"},
		{"serve_without_keyset_fails", nil, []string{"serve", "--database", database}, 1, "setting keyset"},
		{"serve_with_simulators_fails", []string{"VEZNE_SIMULATOR_URL=http://127.0.0.1:1"}, []string{"serve", "--keyset", keyset}, 1, "setting simulator_url"},
		{"ledger_of_no_database_fails", nil, []string{"ledger", "verify", "--data", filepath.Join(dir, "none")}, 1, "vezne: "},
		{"keyset_is_created", nil, []string{"keys", "create", keyset}, 0, keyset},
		{"keyset_is_never_replaced", nil, []string{"keys", "create", keyset}, 1, "exist"},
		{"serve_without_schema_fails", nil, []string{"serve", "--database", database, "--keyset", keyset}, 1, "vezne: "},
		{"schema_is_created", nil, []string{"migrate", "--database", database}, 0, "up to date"},
		{"schema_is_created_once", nil, []string{"migrate", "--database", database}, 0, "up to date"},
		{"empty_books_balance", []string{"VEZNE_DATABASE=" + database}, []string{"ledger", "verify"}, 0, "0 contradictions"},
		{"demo_for_everyone_fails", nil, []string{"demo", "--listen", "0.0.0.0:0"}, 1, "setting listen"},
		{"demo_with_wrong_fixtures_fails", nil, []string{"demo", "--fixtures", "cli_test.go"}, 1, "fixtures"},
		{"simulator_on_a_wrong_address_fails", nil, []string{"simulator", "--listen", "here"}, 1, "setting listen"},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) { // not in parallel: a step finds what those before it left
			code, out := run(t, s.environ, s.args...)
			if code != s.code || !strings.Contains(out, s.want) {
				t.Errorf("exit code %d, want %d; output lacks %q:\n%s", code, s.code, s.want, out)
			}
		})
	}
	info, err := os.Stat(keyset)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the keyset has mode %v, %v", info.Mode(), err)
	}
}

func TestPasswordsAreNotPrinted(t *testing.T) {
	t.Parallel()
	const dsn = "postgres://vezne:hunter-2@127.0.0.1:1/vezne"
	for _, args := range [][]string{{"config", "check"}, {"migrate"}, {"ledger", "verify"}, {"serve"}} {
		if _, out := run(t, []string{"VEZNE_DATABASE=" + dsn}, args...); strings.Contains(out, "hunter-2") {
			t.Errorf("%v prints the password: %s", args, out)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	c := begin(t, nil, "demo", "--listen", "127.0.0.1:0", "--data", dir)
	url := c.find("Vezne demo at ")
	pay(t, url, strings.TrimSuffix(c.find("-d '"), "'"))
	ledger := call(t, http.MethodGet, url+"/sim/sandbox/_ledger", "")
	_, after, found := strings.Cut(ledger, `"reference":"`)
	known, _, _ := strings.Cut(after, `"`)
	if !found || known == "" {
		t.Fatalf("the bank knows of nothing: %s", ledger)
	}
	for name, tt := range map[string]struct {
		csv  string
		args []string
		code int
		want string
	}{
		"what_both_know_agrees":            {csv: "reference,amount\n" + known + ",1\n", want: "1 rows, 0 not in the database, 0 otherwise there"},
		"what_the_bank_alone_knows_fails":  {csv: "amount,reference\n1," + known + "\n2,THEIRS\n", code: 1, want: "line 3: THEIRS is not in the database"},
		"column_has_the_bank's_own_name":   {csv: "\ufeffSipari\u015f;Tutar\n" + known + ";1\n", args: []string{"--column", "Sipari\u015f"}, want: "1 rows, 0 not"},
		"every_row_of_a_reference_counts":  {csv: "reference\nTHEIRS\nTHEIRS\n", code: 1, want: "2 rows, 2 not in the database"},
		"column_that_is_not_there_is_told": {csv: "order\nTHEIRS\n", code: 1, want: `no column "reference"; say with --column`},
		"row_without_a_reference_is_told":  {csv: "amount,reference\n1,\n2," + known + "\n", code: 1, want: "line 2 has no reference\n3 lines: 1 header, 0 blank, 1 rows, 1 refused"},
		"open_quotation_mark_costs_a_line": {csv: "reference\n\"" + known + "\n" + known + "\n\nTHEIRS\n", code: 1, want: "line 2, field 1: a quoted field must end in its line\nline 5: THEIRS is not in the database\n5 lines: 1 header, 1 blank, 2 rows, 1 refused"},
		"column_in_Turkish_capitals":       {csv: "REFERENCE;S\u0130PAR\u0130\u015e\nx;" + known + "\n", args: []string{"--column", "sipari\u015f"}, want: "1 rows, 0 not"},
		"row_of_too_many_fields":           {csv: "reference\n" + known + strings.Repeat(",", 5000) + "\n", code: 1, want: "line 2: has more than 200 fields"},
		"empty_file_is_told":               {code: 1, want: "it is empty"},
		"file_that_is_no_table_is_told":    {csv: "\"reference\n", code: 1, want: "read report"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "report.csv")
			if err := os.WriteFile(file, []byte(tt.csv), 0o600); err != nil {
				t.Fatal(err)
			}
			code, out := run(t, nil, append([]string{"ledger", "compare", "--data", dir, file}, tt.args...)...)
			if code != tt.code || !strings.Contains(out, tt.want) {
				t.Errorf("exit code %d, want %d; output lacks %q:\n%s", code, tt.code, tt.want, out)
			}
		})
	}
	if code := c.end(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	tamper(t, filepath.Join(dir, "vezne.db"), `UPDATE operation SET status = 'declined'`)
	file := filepath.Join(t.TempDir(), "report.csv")
	if err := os.WriteFile(file, []byte("reference\n"+known+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := run(t, nil, "ledger", "compare", "--data", dir, file); code != 1 || !strings.Contains(out, "line 2: "+known+" is declined in the database") {
		t.Errorf("an approval that is declined here: exit code %d: %s", code, out)
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	database := "sqlite:" + filepath.Join(dir, "v.db")
	if code, out := run(t, nil, "migrate", "--database", database); code != 0 {
		t.Fatal(out)
	}
	const header = "prefix,bank_code,bank,scheme,type,program,brand,commercial,domestic\n"
	const good = "542119,0046,Akbank,MASTERCARD,CREDIT,Axess,Axess,false,true\n"
	const other = "542120,0046,Akbank,MASTERCARD,CREDİT,Axess,Axess,false,true\n"
	const third = "542121,0046,Akbank,VİSA,DEBİT,Axess,Axess,false,true\n"
	for name, tt := range map[string]struct {
		csv  string
		code int
		want string
	}{
		"good_rows_are_imported":   {header + good, 0, "2 lines: 1 header, 0 blank, 1 imported, 0 unchanged, 0 refused"},
		"bad_rows_are_reported":    {header + other + "54,,,VISA,CREDIT,,,false,true\n", 1, "3 lines: 1 header, 0 blank, 1 imported, 0 unchanged, 1 refused"},
		"open_quotation_mark":      {header + third + "\"1,2,3\n" + strings.Repeat("\n", 3), 1, "line 3, prefix: a quoted field must end in its line\n6 lines: 1 header, 3 blank, 1 imported, 0 unchanged, 1 refused"},
		"nothing_below_the_header": {header, 1, "nothing stands below the first line"},
		"row_of_a_million_commas":  {header + strings.Repeat(",", 1_000_000) + "\n", 1, "line 2: is longer than 16384 bytes"},
		"file_that_is_no_table":    {"hello\n", 1, "vezne: read BINs"},
		"bad_rows_are_told_by_row": {header + "54,,,VISA,CREDIT,,,false,true\n", 1, "line 2"},
	} {
		t.Run(name, func(t *testing.T) { // not in parallel: a SQLite file has one writer at a time
			file := filepath.Join(dir, name+".csv")
			if err := os.WriteFile(file, []byte(tt.csv), 0o600); err != nil {
				t.Fatal(err)
			}
			code, out := run(t, nil, "bins", "import", "--database", database, file)
			if code != tt.code || !strings.Contains(out, tt.want) {
				t.Errorf("exit code %d, want %d; output lacks %q:\n%s", code, tt.code, tt.want, out)
			}
		})
	}
}

// running is a command that runs until it is stopped.
type running struct {
	t     *testing.T
	lines *bufio.Scanner
	out   *io.PipeReader
	stop  context.CancelFunc
	code  chan int
}

func begin(t *testing.T, environ []string, args ...string) *running {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r, w := io.Pipe()
	c := &running{t: t, lines: bufio.NewScanner(r), out: r, stop: stop, code: make(chan int, 1)}
	go func() {
		c.code <- cli.Run(ctx, args, cli.World{Environ: environ, Stdout: w, Stderr: io.Discard})
		_ = w.Close()
	}()
	t.Cleanup(stop)
	return c
}

// find returns what follows the words on the first line that has them.
func (c *running) find(words string) string {
	c.t.Helper()
	for c.lines.Scan() {
		if _, rest, found := strings.Cut(c.lines.Text(), words); found {
			return strings.TrimSpace(rest)
		}
	}
	c.t.Fatalf("the output has no %q", words)
	return ""
}

// end stops the command and returns its exit code.
func (c *running) end() int {
	c.t.Helper()
	c.stop()
	go func() { _, _ = io.Copy(io.Discard, c.out) }()
	select {
	case code := <-c.code:
		return code
	case <-time.After(wait.Limit):
		c.t.Fatal("the command did not end")
		return -1
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	t.Run("greeting_pays_and_the_directory_goes", func(t *testing.T) {
		t.Parallel()
		c := begin(t, nil, "demo", "--listen", "127.0.0.1:0")
		url := c.find("Vezne demo at ")
		database := strings.TrimPrefix(c.find("database"), "sqlite:")
		c.find("X-API-KEY: api-key   X-API-SECRET: secret-key")
		c.find("curl -X POST " + url + "/api/payment")
		body := strings.TrimSuffix(c.find("-d '"), "'")
		if answer := pay(t, url, body); !strings.Contains(answer, `"status":"SUCCESS"`) {
			t.Error(answer)
		}
		if code := c.end(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		if _, err := os.Stat(filepath.Dir(database)); !os.IsNotExist(err) {
			t.Errorf("the temporary directory stays: %v", err)
		}
	})
	t.Run("books_in_the_directory_are_proven_and_tampering_is_found", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(t.TempDir(), "data")
		c := begin(t, nil, "demo", "--listen", "127.0.0.1:0", "--data", dir)
		url := c.find("Vezne demo at ")
		body := strings.TrimSuffix(c.find("-d '"), "'")
		pay(t, url, body)
		if code := c.end(); code != 0 {
			t.Fatalf("exit code %d", code)
		}
		if code, out := run(t, nil, "ledger", "verify", "--data", dir); code != 0 || !strings.Contains(out, "1 payments, 0 contradictions") {
			t.Errorf("exit code %d: %s", code, out)
		}
		for _, column := range []string{"paid", "wallet", "taken", "commission", "refunded", "refunding"} {
			tamper(t, filepath.Join(dir, "vezne.db"), `UPDATE payment_item SET `+column+` = `+column+` + 1`)
			if code, out := run(t, nil, "ledger", "verify", "--data", dir); code != 1 || !strings.Contains(out, "1 contradictions") {
				t.Errorf("%s of an item: exit code %d: %s", column, code, out)
			}
			tamper(t, filepath.Join(dir, "vezne.db"), `UPDATE payment_item SET `+column+` = `+column+` - 1`)
		}
		tamper(t, filepath.Join(dir, "vezne.db"), `UPDATE ledger_entry SET amount = amount + 1 WHERE position = 0`)
		if code, out := run(t, nil, "ledger", "verify", "--data", dir); code != 1 || !strings.Contains(out, "2 contradictions") {
			t.Errorf("an unbalanced posting: exit code %d: %s", code, out)
		}
		tamper(t, filepath.Join(dir, "vezne.db"), `DELETE FROM ledger_entry`)
		if code, out := run(t, nil, "ledger", "verify", "--data", dir); code != 1 || !strings.Contains(out, "1 contradictions") {
			t.Errorf("a missing posting: exit code %d: %s", code, out)
		}
	})
	t.Run("database_of_choice_is_found_again", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		environ := []string{"VEZNE_DATABASE=sqlite:" + filepath.Join(dir, "mine.db")}
		for range 2 {
			c := begin(t, environ, "demo", "--listen", "127.0.0.1:0")
			url := c.find("Vezne demo at ")
			body := strings.TrimSuffix(c.find("-d '"), "'")
			if answer := pay(t, url, body); !strings.Contains(answer, `"status":"SUCCESS"`) {
				t.Error(answer)
			}
			if code := c.end(); code != 0 {
				t.Errorf("exit code %d", code)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, "mine.db.demo", "keyset.json")); err != nil {
			t.Errorf("the keyset is not beside the database: %v", err)
		}
	})
}

func TestSimulator(t *testing.T) {
	t.Parallel()
	c := begin(t, nil, "simulator", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	url := c.find("bank simulators at ")
	if answer := call(t, http.MethodGet, url+"sandbox/_ledger", ""); !strings.Contains(answer, "transactions") {
		t.Error(answer)
	}
	if code := c.end(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func pay(t *testing.T, url, body string) string {
	t.Helper()
	return call(t, http.MethodPost, url+"/api/payment", body)
}

func call(t *testing.T, method, url, body string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Api-Key", "api-key")
	r.Header.Set("X-Api-Secret", "secret-key")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tamper changes the books behind the server's back.
func tamper(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
