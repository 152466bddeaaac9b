package deploy_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/config"
)

var settingRow = regexp.MustCompile("(?m)^\\| `(VEZNE_[A-Z_]+)` \\| ([^|]*)\\|")

// TestSettings wants the table of docs/operations.md to have every setting, with
// its default, in the order of the code.
func TestSettings(t *testing.T) {
	t.Parallel()
	var got []config.Variable
	for _, row := range settingRow.FindAllStringSubmatch(read(t, "docs/operations.md"), -1) {
		got = append(got, config.Variable{Name: row[1], Default: strings.Trim(row[2], "` ")})
	}
	if diff := cmp.Diff(config.Variables(), got); diff != "" {
		t.Errorf("the settings (-) and docs/operations.md (+) differ:\n%s", diff)
	}
}

// TestEverySettingNamed refuses a VEZNE_ name below deploy/ or in the Dockerfile
// that the server would refuse.
func TestEverySettingNamed(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, v := range config.Variables() {
		known[v.Name] = true
	}
	named := regexp.MustCompile(`VEZNE_[A-Z_]*[A-Z]`)
	for _, path := range append(filesBelow(t, "deploy"), "README.md") {
		for _, name := range named.FindAllString(read(t, path), -1) {
			if !known[name] {
				t.Errorf("%s names %s, which is no setting", path, name)
			}
		}
	}
}
