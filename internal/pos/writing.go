package pos

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/id"
)

// writing gathers the writes of one commit, each with its audit record.
type writing struct {
	editor   *Editor
	merchant id.Merchant
	actor    string
	// stored is what the edits change. The versions of its rows are what the commit
	// expects, so what the records tell as before was before.
	stored []POS
	writes []func(Tx)
}

// note adds an audit record.
func (w *writing) note(ctx context.Context, action, subject string, facts map[string]any) error {
	r, err := audit.NewRecord(ctx, w.editor.ids, w.editor.clock, audit.Deed{
		MerchantID: w.merchant, Actor: w.actor, Action: action, Subject: subject, Facts: facts,
	})
	if err != nil {
		return err
	}
	w.writes = append(w.writes, func(tx Tx) { tx.Record(r) })
	return nil
}

// sealedAs returns the POS as its settings were sealed: with the connector that is
// stored, which the edit may change.
func (w *writing) sealedAs(p POS) POS {
	for _, stored := range w.stored {
		if stored.ID == p.ID {
			p.Connector = stored.Connector
		}
	}
	return p
}

func (w *writing) pos(ctx context.Context, edit Edit) error {
	p, e := edit.POS, w.editor
	p.MerchantID = w.merchant
	was, err := e.settings(ctx, w.sealedAs(p))
	if err != nil {
		return err
	}
	shall, err := e.merge(p, was, edit.Settings)
	if err != nil {
		return err
	}
	plain, err := json.Marshal(shall, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	action, before := "pos.create", map[string]any(nil)
	if i := slices.IndexFunc(w.stored, func(o POS) bool { return o.ID == p.ID }); i >= 0 {
		action, before = "pos.update", facts(w.stored[i])
	}
	if p.ID == 0 {
		if p.ID, err = id.Next[id.POS](ctx, e.ids, id.NounPOS); err != nil {
			return err
		}
	}
	if p.SealedSettings, err = e.sealer.Seal(ctx, p.SettingsSubject(), plain); err != nil {
		return fmt.Errorf("seal settings: %w", err)
	}
	w.writes = append(w.writes, func(tx Tx) { tx.SavePOS(p) })
	change := audit.Change(before, facts(p))
	change["alias"], change["settings_changed"] = p.Alias, changedNames(was, shall)
	return w.note(ctx, action, "pos:"+strconv.FormatInt(int64(p.ID), 10), change)
}

// facts are what an audit record tells of a POS: never its settings.
func facts(p POS) map[string]any {
	currencies := make([]string, 0, len(p.Currencies))
	for _, c := range p.Currencies {
		currencies = append(currencies, c.String())
	}
	return map[string]any{
		"alias": p.Alias, "name": p.Name, "bank_code": p.BankCode, "connector": p.Connector, "status": string(p.Status),
		"priority": p.Priority, "currencies": currencies, "programs": append([]string{}, p.Programs...),
		"accepts_domestic": p.AcceptsDomestic, "accepts_foreign": p.AcceptsForeign, "three_ds": string(p.ThreeDS),
		"timeout_seconds": int(p.RequestLimit().Seconds()), "capture_hours": int(p.CaptureLimit().Hours()),
	}
}
