package cli_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/vezne/vezne/internal/cli"
	"github.com/vezne/vezne/internal/config"
)

// TestConfigCheck holds that every setting is printed, one that is added later too,
// and no secret.
func TestConfigCheck(t *testing.T) {
	t.Parallel()
	var said, wrong bytes.Buffer
	code := cli.Run(t.Context(), []string{"config", "check"}, cli.World{Stdout: &said, Stderr: &wrong, Environ: []string{
		"VEZNE_TRUSTED_PROXIES=10.0.0.0/8,192.0.2.1/32", "VEZNE_RATE_LIMIT=77",
		"VEZNE_DATABASE=postgres://vezne:s3cretword@db.example/vezne", "VEZNE_REDIS=redis://:oth3rword@cache.example:6379",
	}})
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, wrong.String())
	}
	printed := map[string]string{}
	for line := range strings.Lines(said.String()) {
		name, value, _ := strings.Cut(line, " ")
		printed[name] = strings.TrimSpace(value)
	}
	for field := range reflect.TypeFor[config.Config]().Fields() {
		if _, ok := printed[settingOf(field.Name)]; !ok {
			t.Errorf("%s of the settings is not printed as %s", field.Name, settingOf(field.Name))
		}
	}
	for name, want := range map[string]string{"trusted_proxies": "10.0.0.0/8,192.0.2.1/32", "rate_limit": "77"} {
		if printed[name] != want {
			t.Errorf("%s is %q, want %q", name, printed[name], want)
		}
	}
	for _, secret := range []string{"s3cretword", "oth3rword"} {
		if strings.Contains(said.String()+wrong.String(), secret) {
			t.Errorf("a secret is printed: %s", said.String())
		}
	}
}

// settingOf returns the name of a setting by that of its field: KMSTokenFile is
// kms_token_file.
func settingOf(field string) string {
	var b strings.Builder
	letters := []rune(field)
	for i, c := range letters {
		if i > 0 && unicode.IsUpper(c) && (unicode.IsLower(letters[i-1]) || (i+1 < len(letters) && unicode.IsLower(letters[i+1]))) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}
