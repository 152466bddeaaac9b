package webhook

import (
	"maps"
	"slices"
	"strings"

	"github.com/vezne/vezne/internal/job"
)

// Test is the type of the event that an owner sends to try an endpoint.
const Test job.Kind = "webhook.test"

// Types returns the types of all events that endpoints can ask for, in order.
func (s *Service) Types() []job.Kind { return slices.Sorted(maps.Keys(s.events)) }

// everything is the pattern of all types.
const everything = "*"

// matches reports whether a pattern takes a type.
func matches(pattern string, t job.Kind) bool {
	if group, ok := strings.CutSuffix(pattern, ".*"); ok {
		return strings.HasPrefix(string(t), group+".")
	}
	return pattern == everything || pattern == string(t)
}

// Wants reports whether the endpoint asked for events of the type.
func (e *Endpoint) Wants(t job.Kind) bool {
	return slices.ContainsFunc(e.Events, func(pattern string) bool { return matches(pattern, t) })
}

// receives reports whether events of the type go to the endpoint.
func (e *Endpoint) receives(t job.Kind) bool { return e.State != Disabled && e.Wants(t) }

// Audience is who of one merchant listens to what, read once for many events. It
// is safe for concurrent use.
type Audience struct{ patterns []string }

// NewAudience returns the audience that a merchant's endpoints are together.
func NewAudience(endpoints []Endpoint) Audience {
	var a Audience
	for _, e := range endpoints {
		if e.State != Disabled {
			a.patterns = append(a.patterns, e.Events...)
		}
	}
	return a
}

// Hears reports whether any endpoint gets events of the type.
func (a Audience) Hears(t job.Kind) bool {
	return slices.ContainsFunc(a.patterns, func(pattern string) bool { return matches(pattern, t) })
}

// knownPattern reports whether a pattern takes any type that there is.
func (s *Service) knownPattern(pattern string) bool {
	return slices.ContainsFunc(s.Types(), func(t job.Kind) bool { return matches(pattern, t) })
}
