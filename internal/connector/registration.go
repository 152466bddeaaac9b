package connector

import (
	"net/http"
	"time"

	"github.com/vezne/vezne/internal/clock"
)

// Registration is the one value that a protocol's folder exports.
type Registration struct {
	// Name is the protocol's name in POS records, URLs and metrics: lower-case
	// letters and digits.
	Name string
	// Title is the name for people.
	Title string
	// Settings describes the fields that a POS account of this protocol needs.
	Settings []Setting
	// Connector is a value of the type that Open returns, such as a nil pointer, for
	// what its interfaces say about the protocol. No method of it is ever called.
	Connector Connector
	// Open returns a connector for one POS account. It fails with an error that
	// names the setting that is missing or wrong and never its value.
	Open func(settings map[string]string, env Environment) (Connector, error)
	// Simulator returns the server that plays the bank, nil if there is none. It
	// is mounted at /sim/<name>/ and sees paths relative to that.
	Simulator func(env SimulatorEnvironment) (http.Handler, error)
}

// Setting is one field of a POS account's settings.
type Setting struct {
	Name     string
	Title    string
	Required bool
	// Secret settings are never shown again once they were given.
	Secret bool
	// Default is used when the setting is absent.
	Default string
}

// Environment is what a connector gets from outside.
type Environment struct {
	// HTTP carries every request to the bank. It never follows redirects, never
	// retries, and bounds the answer's size.
	HTTP  *http.Client
	Clock clock.Clock
	// SimulatorURL is the address under which simulators are served in a demo,
	// such as http://127.0.0.1:8080/sim; empty in production. A connector whose
	// settings name no address of the bank uses its own simulator there.
	SimulatorURL string
	// TestMode is true in the demo. Registrations refuse simulator addresses
	// outside of it.
	TestMode bool
}

// SimulatorEnvironment is what a simulator gets from outside.
type SimulatorEnvironment struct {
	Clock clock.Clock
	// DataDir is where a durable ledger is kept, one file per simulator; empty
	// means in memory.
	DataDir string
	// PowerSafe makes that ledger survive the loss of power too, and not just the
	// end of the process, at the price of a disk flush for each group of bookings.
	PowerSafe bool
	// PublicURL is the simulator's own address, such as
	// http://127.0.0.1:8080/sim/sandbox, for pages that a browser returns to.
	PublicURL string
	// MaxHang bounds how long a fault may keep a connection open.
	MaxHang time.Duration
}
