package connectortest

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/wire"
	"github.com/vezne/vezne/internal/money"
)

const (
	// patience is how long a test waits for what must happen.
	patience = 30 * time.Second
	// impatience is the deadline of a call that is meant to run into it: long
	// enough that a busy machine has booked by then.
	impatience = time.Second
)

// bank is a running simulator and a connector to it. Whatever the connector and
// the server say is kept and searched for card data at the end.
type bank struct {
	t      *testing.T
	suite  suite
	dir    string
	server *httptest.Server
	http   *http.Client
	conn   connector.Connector
	refs   atomic.Int64
	// enrolled are the cards of enrolments, by reference.
	enrolled map[string]card.Card
	memos    map[string]connector.Memo
	// sent are the follow-ups of each original that were sent, by its reference.
	sent map[string][]connector.Sibling

	mu   sync.Mutex
	said bytes.Buffer
}

// start runs a simulator on a folder of its own.
func (s suite) start(t *testing.T) *bank { return s.startIn(t, t.TempDir(), nil) }

func (s suite) startIn(t *testing.T, dir string, around func(http.Handler) http.Handler) *bank {
	t.Helper()
	b := &bank{
		t: t, suite: s, dir: dir, enrolled: make(map[string]card.Card),
		memos: make(map[string]connector.Memo), sent: make(map[string][]connector.Sibling),
	}
	prefix := "/sim/" + s.registration.Name
	b.server = httptest.NewUnstartedServer(nil)
	simulator, err := s.registration.Simulator(connector.SimulatorEnvironment{
		Clock: clock.System{}, DataDir: dir, MaxHang: 2 * patience,
		PublicURL: "http://" + b.server.Listener.Addr().String() + prefix,
	})
	if err != nil {
		t.Fatalf("start simulator: %v", err)
	}
	b.server.Config.ErrorLog = log.New(b, "", 0)
	b.server.Config.Handler = http.StripPrefix(prefix, except(simulator, around))
	b.server.Start()
	b.http = wire.NewClient(wire.Options{})
	b.conn, err = s.registration.Open(s.cases.Settings, b.environment())
	if err != nil {
		t.Fatalf("open connector: %v", err)
	}
	t.Cleanup(func() {
		b.searchForCardData()
		b.stop(simulator)
	})
	return b
}

// except leaves the simulator's own endpoints alone.
func except(h http.Handler, around func(http.Handler) http.Handler) http.Handler {
	if around == nil {
		return h
	}
	wrapped := around(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/_") {
			h.ServeHTTP(w, r)
			return
		}
		wrapped.ServeHTTP(w, r)
	})
}

func (b *bank) stop(simulator http.Handler) {
	b.http.CloseIdleConnections()
	b.server.CloseClientConnections()
	b.server.Close()
	if c, ok := simulator.(io.Closer); ok {
		if err := c.Close(); err != nil {
			b.t.Errorf("close simulator: %v", err)
		}
	}
}

func (b *bank) environment() connector.Environment {
	return connector.Environment{
		HTTP: b.http, Clock: clock.System{}, TestMode: true, SimulatorURL: b.server.URL + "/sim",
	}
}

// Write keeps what the server logs.
func (b *bank) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.said.Write(p)
}

// heard keeps an answer and its error.
func (b *bank) heard(a connector.Answer, err error) {
	_, _ = fmt.Fprintf(b, "%+v %s %v\n", a, []byte(a.Memo), err) // b never fails
	if len(a.Memo) > connector.MaxMemo {
		b.t.Errorf("memo of %d bytes, at most %d are kept", len(a.Memo), connector.MaxMemo)
	}
}

func (b *bank) reference() string { return fmt.Sprintf("CT%018d", b.refs.Add(1)) }

func (b *bank) amount(minor int64) money.Amount {
	return money.FromMinor(minor, b.suite.cases.Currency)
}

// exactly compares amounts and memos by what they hold.
var exactly = cmp.Options{
	cmp.Comparer(func(a, b money.Amount) bool { return a == b }),
	cmpopts.EquateEmpty(),
}

func now() time.Time { return clock.System{}.Now() }
