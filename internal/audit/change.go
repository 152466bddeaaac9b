package audit

import (
	"bytes"

	"github.com/go-json-experiment/json"
)

// Change returns the facts of an edit for the detail of a record: under "before"
// and "after" what differs between two states of a thing, by the same names. A
// thing that was made has a nil before, one that was removed a nil after; then
// all of it is told and the other side is null. States hold no secrets.
func Change(before, after map[string]any) map[string]any {
	if before == nil || after == nil {
		return map[string]any{"before": orNull(before), "after": orNull(after)}
	}
	was, now := map[string]any{}, map[string]any{}
	for name, value := range after {
		if old, had := before[name]; !had || !same(old, value) {
			now[name] = value
			was[name] = old
		}
	}
	for name, old := range before {
		if _, has := after[name]; !has {
			was[name], now[name] = old, nil
		}
	}
	return map[string]any{"before": was, "after": now}
}

// Changed reports whether the facts of Change tell of any difference.
func Changed(facts map[string]any) bool {
	before, _ := facts["before"].(map[string]any)
	after, _ := facts["after"].(map[string]any)
	return len(before)+len(after) > 0
}

func orNull(state map[string]any) any {
	if state == nil {
		return nil
	}
	return state
}

// same compares values as they will be written. What cannot be written differs,
// so that writing the record tells.
func same(a, b any) bool {
	x, errX := json.Marshal(a, json.Deterministic(true))
	y, errY := json.Marshal(b, json.Deterministic(true))
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
