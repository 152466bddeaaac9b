package routing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/audit"
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

// Apply commits an edit. A POS of another version than its row's is
// fault.VersionMismatch; an unknown connector or a wrong setting is a fault on
// that field.
func (e *Editor) Apply(ctx context.Context, m id.Merchant, edit Edit, actor string) error {
	var writes []func(Tx)
	note := func(action, subject string, facts map[string]any) error {
		n, err := id.Next[id.AuditRecord](ctx, e.IDs, id.NounAuditRecord)
		if err != nil {
			return err
		}
		detail, err := json.Marshal(facts, json.Deterministic(true))
		if err != nil {
			return fmt.Errorf("write audit detail: %w", err)
		}
		r := audit.Record{
			ID: n, MerchantID: m, At: e.Clock.Now(), Actor: actor, Action: action, Subject: subject, Detail: detail,
		}
		writes = append(writes, func(tx Tx) { tx.Record(r) })
		return nil
	}
	for _, p := range edit.POSes {
		if err := e.pos(ctx, m, p, &writes, note); err != nil {
			return fmt.Errorf("edit POS %s: %w", p.POS.Alias, err)
		}
	}
	if err := e.others(ctx, m, edit, &writes, note); err != nil {
		return fmt.Errorf("edit routing: %w", err)
	}
	err := e.Store.InTx(ctx, func(tx Tx) {
		for _, write := range writes {
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
	n, err := id.Next[id.AuditRecord](ctx, e.IDs, id.NounAuditRecord)
	if err != nil {
		return fmt.Errorf("note %s: %w", action, err)
	}
	detail, err := json.Marshal(facts, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("note %s: %w", action, err)
	}
	err = e.Store.InTx(ctx, func(tx Tx) {
		tx.Record(audit.Record{
			ID: n, MerchantID: m, At: e.Clock.Now(), Actor: actor, Action: action,
			Subject: "merchant:" + strconv.FormatInt(int64(m), 10), Detail: detail,
		})
	})
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

// noting adds an audit record to a commit.
type noting = func(action, subject string, facts map[string]any) error

func (e *Editor) pos(ctx context.Context, m id.Merchant, edit POSEdit, writes *[]func(Tx), note noting) error {
	p := edit.POS
	p.MerchantID = m
	before, err := e.settings(ctx, p)
	if err != nil {
		return err
	}
	after, err := e.merge(p, before, edit.Settings)
	if err != nil {
		return err
	}
	plain, err := json.Marshal(after, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	if p.SealedSettings, err = e.Sealer.Seal(ctx, m, vault.PurposePOS, plain); err != nil {
		return fmt.Errorf("seal settings: %w", err)
	}
	action := "pos.update"
	if p.ID == 0 {
		action = "pos.create"
		if p.ID, err = id.Next[id.POS](ctx, e.IDs, id.NounPOS); err != nil {
			return err
		}
	}
	*writes = append(*writes, func(tx Tx) { tx.SavePOS(p) })
	facts := map[string]any{
		"alias": p.Alias, "connector": p.Connector, "status": string(p.Status), "priority": p.Priority, "name": p.Name,
		"three_ds":         string(p.ThreeDS),
		"settings_changed": changedNames(before, after),
	}
	return note(action, "pos:"+strconv.FormatInt(int64(p.ID), 10), facts)
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

func (e *Editor) others(ctx context.Context, m id.Merchant, edit Edit, writes *[]func(Tx), note noting) error {
	for _, p := range edit.Plans {
		p.MerchantID = m
		if p.ID == 0 {
			var err error
			if p.ID, err = id.Next[id.Plan](ctx, e.IDs, id.NounPlan); err != nil {
				return err
			}
		}
		*writes = append(*writes, func(tx Tx) { tx.SavePlan(p) })
		if err := note("plan.save", planSubject(p), planFacts(p)); err != nil {
			return err
		}
	}
	for _, r := range edit.Rules {
		r.MerchantID = m
		if r.ID == 0 {
			var err error
			if r.ID, err = id.Next[id.Rule](ctx, e.IDs, id.NounRule); err != nil {
				return err
			}
		}
		*writes = append(*writes, func(tx Tx) { tx.SaveRule(r) })
		if err := note("rule.save", ruleSubject(r), ruleFacts(r)); err != nil {
			return err
		}
	}
	for _, p := range edit.DropPlans {
		*writes = append(*writes, func(tx Tx) { tx.DropPlan(m, p.ID) })
		if err := note("plan.delete", planSubject(p), planFacts(p)); err != nil {
			return err
		}
	}
	for _, r := range edit.DropRules {
		*writes = append(*writes, func(tx Tx) { tx.DropRule(m, r.ID) })
		if err := note("rule.delete", ruleSubject(r), ruleFacts(r)); err != nil {
			return err
		}
	}
	return nil
}

func planSubject(p installment.Plan) string { return "plan:" + strconv.FormatInt(int64(p.ID), 10) }

func planFacts(p installment.Plan) map[string]any {
	return map[string]any{
		"pos_id": int64(p.POSID), "program": p.Program, "count": p.Count, "active": p.Active,
		"commission_rate": p.CommissionRate, "customer_rate": p.CustomerRate,
	}
}

func ruleSubject(r Rule) string { return "rule:" + strconv.FormatInt(int64(r.ID), 10) }

func ruleFacts(r Rule) map[string]any {
	targets := make([]int64, 0, len(r.Targets))
	for _, t := range r.Targets {
		targets = append(targets, int64(t.POSID))
	}
	return map[string]any{
		"name": r.Name, "position": r.Position, "active": r.Active, "targets": targets, "requires_3ds": r.Requires3DS,
	}
}
