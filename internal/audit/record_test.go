package audit_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/id"
)

// fromOne reserves the ids from one on.
type fromOne struct{}

func (fromOne) Reserve(context.Context, id.Noun, int) (int64, error) { return 1, nil }

func TestNewRecord(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		facts  any
		detail []byte
		want   string
	}{
		"facts_in_order_of_their_names": {facts: map[string]any{"b": 1, "a": nil}, want: `{"a":null,"b":1}`},
		"an_edit_tells_before_and_after": {
			facts: audit.Change(map[string]any{"name": "x"}, map[string]any{"name": "y"}),
			want:  `{"after":{"name":"y"},"before":{"name":"x"}}`,
		},
		"nothing_is_an_empty_object":         {want: `{}`},
		"no_map_is_an_empty_object":          {facts: map[string]any(nil), want: `{}`},
		"what_is_written_already_is_kept_so": {detail: []byte(`{"b":1}`), want: `{"b":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := audit.NewRecord(t.Context(), id.NewGenerator(fromOne{}), clock.NewManual(now), audit.Deed{
				MerchantID: 7, Actor: "user:3", Action: "pos.update", Subject: "pos:9", Facts: tt.facts, Detail: tt.detail,
			})
			want := audit.Record{
				ID: 1, MerchantID: 7, At: now, Actor: "user:3", Action: "pos.update", Subject: "pos:9", Detail: []byte(tt.want),
			}
			if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b audit.Origin) bool { return a == b })); err != nil ||
				diff != "" {
				t.Errorf("record (-want +got):\n%s%v", diff, err)
			}
		})
	}
	t.Run("facts_that_cannot_be_written_make_no_record", func(t *testing.T) {
		t.Parallel()
		if _, err := audit.NewRecord(t.Context(), id.NewGenerator(fromOne{}), clock.System{}, audit.Deed{Facts: func() {}}); err == nil {
			t.Error("a function was written")
		}
	})
}
