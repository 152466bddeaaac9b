package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/knadh/koanf/v2"

	"github.com/vezne/vezne/internal/keyword"
)

// parse turns merged settings into a Config. Its errors name the setting and
// never quote a DSN.
func parse(k *koanf.Koanf) (Config, error) {
	c := Config{
		Listen:   k.String(keyListen),
		Database: DSN{raw: k.String(keyDatabase)},
		Redis:    DSN{raw: k.String(keyRedis)},
		Keyset:   k.String(keyKeyset),

		KMSTokenFile: k.String(keyKMSTokenFile),
		Log:          LogFormat(keyword.Fold(k.String(keyLog))),
	}
	var errs []error
	check := func(key string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("setting %s: %w", key, err))
		}
	}
	var err error
	check(keyListen, checkListen(c.Listen))
	c.PublicURL, err = parseBaseURL(k.String(keyPublicURL))
	check(keyPublicURL, err)
	c.SimulatorURL, err = parseBaseURL(k.String(keySimulatorURL))
	check(keySimulatorURL, err)
	c.TrustedProxies, err = parseNetworks(k.String(keyProxies))
	check(keyProxies, err)
	c.RateLimit, err = parseCount(k.String(keyRateLimit))
	check(keyRateLimit, err)
	c.Traces, err = parseCollector(k.String(keyTraces))
	check(keyTraces, err)
	c.TraceOneIn, err = parseCount(k.String(keyTraceOneIn))
	check(keyTraceOneIn, err)
	c.Pprof = k.String(keyPprof)
	check(keyPprof, checkPprof(c.Pprof))
	check(keyDatabase, checkDatabase(c.Database))
	c.KMS, err = parseBaseURL(k.String(keyKMS))
	check(keyKMS, err)
	check(keyKMSTokenFile, checkTokenFile(c))
	c.KeyGrace, err = parseGrace(k.String(keyKeyGrace))
	check(keyKeyGrace, err)
	check(keyRedis, checkRedis(c.Redis))
	check(keyLog, checkLog(c.Log))
	check(keyLogLevel, parseLevel(k.String(keyLogLevel), &c.LogLevel))
	return c, errors.Join(errs...)
}

// parseCount ends at a million: a request in a microsecond, or one trace of as many.
func parseCount(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 1_000_000 {
		return 0, errors.New("not a number from 1 to 1000000")
	}
	return n, nil
}

// parseGrace takes at least the second within which nodes notice a new key.
func parseGrace(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < time.Second || d > 24*time.Hour {
		return 0, errors.New("want a time such as 5m, from 1s to 24h")
	}
	return d, nil
}

func checkTokenFile(c Config) error {
	if (c.KMS == "") != (c.KMSTokenFile == "") {
		return errors.New("kms and kms_token_file are set together or not at all")
	}
	return nil
}

// parseCollector adds the path of OTLP over HTTP to an address without one
// (OpenTelemetry protocol, section "OTLP/HTTP Request").
func parseCollector(s string) (string, error) {
	address, err := parseBaseURL(s)
	if err != nil || address == "" {
		return "", err
	}
	if u, err := url.Parse(address); err == nil && u.Path == "" {
		address += "/v1/traces"
	}
	return address, nil
}

// checkPprof refuses what another machine could reach: profiles show how the
// process spends its time and memory, and slow it down.
func checkPprof(s string) error {
	if s == "" {
		return nil
	}
	if err := checkListen(s); err != nil {
		return err
	}
	if host, _, _ := net.SplitHostPort(s); !loopback(host) {
		return errors.New("must be a loopback address, such as 127.0.0.1:6060")
	}
	return nil
}

func checkListen(s string) error {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return errors.New("not a host:port address")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return errors.New("the port is not a number from 0 to 65535")
	}
	return nil
}

// parseBaseURL accepts what paths can be appended to: no user info, because the
// URL is shown, and neither query nor fragment.
func parseBaseURL(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", errors.New("not an absolute http or https URL")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("user info, query and fragment are not allowed")
	}
	return strings.TrimRight(s, "/"), nil
}

// parseNetworks reads networks separated by spaces or commas; "none" is none.
func parseNetworks(s string) ([]netip.Prefix, error) {
	if keyword.Same(s, "none") {
		return nil, nil
	}
	var all []netip.Prefix
	for _, field := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' }) {
		network, err := netip.ParsePrefix(field)
		if err != nil {
			return nil, errors.New("want networks such as 10.0.0.0/8, separated by spaces, or none")
		}
		all = append(all, network.Masked())
	}
	return all, nil
}

func checkDatabase(d DSN) error {
	if path, ok := d.SQLitePath(); ok {
		if path == "" {
			return errors.New("sqlite: needs a path")
		}
		return nil
	}
	return checkServer(d, "sqlite:PATH or postgres://", "postgres", "postgresql")
}

func checkRedis(d DSN) error {
	if d.IsZero() {
		return nil
	}
	return checkServer(d, "redis:// or rediss://", "redis", "rediss")
}

// checkServer does not pass url.Parse's error on: it quotes the password.
func checkServer(d DSN, want string, schemes ...string) error {
	u, err := url.Parse(d.raw)
	if err != nil {
		return errors.New("not a URL")
	}
	if !slices.Contains(schemes, u.Scheme) {
		return errors.New("want " + want)
	}
	return nil
}

func checkLog(f LogFormat) error {
	if f != LogText && f != LogJSON {
		return errors.New("want text or json")
	}
	return nil
}

func parseLevel(s string, level *slog.Level) error {
	if err := level.UnmarshalText([]byte(keyword.Fold(s))); err != nil {
		return errors.New("want debug, info, warn or error")
	}
	return nil
}
