package config

import (
	"log/slog"
	"net/url"
	"strings"
)

// DSN says where a database is. It may hold a password, so every way of printing
// it leaves user info and parameters out; only Reveal gives it as it was set.
type DSN struct{ raw string }

// NewDSN returns s as a DSN.
func NewDSN(s string) DSN { return DSN{raw: s} }

// Reveal returns the DSN as it was set, password included.
func (d DSN) Reveal() string { return d.raw }

// IsZero reports whether none was set.
func (d DSN) IsZero() bool { return d.raw == "" }

// SQLitePath returns the file of a sqlite: DSN, and whether it is one.
func (d DSN) SQLitePath() (string, bool) { return strings.CutPrefix(d.raw, "sqlite:") }

// String returns the DSN without user, password and parameters.
func (d DSN) String() string {
	if path, ok := d.SQLitePath(); ok {
		return "sqlite:" + path
	}
	u, err := url.Parse(d.raw)
	if err != nil || u.Host == "" {
		return "[unreadable]"
	}
	return u.Scheme + "://" + u.Host + u.Path
}

// GoString returns what String returns.
func (d DSN) GoString() string { return d.String() }

// MarshalText returns what String returns.
func (d DSN) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// LogValue returns what String returns.
func (d DSN) LogValue() slog.Value { return slog.StringValue(d.String()) }
