package app_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vezne/vezne/test/wait"

	"github.com/vezne/vezne/internal/app"
	"github.com/vezne/vezne/internal/config"
	"github.com/vezne/vezne/internal/kms/kmstest"
)

// TestServe_without_the_right_key_is_refused checks what the serve command does:
// a first look at the settings, and then the server itself.
func TestServe_without_the_right_key_is_refused(t *testing.T) {
	t.Parallel()
	s := kmstest.Start(t, "vezne")
	s.AddKey(t, "other")
	token := kmstest.TokenFile(t, kmstest.Token)
	sealing := map[string]string{"kms": s.Key("vezne"), "kms-token-file": token}
	for name, tt := range map[string]struct {
		create, serve map[string]string
		damage        func(t *testing.T, c config.Config)
		want          []string
	}{
		"missing": {
			damage: func(t *testing.T, c config.Config) { remove(t, c.Keyset) },
			want:   []string{"setting keyset", "no such file"},
		},
		"another_keyset": {
			damage: func(t *testing.T, c config.Config) {
				remove(t, c.Keyset)
				create(t, c)
			},
			want: []string{"setting keyset", "keyset.json", "sealed under key", "another keyset"},
		},
		"damaged": {
			damage: func(t *testing.T, c config.Config) {
				text, err := os.ReadFile(c.Keyset)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(c.Keyset, bytes.Replace(text, []byte(`"value"`), []byte(`"valve"`), 1), 0o600); err != nil {
					t.Fatal(err)
				}
			},
			want: []string{"setting keyset", "not a readable keyset"},
		},
		"readable_by_others": {
			damage: func(t *testing.T, c config.Config) {
				if err := os.Chmod(c.Keyset, 0o644); err != nil {
					t.Fatal(err)
				}
			},
			want: []string{"setting keyset", "readable by group or others"},
		},
		"sealed_and_no_service_set": {create: sealing, want: []string{"setting keyset", "setting kms is not set"}},
		"open_and_a_service_set":    {serve: sealing, want: []string{"setting keyset", "not sealed"}},
		"service_refuses_the_token": {
			create: sealing, serve: map[string]string{"kms": s.Key("vezne"), "kms-token-file": kmstest.TokenFile(t, "hvs.revoked")},
			want: []string{"setting keyset", "service refuses", "permission denied"},
		},
		"service_has_another_key": {
			create: sealing, serve: map[string]string{"kms": s.Key("other"), "kms-token-file": token},
			want: []string{"setting keyset", "service refuses"},
		},
		"service_is_down": {
			create: sealing, serve: map[string]string{"kms": "http://127.0.0.1:1/v1/transit/keys/vezne", "kms-token-file": token},
			want: []string{"setting keyset", "cannot be reached"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			made, c := load(t, dir, tt.create), load(t, dir, tt.serve)
			create(t, made)
			if err := app.Migrate(t.Context(), c.Database); err != nil {
				t.Fatal(err)
			}
			first, err := app.NewServer(t.Context(), app.Options{Config: made, Log: quiet()})
			if err != nil {
				t.Fatal(err) // it makes the first data key
			}
			if err := first.Close(); err != nil {
				t.Fatal(err)
			}
			if tt.damage != nil {
				tt.damage(t, c)
			}
			err = serve(t.Context(), c)
			if err == nil {
				t.Fatal("it serves")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q lacks %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "hvs.") {
				t.Error("the error holds the token")
			}
		})
	}
}

// serve does what the command does, up to the moment when it would answer.
func serve(ctx context.Context, c config.Config) error {
	if err := app.CheckProduction(ctx, c); err != nil {
		return err
	}
	s, err := app.NewServer(ctx, app.Options{Config: c, Log: quiet()})
	if err == nil {
		_ = s.Close() // it was not to be
	}
	return err
}

func create(t *testing.T, c config.Config) {
	t.Helper()
	if err := app.CreateKeyset(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func TestKeys_every_step_of_a_rotation_is_told_and_guarded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := load(t, dir, map[string]string{"key-grace": "1s"})
	s := startDemo(t, c, dir)
	command := func(do func(context.Context, config.Config, io.Writer) error) (string, error) {
		var out bytes.Buffer
		err := do(t.Context(), c, &out)
		return out.String(), err
	}
	status := func() string {
		out, err := command(app.KeyStatus)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	contains(t, status(), "primary", "rotation  none so far", "for demo, open")
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return strings.Contains(status(), "node      "+host+" ("+app.Version()+", since 20") })
	if out, err := command(app.RetireKeys); err != nil || !strings.Contains(out, "no older key") {
		t.Errorf("%s, %v", out, err)
	}
	if out, err := command(app.RotateKeys); err != nil || !strings.Contains(out, "primary key") {
		t.Fatalf("%s, %v", out, err)
	}
	if _, err := command(app.RetireKeys); err == nil {
		t.Error("the old key goes while data keys are sealed under it")
	}
	if _, err := command(app.RotateKeys); err == nil || !strings.Contains(err.Error(), "keys retire") {
		t.Errorf("a second rotation begins before the first has ended: %v", err)
	}
	await(t, func() bool { return strings.Contains(status(), ": done,") })
	contains(t, status(), "old      seals 0 data keys")
	if out, err := command(app.RetireKeys); err != nil || !strings.Contains(out, "are gone") {
		t.Fatalf("%s, %v", out, err)
	}
	if strings.Contains(status(), "old ") {
		t.Error(status())
	}
	if code, answer := s.request(t, "POST", "/api/payment", readmeBody(t)); code != 200 ||
		!strings.Contains(answer, "SUCCESS") {
		t.Errorf("%d %s", code, answer)
	}
	s.stop()
	s.wait(t)
	again := startDemo(t, c, filepath.Join(dir, "again"))
	if code, answer := again.request(t, "GET", "/readyz", ""); code != 200 {
		t.Errorf("%d %s", code, answer)
	}
}

// await asks until done says yes.
func await(t *testing.T, done func() bool) {
	t.Helper()
	wait.Until(t, "what the test is about", done)
}
