package merchant

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
)

// The bounds of settings. A list stands in a header of every hosted page, so it
// is kept short; a link that lives longer than MaxLife is forgotten by its payer.
const (
	maxWords = 20
	maxWord  = 253 // of a host name (RFC 1035, section 2.3.4)
	// MinLife is the shortest time for which a checkout's link may live.
	MinLife = time.Minute
	// MaxLife is the longest.
	MaxLife = 30 * 24 * time.Hour
)

// Merchant returns a merchant.
func (s *Service) Merchant(ctx context.Context, m id.Merchant) (Merchant, error) {
	found, err := s.store.Merchant(ctx, m)
	if err != nil {
		return found, fmt.Errorf("read settings: %w", err)
	}
	return found, nil
}

// SaveSettings makes a merchant from what it was to what it shall be: name,
// half-secure and 3-D Secure policy, hosts and checkout. What was must be the
// newest version (fault.VersionMismatch); whatever is wrong is a fault on its
// field. An edit that changes nothing leaves no trace.
func (s *Service) SaveSettings(ctx context.Context, was, shall Merchant, actor string) (Merchant, error) {
	shall.ID, shall.Version, shall.Active, shall.CreatedAt = was.ID, was.Version, was.Active, was.CreatedAt
	shall.Logo = was.Logo
	if err := shall.check(); err != nil {
		return Merchant{}, err
	}
	facts := audit.Change(was.facts(), shall.facts())
	if !audit.Changed(facts) {
		return was, nil
	}
	r, err := s.recordMerchant(ctx, was.ID, actor, "settings.update", facts)
	if err != nil {
		return Merchant{}, fmt.Errorf("save settings: %w", err)
	}
	err = s.store.InTx(ctx, func(tx Tx) {
		tx.SaveSettings(shall)
		tx.Record(r)
	})
	s.caches.Invalidate() // after an unclear commit, reading again is right
	if fault.CodeOf(err) == fault.StaleVersion {
		return Merchant{}, fault.Wrap(fault.PreconditionFailed, fault.VersionMismatch,
			"the settings were changed meanwhile", err)
	}
	if err != nil {
		return Merchant{}, fmt.Errorf("save settings: %w", err)
	}
	shall.Version++
	return shall, nil
}

// facts are the settings by their names, for the audit log.
func (m Merchant) facts() map[string]any {
	return map[string]any{
		"name": m.Name, "half_secure": m.HalfSecure, "three_ds": string(m.ThreeDS), "hosts": m.Hosts,
		"checkout.without_3ds": m.Checkout.Without3DS, "checkout.frames": m.Checkout.Frames,
		"checkout.without_saved_cards": m.Checkout.WithoutSavedCards, "checkout.life": m.Checkout.Life.String(),
	}
}

func (m Merchant) check() error {
	var wrong []fault.Field
	bad := func(name string, code fault.FieldCode, message string) {
		wrong = append(wrong, fault.Field{Name: name, Code: code, Message: message})
	}
	if err := checkName(m.Name); err != nil {
		wrong = append(wrong, fault.From(err).Fields...)
	}
	if !m.ThreeDS.Valid() {
		bad("three_ds", fault.FieldInvalid, "must be optional, debit or all")
	}
	checkWords(m.Hosts, isHost, func(code fault.FieldCode, what string) { bad("hosts", code, what) },
		"must be host names without scheme, port or path")
	checkWords(m.Checkout.Frames, isOrigin, func(code fault.FieldCode, what string) { bad("checkout.frames", code, what) },
		"must be origins such as https://shop.example.com")
	if m.Checkout.Life != 0 && (m.Checkout.Life < MinLife || m.Checkout.Life > MaxLife) {
		bad("checkout.life_minutes", fault.FieldOutOfRange, "must be from a minute to thirty days")
	}
	if len(wrong) > 0 {
		return fault.Validation(wrong...)
	}
	return nil
}

// checkWords checks a list whose members are separated by spaces.
func checkWords(list string, right func(string) bool, bad func(fault.FieldCode, string), meaning string) {
	all := strings.Fields(list)
	if len(all) > maxWords {
		bad(fault.FieldTooLong, "must have at most "+strconv.Itoa(maxWords)+" members")
	}
	for _, word := range all {
		if !right(word) {
			bad(fault.FieldInvalid, meaning)
			return
		}
	}
}

// isHost reports whether it is a host name or an address. Nothing in it can end
// a member of a header's list.
func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return !strings.Contains(s, "%")
	}
	if s == "" || len(s) > maxWord || s != strings.ToLower(s) ||
		strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// isOrigin reports whether it is an origin (RFC 6454, section 6.2) whose pages may
// be trusted with a frame: over TLS, or on the developer's own machine.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Scheme+"://"+u.Host != s || strings.HasSuffix(u.Host, ":") || !isHost(u.Hostname()) ||
		!isPort(u.Port()) {
		return false
	}
	local := u.Hostname() == "localhost"
	if a, err := netip.ParseAddr(u.Hostname()); err == nil {
		local = a.IsLoopback()
	}
	return u.Scheme == "https" || (u.Scheme == "http" && local)
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return s == "" || (err == nil && n > 0)
}
