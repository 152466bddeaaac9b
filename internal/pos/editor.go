package pos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/vault"
)

// Dependencies are what an Editor works with. All are required.
type Dependencies struct {
	Store  Store
	Sealer vault.Sealer
	IDs    *id.Generator
	Clock  clock.Clock
	// Protocols are the connectors that a POS may name.
	Protocols []connector.Registration
	// Invalidate drops what this node has cached.
	Invalidate func()
}

// Editor changes POSes. It is safe for concurrent use.
type Editor struct {
	store      Store
	sealer     vault.Sealer
	ids        *id.Generator
	clock      clock.Clock
	protocols  []connector.Registration
	invalidate func()
}

// NewEditor returns an Editor.
func NewEditor(d Dependencies) *Editor {
	return &Editor{
		store: d.Store, sealer: d.Sealer, ids: d.IDs, clock: d.Clock, protocols: d.Protocols, invalidate: d.Invalidate,
	}
}

// Edit is a POS as it shall be, and the settings to be set; secret ones that
// are not named stay as they are. A new POS has no id.
type Edit struct {
	POS      POS
	Settings map[string]string
}

// Protocols returns the connectors that a POS may name, in no order.
func (e *Editor) Protocols() []connector.Registration { return slices.Clone(e.protocols) }

// POSes returns those of a merchant as they are stored now, by priority then id.
func (e *Editor) POSes(ctx context.Context, m id.Merchant) ([]POS, error) {
	all, err := e.store.POSes(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("read POSes: %w", err)
	}
	return all, nil
}

// POSPage returns a page of them, as Store.POSPage does.
func (e *Editor) POSPage(ctx context.Context, m id.Merchant, cursor string, limit int) ([]POS, string, error) {
	return e.store.POSPage(ctx, m, cursor, limit)
}

// Settings returns the settings of a POS without the secret ones, of which it
// returns the names of those that are set.
func (e *Editor) Settings(ctx context.Context, p POS) (open map[string]string, secrets []string, err error) {
	all, err := e.settings(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	open, secrets = map[string]string{}, []string{}
	protocol, _ := e.protocol(p.Connector)
	for name, value := range all {
		i := slices.IndexFunc(protocol.Settings, func(s connector.Setting) bool { return s.Name == name })
		if i >= 0 && !protocol.Settings[i].Secret {
			open[name] = value
		} else if value != "" {
			secrets = append(secrets, name)
		}
	}
	slices.Sort(secrets)
	return open, secrets, nil
}

// Apply commits edits, all or none. A POS of another version than its row's is
// fault.VersionMismatch; an unknown connector or a wrong setting is a fault on that
// field; another connector for a POS that payments have used is
// fault.POSConnectorFixed.
//
// That last rule holds against a payment that begins at the same moment, because
// both commits write the POS's row. The first operation that goes to a POS marks it
// as used, on the condition that its connector is the one that was routed to; an edit
// changes the connector on the condition that the POS is not used. Whichever commits
// later finds its condition broken. Once a POS is used it stays so, and its later
// payments write nothing.
func (e *Editor) Apply(ctx context.Context, m id.Merchant, edits []Edit, actor string) error {
	stored, err := e.POSes(ctx, m)
	if err != nil {
		return err
	}
	w := &writing{editor: e, merchant: m, actor: actor, stored: stored}
	for _, edit := range edits {
		if err := w.pos(ctx, edit); err != nil {
			return fmt.Errorf("edit POS %s: %w", edit.POS.Alias, err)
		}
	}
	err = e.store.InTx(ctx, func(tx Tx) {
		for _, write := range w.writes {
			write(tx)
		}
	})
	e.invalidate() // after an unclear commit, reading again is right
	switch fault.CodeOf(err) {
	case fault.StaleVersion, fault.DuplicateKey:
		return fault.Wrap(fault.PreconditionFailed, fault.VersionMismatch, "it was changed meanwhile", err)
	case fault.POSConnectorFixed:
		return errConnectorFixed(err)
	}
	if err != nil {
		return fmt.Errorf("edit POSes: %w", err)
	}
	return nil
}

// errConnectorFixed is an edit of a POS's connector after payments went there: they
// could not be asked about, captured or refunded any more.
func errConnectorFixed(cause error) error {
	const message = "a POS that payments have used keeps its connector; create another POS"
	return fault.Wrap(fault.Conflict, fault.POSConnectorFixed, message, cause)
}

// changedNames returns the names of settings that differ, and never a value.
func changedNames(before, after map[string]string) []string {
	changed := []string{}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if before[name] != after[name] {
			changed = append(changed, name)
		}
	}
	return changed
}

func (e *Editor) protocol(name string) (connector.Registration, bool) {
	i := slices.IndexFunc(e.protocols, func(r connector.Registration) bool { return r.Name == name })
	if i < 0 {
		return connector.Registration{}, false
	}
	return e.protocols[i], true
}

// settings opens the settings that are stored; a new POS has none.
func (e *Editor) settings(ctx context.Context, p POS) (map[string]string, error) {
	if len(p.SealedSettings) == 0 {
		return map[string]string{}, nil
	}
	plain, err := e.sealer.Open(ctx, p.SettingsSubject(), p.SealedSettings)
	if err != nil {
		return nil, fmt.Errorf("open settings: %w", err)
	}
	settings := map[string]string{}
	if json.Unmarshal(plain, &settings) != nil {
		return nil, errors.New("open settings: they are no JSON object of strings") // the cause may quote them
	}
	return settings, nil
}

// merge returns the settings of a POS after those that were sent.
func (e *Editor) merge(p POS, before, sent map[string]string) (map[string]string, error) {
	protocol, ok := e.protocol(p.Connector)
	if !ok {
		return nil, invalid("connector", "is not the name of a connector")
	}
	var wrong []fault.Field
	after := make(map[string]string, len(protocol.Settings))
	for _, s := range protocol.Settings {
		value, given := sent[s.Name]
		if !given {
			value = before[s.Name]
		}
		if value != "" {
			after[s.Name] = value
		}
		if s.Required && s.Default == "" && value == "" {
			wrong = append(wrong, fault.Field{Name: "settings." + s.Name, Code: fault.FieldRequired, Message: "is required"})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		if !slices.ContainsFunc(protocol.Settings, func(s connector.Setting) bool { return s.Name == name }) {
			wrong = append(wrong, fault.Field{
				Name: "settings", Code: fault.FieldInvalid, Message: "has a setting that the connector does not know",
			})
		}
	}
	if len(wrong) > 0 {
		return nil, fault.Validation(wrong...)
	}
	return after, nil
}

func invalid(field, message string) error {
	return fault.Validation(fault.Field{Name: field, Code: fault.FieldInvalid, Message: message})
}
