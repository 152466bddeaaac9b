package all_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/all"
)

func TestRegistrations(t *testing.T) {
	t.Parallel()
	t.Run("every_folder_with_a_registration_is_listed_under_its_name", func(t *testing.T) {
		t.Parallel()
		files, err := filepath.Glob("../*/*.go")
		if err != nil {
			t.Fatal(err)
		}
		folders := 0
		for _, name := range files {
			source, err := os.ReadFile(name) //nolint:gosec // source code of this module
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(source), "\nvar Registration = ") {
				continue
			}
			folders++
			if _, ok := all.Lookup(filepath.Base(filepath.Dir(name))); !ok {
				t.Errorf("%s is not listed: run go generate", name)
			}
		}
		if folders == 0 || folders != len(all.Registrations()) {
			t.Errorf("%d folders, %d registrations: run go generate", folders, len(all.Registrations()))
		}
	})
	t.Run("unknown_name_is_not_found", func(t *testing.T) {
		t.Parallel()
		if _, ok := all.Lookup("nobank"); ok {
			t.Error("found")
		}
	})
}

func TestSimulators(t *testing.T) {
	t.Parallel()
	t.Run("each_is_served_under_its_name", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(t.TempDir(), "missing", "folder")
		s, err := all.NewSimulators(connector.SimulatorEnvironment{Clock: clock.System{}, DataDir: dir}, all.Registrations())
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]int{
			"/sim/sandbox/_ledger": http.StatusOK, "/sim/sandbox/": http.StatusNotFound, "/sim/nobank/_ledger": http.StatusNotFound,
			"/sim/_ledger": http.StatusOK, "/sim/_faults": http.StatusOK, "/sim/_settle": http.StatusMethodNotAllowed,
		} {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
			if w.Code != want {
				t.Errorf("%s: status %d, want %d", path, w.Code, want)
			}
			if w.Header().Get("X-Request-Id") == "" {
				t.Errorf("%s: no request id", path)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("each_learns_its_own_address_and_is_closed_when_another_fails", func(t *testing.T) {
		t.Parallel()
		var address string
		var closed flag
		_, err := all.NewSimulators(connector.SimulatorEnvironment{Clock: clock.System{}, PublicURL: "http://h/sim/"}, []connector.Registration{
			{Name: "client"},
			{Name: "good", Simulator: func(e connector.SimulatorEnvironment) (http.Handler, error) {
				address = e.PublicURL
				return &closed, nil
			}},
			{Name: "bad", Simulator: func(connector.SimulatorEnvironment) (http.Handler, error) { return nil, io.ErrUnexpectedEOF }},
		})
		if err == nil || !strings.Contains(err.Error(), "bad") || !bool(closed) || address != "http://h/sim/good" {
			t.Errorf("error %v, closed %t, address %s", err, closed, address)
		}
	})
}

// flag is a handler that notes its close.
type flag bool

func (*flag) ServeHTTP(http.ResponseWriter, *http.Request) {}

func (f *flag) Close() error {
	*f = true
	return nil
}
