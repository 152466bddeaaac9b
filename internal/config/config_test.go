package config_test

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vezne/vezne/internal/config"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vezne.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	file := "listen: 127.0.0.1:3\nlog: json\n"
	tests := map[string]struct {
		file, env, flag string
		want            string
	}{
		"default_when_nothing_is_set":  {want: "127.0.0.1:8080"},
		"file_beats_default":           {file: file, want: "127.0.0.1:3"},
		"environment_beats_file":       {file: file, env: "127.0.0.1:2", want: "127.0.0.1:2"},
		"flag_beats_environment":       {file: file, env: "127.0.0.1:2", flag: "127.0.0.1:1", want: "127.0.0.1:1"},
		"empty_environment_is_not_set": {file: file, env: "", want: "127.0.0.1:3"},
		"flag_beats_file":              {file: file, flag: "127.0.0.1:1", want: "127.0.0.1:1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := config.Sources{Environ: []string{"HOME=/root", "VEZNE_LISTEN=" + tt.env}, Flags: map[string]string{}}
			if tt.file != "" {
				s.File = write(t, tt.file)
			}
			if tt.flag != "" {
				s.Flags["listen"] = tt.flag
			}
			c, err := config.Load(s)
			if err != nil {
				t.Fatal(err)
			}
			if c.Listen != tt.want {
				t.Errorf("listen = %s, want %s", c.Listen, tt.want)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	t.Run("words_are_known_in_any_case_and_alphabet", func(t *testing.T) {
		t.Parallel()
		got, err := config.Load(config.Sources{Environ: []string{
			"VEZNE_LOG=JSON", "VEZNE_LOG_LEVEL=İNFO", "VEZNE_TRUSTED_PROXIES=None",
		}})
		if err != nil || got.Log != config.LogJSON || got.LogLevel != slog.LevelInfo || len(got.TrustedProxies) > 0 {
			t.Errorf("%s, %s, %v, %v", got.Log, got.LogLevel, got.TrustedProxies, err)
		}
	})
	t.Run("every_setting_comes_from_the_environment", func(t *testing.T) {
		t.Parallel()
		got, err := config.Load(config.Sources{Environ: []string{
			"VEZNE_LISTEN=[::1]:0", "VEZNE_PUBLIC_URL=https://pay.example.com/", "VEZNE_DATABASE=postgres://db/vezne",
			"VEZNE_REDIS=redis://cache:6379", "VEZNE_KEYSET=/etc/vezne/keyset", "VEZNE_SIMULATOR_URL=http://127.0.0.1:9000",
			"VEZNE_LOG=json", "VEZNE_LOG_LEVEL=debug", "VEZNE_TRUSTED_PROXIES=10.1.2.3/8, fd00::/8", "VEZNE_RATE_LIMIT=50",
			"VEZNE_KMS=https://vault:8200/v1/transit/keys/vezne", "VEZNE_KMS_TOKEN_FILE=/run/token", "VEZNE_KEY_GRACE=90s",
			"VEZNE_TRACES=http://collector:4318", "VEZNE_TRACE_ONE_IN=20", "VEZNE_PPROF=127.0.0.1:6060",
		}})
		if err != nil {
			t.Fatal(err)
		}
		want := config.Config{
			Listen: "[::1]:0", PublicURL: "https://pay.example.com", Database: config.NewDSN("postgres://db/vezne"),
			Redis: config.NewDSN("redis://cache:6379"), Keyset: "/etc/vezne/keyset",
			SimulatorURL: "http://127.0.0.1:9000", Log: config.LogJSON, LogLevel: slog.LevelDebug,
			TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")},
			RateLimit:      50,
			KMS:            "https://vault:8200/v1/transit/keys/vezne", KMSTokenFile: "/run/token", KeyGrace: 90 * time.Second,
			Traces: "http://collector:4318/v1/traces", TraceOneIn: 20, Pprof: "127.0.0.1:6060",
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{}), cmp.Comparer(func(a, b config.DSN) bool { return a == b })); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("defaults_of_the_command_yield_to_the_environment", func(t *testing.T) {
		t.Parallel()
		s := config.Sources{Defaults: map[string]string{"database": "sqlite:demo.db", "keyset": "demo.keyset"}, Environ: []string{"VEZNE_DATABASE=sqlite:mine.db"}}
		c, err := config.Load(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Database.Reveal() + " " + c.Keyset; got != "sqlite:mine.db demo.keyset" {
			t.Errorf("got %s", got)
		}
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		env, file string
		want      string // part of the error
	}{
		"unknown_variable_is_named":         {env: "VEZNE_LISTNE=127.0.0.1:1", want: "VEZNE_LISTNE"},
		"unknown_file_key_is_named":         {file: "listne: x", want: "listne"},
		"nested_file_key_is_named":          {file: "server: {listen: x}", want: "server.listen"},
		"file_that_is_no_map":               {file: "- listen", want: "not a YAML map"},
		"listen_without_port":               {env: "VEZNE_LISTEN=127.0.0.1", want: "setting listen"},
		"listen_with_a_named_port":          {env: "VEZNE_LISTEN=127.0.0.1:http", want: "setting listen"},
		"public_url_without_scheme":         {env: "VEZNE_PUBLIC_URL=pay.example.com", want: "setting public_url"},
		"public_url_with_user":              {env: "VEZNE_PUBLIC_URL=https://a:b@pay.example.com", want: "setting public_url"},
		"public_url_with_query":             {env: "VEZNE_PUBLIC_URL=https://pay.example.com?a=b", want: "setting public_url"},
		"database_of_another_kind":          {env: "VEZNE_DATABASE=mysql://x/y", want: "setting database"},
		"kms_without_a_token_file":          {env: "VEZNE_KMS=https://v/v1/transit/keys/k", want: "setting kms_token_file"},
		"token_file_without_a_kms":          {env: "VEZNE_KMS_TOKEN_FILE=/t", want: "setting kms_token_file"},
		"grace_shorter_than_nodes_notice":   {env: "VEZNE_KEY_GRACE=10ms", want: "setting key_grace"},
		"sqlite_without_path":               {env: "VEZNE_DATABASE=sqlite:", want: "setting database"},
		"rate_limit_of_nothing":             {env: "VEZNE_RATE_LIMIT=0", want: "setting rate_limit"},
		"pprof_on_every_address":            {env: "VEZNE_PPROF=:6060", want: "setting pprof: must be a loopback address"},
		"pprof_on_an_outer_address":         {env: "VEZNE_PPROF=10.0.0.1:6060", want: "setting pprof: must be a loopback address"},
		"pprof_without_a_port":              {env: "VEZNE_PPROF=127.0.0.1", want: "setting pprof"},
		"traces_with_a_password":            {env: "VEZNE_TRACES=https://a:b@collector", want: "setting traces"},
		"traces_of_another_kind":            {env: "VEZNE_TRACES=grpc://collector", want: "setting traces"},
		"one_trace_in_none":                 {env: "VEZNE_TRACE_ONE_IN=0", want: "setting trace_one_in"},
		"redis_of_another_kind":             {env: "VEZNE_REDIS=memcached://x", want: "setting redis"},
		"log_format_of_another_kind":        {env: "VEZNE_LOG=xml", want: "setting log"},
		"log_level_of_another_kind":         {env: "VEZNE_LOG_LEVEL=loud", want: "setting log_level"},
		"file_list_where_text_is_expected":  {file: "listen: [a, b]", want: "setting listen"},
		"simulator_url_without_host":        {env: "VEZNE_SIMULATOR_URL=http://", want: "setting simulator_url"},
		"public_url_with_unreadable_escape": {env: "VEZNE_PUBLIC_URL=https://pay%zz", want: "setting public_url"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := config.Sources{Environ: []string{tt.env}}
			if tt.file != "" {
				s.File = write(t, tt.file)
			}
			_, err := config.Load(s)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one about %q", err, tt.want)
			}
		})
	}
	t.Run("every_wrong_setting_is_named_at_once", func(t *testing.T) {
		t.Parallel()
		_, err := config.Load(config.Sources{Environ: []string{"VEZNE_LOG=xml", "VEZNE_LISTEN=x"}})
		if err == nil || !strings.Contains(err.Error(), "setting log:") || !strings.Contains(err.Error(), "setting listen:") {
			t.Errorf("error = %v, want both settings", err)
		}
	})
	t.Run("missing_file", func(t *testing.T) {
		t.Parallel()
		if _, err := config.Load(config.Sources{File: filepath.Join(t.TempDir(), "none.yaml")}); err == nil {
			t.Error("loaded a file that does not exist")
		}
	})
	t.Run("unknown_flag_is_named", func(t *testing.T) {
		t.Parallel()
		_, err := config.Load(config.Sources{Flags: map[string]string{"public-uri": "x"}})
		if err == nil || !strings.Contains(err.Error(), "--public-uri") {
			t.Errorf("error = %v", err)
		}
	})
}

func TestPasswordsNeverShow(t *testing.T) {
	t.Parallel()
	const password = "hunter-2"
	for name, dsn := range map[string]string{
		"in_user_info":         "postgres://vezne:" + password + "@db:5432/vezne",
		"in_parameters":        "postgres://db:5432/vezne?password=" + password,
		"in_an_unreadable_one": "postgres://vezne:" + password + "@db:port/vezne",
		"in_a_wrong_scheme":    "mysql://vezne:" + password + "@db/vezne",
		"in_key_value_form":    "host=db password=" + password,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := config.Load(config.Sources{Environ: []string{"VEZNE_DATABASE=" + dsn, "VEZNE_REDIS=" + dsn}})
			var log strings.Builder
			slog.New(slog.NewTextHandler(&log, nil)).Info("start", "database", c.Database, "config", c)
			text := fmt.Sprintf("%v %+v %#v %s %v", c, c, c, c.Database, err) + log.String()
			if strings.Contains(text, password) {
				t.Errorf("the password shows in %s", text)
			}
		})
	}
}

func TestSafePublicURL(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		listen, url string
		want        bool
	}{
		"https":                              {"0.0.0.0:8080", "https://pay.example.com", true},
		"plain_http_on_loopback":             {"127.0.0.1:8080", "http://localhost:8080", true},
		"plain_http_elsewhere":               {"127.0.0.1:8080", "http://pay.example.com", false},
		"unset_while_listening_on_loopback":  {"127.0.0.1:8080", "", true},
		"unset_while_listening_on_all":       {"0.0.0.0:8080", "", false},
		"unset_while_listening_on_all_short": {":8080", "", false},
		"name_that_starts_like_localhost":    {"127.0.0.1:8080", "http://localhost.example.com", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config.Config{Listen: tt.listen, PublicURL: tt.url}
			if got := c.SafePublicURL(); got != tt.want {
				t.Errorf("SafePublicURL = %t, want %t", got, tt.want)
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("127.0.0.1:8080", "https://a.example", "postgres://u:p@h/d")
	f.Add("", "", "sqlite:x")
	f.Fuzz(func(t *testing.T, listen, public, database string) {
		c, err := config.Load(config.Sources{Flags: map[string]string{"listen": listen, "public-url": public, "database": database}})
		if err != nil {
			return
		}
		if c.Database.Reveal() != database || strings.HasSuffix(c.PublicURL, "/") {
			t.Errorf("database %q, public URL %q", c.Database.Reveal(), c.PublicURL)
		}
	})
}

// FuzzNetworks holds that the networks of trusted proxies are read whole or not at
// all, for one that is left out or read too wide lets strangers lie about themselves.
func FuzzNetworks(f *testing.F) {
	for _, seed := range []string{"none", "10.0.0.0/8", "10.1.2.3/8, ::1/128", "10.0.0.0", "0.0.0.0/0", "fe80::1%eth0/64", ",", "10.0.0.0/8;::1/128", "::ffff:10.0.0.0/104"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, networks string) {
		c, err := config.Load(config.Sources{Flags: map[string]string{"database": "sqlite:x", "trusted-proxies": networks}})
		if err != nil {
			return
		}
		fields := strings.FieldsFunc(networks, func(r rune) bool { return r == ' ' || r == ',' })
		if networks == "none" {
			fields = nil
		}
		if len(c.TrustedProxies) != len(fields) {
			t.Fatalf("%q was read as %v", networks, c.TrustedProxies)
		}
		for i, n := range c.TrustedProxies {
			if want, err := netip.ParsePrefix(fields[i]); err != nil || n != want.Masked() {
				t.Errorf("%q was read as %s", fields[i], n)
			}
		}
	})
}
