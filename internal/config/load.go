package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
)

const envPrefix = "VEZNE_"

// delimiter is koanf's for nested keys. Settings are flat, so it is a character
// that no name of a setting has.
const delimiter = "\x00"

// The settings, by their names in the YAML file. The environment has them in
// upper case after VEZNE_, flags with dashes.
const (
	keyListen       = "listen"
	keyPublicURL    = "public_url"
	keyDatabase     = "database"
	keyRedis        = "redis"
	keyKeyset       = "keyset"
	keyKMS          = "kms"
	keyKMSTokenFile = "kms_token_file" //nolint:gosec // the name of a setting
	keyKeyGrace     = "key_grace"
	keySimulatorURL = "simulator_url"
	keyProxies      = "trusted_proxies"
	keyRateLimit    = "rate_limit"
	keyTraces       = "traces"
	keyTraceOneIn   = "trace_one_in"
	keyPprof        = "pprof"
	keyLog          = "log"
	keyLogLevel     = "log_level"
)

func keys() []string {
	return []string{
		keyListen, keyPublicURL, keyDatabase, keyRedis, keyKeyset, keyKMS, keyKMSTokenFile, keyKeyGrace, keySimulatorURL,
		keyProxies, keyRateLimit, keyTraces, keyTraceOneIn, keyPprof, keyLog, keyLogLevel,
	}
}

// Variable is an environment variable that Load reads.
type Variable struct {
	Name    string
	Default string // empty for none
}

// Variables returns every environment variable of the process, in the order of
// the documentation.
func Variables() []Variable {
	var all []Variable
	for _, k := range keys() {
		all = append(all, Variable{Name: envPrefix + strings.ToUpper(k), Default: defaults()[k]})
	}
	return all
}

func defaults() map[string]string {
	return map[string]string{
		keyListen: "127.0.0.1:8080",
		// Twice what one node is made to carry.
		keyRateLimit: "10000",
		// No request and no job lives longer (vault.DefaultGrace).
		keyKeyGrace: "5m",
		keyDatabase: "sqlite:vezne.db",
		keyProxies:  "127.0.0.0/8 ::1/128",
		// Every request, until somebody finds that too much.
		keyTraceOneIn: "1",
		keyLog:        string(LogText),
		keyLogLevel:   "info",
	}
}

// Sources is where settings come from.
type Sources struct {
	// Flags holds the flags that were given, by name without dashes in front.
	Flags map[string]string
	// Environ is the environment as "NAME=value"; an empty value counts as unset.
	Environ []string
	// File is the path of the YAML file, empty for none.
	File string
	// Defaults replaces defaults of this package, by name of the setting in the file.
	Defaults map[string]string
}

// Environ returns the environment of the process.
func Environ() []string { return os.Environ() }

// Load reads the sources and returns valid settings. Its errors name every
// setting that is unknown or wrong, in the spelling of its source, and never
// show a value that may hold a password.
func Load(s Sources) (Config, error) {
	followClock()
	all := koanf.New(delimiter)
	for _, layer := range []func(*koanf.Koanf) error{
		values(defaults()), values(s.Defaults), file(s.File), environ(s.Environ), flags(s.Flags),
	} {
		k := koanf.New(delimiter)
		if err := layer(k); err != nil {
			return Config{}, err
		}
		if err := all.Merge(k); err != nil {
			return Config{}, fmt.Errorf("merge settings: %w", err)
		}
	}
	return parse(all)
}

func values(m map[string]string) func(*koanf.Koanf) error {
	return func(k *koanf.Koanf) error { return k.Load(confmap.Provider(boxed(m), delimiter), nil) }
}

func boxed(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for name, v := range m {
		out[name] = v
	}
	return out
}

func flags(m map[string]string) func(*koanf.Koanf) error {
	named := make(map[string]string, len(m))
	for name, v := range m {
		named[strings.ReplaceAll(name, "-", "_")] = v
	}
	return func(k *koanf.Koanf) error {
		if err := values(named)(k); err != nil {
			return err
		}
		return refuseUnknown(k, "flag", func(key string) string { return "--" + strings.ReplaceAll(key, "_", "-") })
	}
}

func environ(vars []string) func(*koanf.Koanf) error {
	return func(k *koanf.Koanf) error {
		provider := env.Provider(delimiter, env.Opt{
			Prefix:      envPrefix,
			EnvironFunc: func() []string { return vars },
			TransformFunc: func(name, value string) (string, any) {
				if value == "" {
					return "", nil
				}
				return strings.ToLower(strings.TrimPrefix(name, envPrefix)), value
			},
		})
		if err := k.Load(provider, nil); err != nil {
			return fmt.Errorf("read environment: %w", err)
		}
		return refuseUnknown(k, "environment variable", func(key string) string { return envPrefix + strings.ToUpper(key) })
	}
}

func file(path string) func(*koanf.Koanf) error {
	return func(k *koanf.Koanf) error {
		if path == "" {
			return nil
		}
		text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
		if err != nil {
			return fmt.Errorf("read configuration: %w", err)
		}
		if err := k.Load(rawbytes.Provider(text), yaml.Parser()); err != nil {
			return fmt.Errorf("read configuration %s: not a YAML map of settings", path)
		}
		return refuseUnknown(k, path+": setting", func(key string) string { return strings.ReplaceAll(key, delimiter, ".") })
	}
}

func refuseUnknown(k *koanf.Koanf, what string, spell func(string) string) error {
	var errs []error
	for _, key := range k.Keys() {
		if !slices.Contains(keys(), key) {
			errs = append(errs, fmt.Errorf("unknown %s %s", what, spell(key)))
		}
	}
	return errors.Join(errs...)
}
