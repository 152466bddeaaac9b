// Package config gathers the settings of a process from flags, environment, a
// YAML file and defaults, in this order of precedence, and refuses what it does
// not know. It is the only place that reads the environment.
package config

import (
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"time"
)

// LogFormat is how log lines are written.
type LogFormat string

// The log formats.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// Config is a valid set of settings. It is read-only once loaded.
type Config struct {
	// Listen is the TCP address that the server listens on; port 0 means any.
	Listen string
	// PublicURL is how the outside reaches the server, without a slash at its
	// end; empty means "http:// and whatever address is listened on".
	PublicURL string
	// Database is sqlite:PATH or postgres://…
	Database DSN
	// Redis keeps what several nodes share: short-lived secrets and the counts of
	// limits; empty means in process.
	Redis DSN
	// Keyset is the file of the key that seals everything else.
	Keyset string
	// KMS is the URL of the key of a key management service that seals the keyset,
	// and KMSTokenFile the file of the token for it; both are empty for none.
	KMS, KMSTokenFile string
	// KeyGrace is how long a rotation of keys waits for requests that began before.
	KeyGrace time.Duration
	// SimulatorURL is where the demo's banks are played; empty means in process.
	SimulatorURL string
	// TrustedProxies are the networks of the proxies in front of the server, whose
	// X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// RateLimit is how many requests in a second one credential may send, with
	// a burst of twice as many: to all nodes if they share Redis, else to each.
	RateLimit int
	// Traces is where a collector takes OTLP over HTTP; empty means that no trace
	// is recorded. One request in TraceOneIn is.
	Traces     string
	TraceOneIn int
	// Pprof is the loopback address of Go's own profiles; empty for none.
	Pprof    string
	Log      LogFormat
	LogLevel slog.Level
}

// LoopbackListen reports whether only this machine can reach the server.
func (c Config) LoopbackListen() bool {
	host, _, err := net.SplitHostPort(c.Listen)
	return err == nil && loopback(host)
}

// SafePublicURL reports whether keys may travel to the public URL: it is https,
// or it does not leave this machine.
func (c Config) SafePublicURL() bool {
	if c.PublicURL == "" {
		return c.LoopbackListen()
	}
	u, err := url.Parse(c.PublicURL)
	return err == nil && (u.Scheme == "https" || loopback(u.Hostname()))
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
