package routing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/vault"
)

// EditorOptions are what an Editor works with. All are required.
type EditorOptions struct {
	Store  Store
	BINs   bin.Store
	Sealer vault.Sealer
	IDs    *id.Generator
	Clock  clock.Clock
	// Protocols are the connectors that a POS may name.
	Protocols []connector.Registration
	// Invalidate drops what this node has cached.
	Invalidate func()
}

// Editor changes what routing knows. It is safe for concurrent use.
type Editor struct{ EditorOptions }

// NewEditor returns an Editor.
func NewEditor(o EditorOptions) *Editor { return &Editor{o} }

// Edit is what one commit changes: all of it or nothing. New things have no id.
type Edit struct {
	POSes     []POSEdit
	Plans     []installment.Plan
	Rules     []Rule
	DropPlans []installment.Plan
	DropRules []Rule
}

// POSEdit is a POS as it shall be, and the settings to be set; secret ones that
// are not named stay as they are.
type POSEdit struct {
	POS      pos.POS
	Settings map[string]string
}

// Table returns what routing knows about a merchant, as it is stored now.
func (e *Editor) Table(ctx context.Context, m id.Merchant) (Table, error) {
	t, err := e.Store.Table(ctx, m)
	if err != nil {
		return t, fmt.Errorf("read routing table: %w", err)
	}
	return t, nil
}

// Lists returns the lists that people look through, as they are stored now.
func (e *Editor) Lists() Lister { return e.Store }

// Settings returns the settings of a POS without the secret ones, of which it
// returns the names of those that are set.
func (e *Editor) Settings(ctx context.Context, p pos.POS) (open map[string]string, secrets []string, err error) {
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

// Apply commits an edit. A POS, plan or rule of another version than its row's is
// fault.VersionMismatch; an unknown connector or a wrong setting is a fault on
// that field.
func (e *Editor) Apply(ctx context.Context, m id.Merchant, edit Edit, actor string) error {
	stored, err := e.Table(ctx, m)
	if err != nil {
		return err
	}
	w := &writing{editor: e, merchant: m, actor: actor, stored: stored}
	for _, p := range edit.POSes {
		if err := w.pos(ctx, p); err != nil {
			return fmt.Errorf("edit POS %s: %w", p.POS.Alias, err)
		}
	}
	if err := w.others(ctx, edit); err != nil {
		return fmt.Errorf("edit routing: %w", err)
	}
	err = e.Store.InTx(ctx, func(tx Tx) {
		for _, write := range w.writes {
			write(tx)
		}
	})
	e.Invalidate() // after an unclear commit, reading again is right
	switch fault.CodeOf(err) {
	case fault.StaleVersion, fault.DuplicateKey:
		return fault.Wrap(fault.PreconditionFailed, fault.VersionMismatch, "it was changed meanwhile", err)
	}
	if err != nil {
		return fmt.Errorf("edit routing: %w", err)
	}
	return nil
}

// Note leaves an audit record about the whole of a merchant.
func (e *Editor) Note(ctx context.Context, m id.Merchant, actor, action string, facts map[string]any) error {
	w := &writing{editor: e, merchant: m, actor: actor}
	if err := w.note(ctx, action, "merchant:"+strconv.FormatInt(int64(m), 10), facts); err != nil {
		return fmt.Errorf("note %s: %w", action, err)
	}
	err := e.Store.InTx(ctx, func(tx Tx) { w.writes[0](tx) })
	if err != nil {
		return fmt.Errorf("note %s: %w", action, err)
	}
	return nil
}

// ImportBINs adds rows to the BIN table, which all merchants share, replacing
// equal prefixes.
func (e *Editor) ImportBINs(ctx context.Context, rows []bin.Info) error {
	err := e.BINs.SaveBINs(ctx, rows)
	e.Invalidate()
	if err != nil {
		return fmt.Errorf("import BINs: %w", err)
	}
	return nil
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
	i := slices.IndexFunc(e.Protocols, func(r connector.Registration) bool { return r.Name == name })
	if i < 0 {
		return connector.Registration{}, false
	}
	return e.Protocols[i], true
}

// settings opens the settings that are stored; a new POS has none.
func (e *Editor) settings(ctx context.Context, p pos.POS) (map[string]string, error) {
	if len(p.SealedSettings) == 0 {
		return map[string]string{}, nil
	}
	plain, err := e.Sealer.Open(ctx, p.MerchantID, vault.PurposePOS, p.SealedSettings)
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
func (e *Editor) merge(p pos.POS, before, sent map[string]string) (map[string]string, error) {
	protocol, ok := e.protocol(p.Connector)
	if !ok {
		return nil, fault.Validation(fault.Field{Name: "connector", Code: fault.FieldInvalid, Message: "is not the name of a connector"})
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
			wrong = append(wrong, fault.Field{Name: "settings", Code: fault.FieldInvalid, Message: "has a setting that the connector does not know"})
		}
	}
	if len(wrong) > 0 {
		return nil, fault.Validation(wrong...)
	}
	return after, nil
}
