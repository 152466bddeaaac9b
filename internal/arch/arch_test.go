package arch_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/arch"
)

func TestHouse(t *testing.T) {
	t.Parallel()
	breaches, err := arch.Check(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range breaches {
		t.Error(b)
	}
}

// TestTable holds the table to itself and to the tree.
func TestTable(t *testing.T) {
	t.Parallel()
	for _, name := range arch.Unknown(os.DirFS("../..")) {
		t.Errorf("the table has %s, which is no package", name)
	}
	seen := make(map[string]bool)
	for _, r := range arch.Rules() {
		if r.Title == "" || !strings.HasSuffix(r.Line, ".") {
			t.Errorf("storey %q has no title or no sentence", r.Storey)
		}
		for _, p := range r.Packages {
			if seen[p.Path] {
				t.Errorf("package %s is in the table twice", p.Path)
			}
			seen[p.Path] = true
			if p.Line == "" || strings.ContainsAny(p.Line, "|\n") || strings.HasSuffix(p.Line, ".") {
				t.Errorf("package %s needs one line that says what it is for, without a full stop: %q", p.Path, p.Line)
			}
		}
	}
}

// TestCommittedFilesAreUpToDate holds what is made from the table to it.
func TestCommittedFilesAreUpToDate(t *testing.T) {
	t.Parallel()
	for name, render := range map[string]func([]byte) ([]byte, error){
		"docs/architecture.md": arch.Page, ".golangci.yml": arch.Lint,
	} {
		committed, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := render(committed)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(string(want), string(committed)); diff != "" {
			t.Errorf("%s: run go generate ./internal/arch (-want +got):\n%s", name, diff)
		}
		if _, err := render([]byte("no block")); err == nil {
			t.Errorf("%s: a file without the block is written", name)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	ours := func(pkg string) string { return `import _ "github.com/vezne/vezne/internal/` + pkg + `"` }
	tests := map[string]struct {
		file, body string
		want       string // part of the breach; empty for none
	}{
		"value_imports_value":               {"internal/money/x.go", ours("fault"), ""},
		"value_imports_domain":              {"internal/money/x.go", ours("payment"), "must not import payment"},
		"value_imports_contract":            {"internal/money/x.go", ours("connector"), "must not import connector"},
		"domain_imports_value":              {"internal/payment/x.go", ours("money"), ""},
		"keeper_imports_keeper":             {"internal/merchant/x.go", ours("pos"), ""},
		"keeper_imports_money":              {"internal/ledger/x.go", ours("payment"), "must not import payment"},
		"keeper_imports_plans":              {"internal/pos/x.go", ours("installment"), "must not import installment"},
		"keeper_imports_selling":            {"internal/job/x.go", ours("webhook"), "must not import webhook"},
		"money_imports_keeper":              {"internal/routing/x.go", ours("pos"), ""},
		"money_imports_selling":             {"internal/threeds/x.go", ours("checkout"), "must not import checkout"},
		"selling_imports_money":             {"internal/checkout/x.go", ours("threeds"), ""},
		"selling_imports_keeper":            {"internal/webhook/x.go", ours("job"), ""},
		"selling_imports_storage":           {"internal/checkout/x.go", ours("storage"), "must not import storage"},
		"selling_imports_a_server":          {"internal/checkout/x.go", `import _ "net/http"`, "imports net/http"},
		"plans_import_routing":              {"internal/installment/x.go", ours("routing"), "must not import routing"},
		"routing_imports_room_above":        {"internal/routing/x.go", ours("payment"), "must not import payment"},
		"door_kit_imports_money":            {"internal/httpapi/kit/x.go", ours("payment"), "must not import payment"},
		"door_without_a_place":              {"internal/httpapi/new/x.go", "", "in no storey"},
		"domain_imports_domain":             {"internal/payment/x.go", ours("routing"), ""},
		"room_imports_room_below":           {"internal/threeds/x.go", ours("charge"), ""},
		"ground_imports_room_above":         {"internal/payment/x.go", ours("operation"), "must not import operation"},
		"operation_imports_room_above":      {"internal/operation/x.go", ours("charge"), "must not import charge"},
		"charge_imports_room_above":         {"internal/charge/x.go", ours("threeds"), "must not import threeds"},
		"domain_imports_contract":           {"internal/payment/x.go", ours("connector"), ""},
		"domain_imports_storage":            {"internal/payment/x.go", ours("storage/sqlstore"), "must not import storage/sqlstore"},
		"domain_imports_protocol":           {"internal/payment/x.go", ours("connector/sandbox"), "must not import connector/sandbox"},
		"domain_imports_door":               {"internal/payment/x.go", ours("httpapi/kit"), "must not import httpapi/kit"},
		"domain_imports_sql":                {"internal/payment/x.go", `import _ "database/sql"`, "imports database/sql"},
		"domain_imports_files":              {"internal/payment/x.go", `import _ "os"`, "imports os"},
		"vault_imports_files":               {"internal/vault/x.go", `import _ "os"`, ""},
		"protocol_imports_wire":             {"internal/connector/sandbox/x.go", ours("connector/wire"), ""},
		"protocol_imports_domain":           {"internal/connector/sandbox/x.go", ours("payment"), "must not import payment"},
		"protocol_imports_protocol":         {"internal/connector/sandbox/x.go", ours("connector/other"), "must not import connector/other"},
		"list_imports_protocol":             {"internal/connector/all/x.go", ours("connector/sandbox"), ""},
		"door_imports_domain":               {"internal/httpapi/gateway/x.go", ours("payment"), ""},
		"door_imports_kit":                  {"internal/httpapi/gateway/x.go", ours("httpapi/kit"), ""},
		"door_imports_storage":              {"internal/httpapi/gateway/x.go", ours("storage"), "must not import storage"},
		"door_imports_protocol":             {"internal/httpapi/gateway/x.go", ours("connector/all"), "must not import connector/all"},
		"door_imports_door":                 {"internal/httpapi/gateway/x.go", ours("httpapi/admin"), "must not import httpapi/admin"},
		"glue_imports_anything":             {"internal/app/x.go", ours("storage/sqlstore"), ""},
		"glue_imports_test_suite":           {"internal/app/x.go", ours("storage/storetest"), "must not import storage/storetest"},
		"test_files_import_anything":        {"internal/money/x_test.go", ours("app"), ""},
		"test_suite_imports_anything":       {"internal/storage/storetest/x.go", ours("app"), ""},
		"package_outside_of_the_table":      {"internal/util/x.go", "", "in no storey"},
		"package_too_deep_for_a_wildcard":   {"internal/connector/sandbox/deep/x.go", "", "in no storey"},
		"function_that_runs_before_main":    {"internal/money/x.go", "func init() {}", "has an init function"},
		"method_called_init_is_no_init":     {"internal/money/x.go", "type t int\nfunc (t) init() {}", ""},
		"clock_reads_the_time":              {"internal/clock/x.go", "import \"time\"\nvar _ = time.Now", ""},
		"domain_reads_the_time":             {"internal/payment/x.go", "import \"time\"\nvar _ = time.Now", "uses time.Now"},
		"glue_reads_the_time":               {"internal/app/x.go", "import \"time\"\nvar _ = time.Now()", "uses time.Now"},
		"time_under_another_name":           {"internal/payment/x.go", "import t \"time\"\nvar _ = t.Since(t.Time{})", "uses time.Since"},
		"method_called_now":                 {"internal/payment/x.go", "import \"time\"\nvar _ = clock{}.Now(time.UTC)", ""},
		"config_reads_the_environment":      {"internal/config/x.go", "import \"os\"\nvar _ = os.Getenv", ""},
		"glue_reads_the_environment":        {"internal/app/x.go", "import \"os\"\nvar _ = os.LookupEnv", "uses os.LookupEnv"},
		"random_numbers_anyone_can_guess":   {"internal/app/x.go", `import _ "math/rand/v2"`, "imports math/rand/v2"},
		"glue_imports_a_driver":             {"internal/app/x.go", `import _ "github.com/jackc/pgx/v5/pgxpool"`, "SQL lives in"},
		"storage_imports_a_driver":          {"internal/storage/x.go", `import _ "github.com/jackc/pgx/v5/pgxpool"`, ""},
		"value_imports_a_module":            {"internal/money/x.go", `import _ "github.com/google/uuid"`, "standard library"},
		"id_imports_uuid":                   {"internal/id/x.go", `import _ "github.com/google/uuid"`, ""},
		"id_imports_another_module":         {"internal/id/x.go", `import _ "github.com/google/go-cmp/cmp"`, "standard library"},
		"statement_in_a_door":               {"internal/httpapi/gateway/x.go", "const q = `select id from payment`", "statement of SQL"},
		"statement_in_the_store":            {"internal/storage/sqlstore/x.go", "const q = `select id from payment`", ""},
		"statement_in_glue":                 {"internal/app/x.go", `const q = "UPDATE payment SET state = 1"`, "statement of SQL"},
		"words_that_are_no_statement":       {"internal/app/x.go", `const q = "select a POS, or delete it"`, ""},
		"import_of_a_package_not_in_tables": {"internal/app/x.go", ours("util"), "must not import util"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := "// Package x is a case.\npackage x\n" + tt.body + "\n"
			got, err := arch.Check(fstest.MapFS{tt.file: {Data: []byte(source)}})
			if err != nil {
				t.Fatal(err)
			}
			breaches := strings.Join(got, "\n")
			if (tt.want == "") != (breaches == "") || !strings.Contains(breaches, tt.want) {
				t.Errorf("breaches = %q, want %q", breaches, tt.want)
			}
		})
	}
	t.Run("package_without_a_comment", func(t *testing.T) {
		t.Parallel()
		got, err := arch.Check(fstest.MapFS{"internal/money/x.go": {Data: []byte("package money\n")}})
		if err != nil || len(got) != 1 || !strings.Contains(got[0], "no package comment") {
			t.Errorf("Check = %v, %v", got, err)
		}
	})
	t.Run("source_that_does_not_parse", func(t *testing.T) {
		t.Parallel()
		if _, err := arch.Check(fstest.MapFS{"internal/money/x.go": {Data: []byte("pakage money\n")}}); err == nil {
			t.Error("read what is no Go")
		}
	})
}
