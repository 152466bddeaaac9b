package audit_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/audit"
)

func TestChange(t *testing.T) {
	t.Parallel()
	type facts = map[string]any
	for name, tt := range map[string]struct {
		before, after facts
		want          facts
		changed       bool
	}{
		"what_differs_is_told_on_both_sides": {
			facts{"name": "a", "active": true}, facts{"name": "b", "active": true},
			facts{"before": facts{"name": "a"}, "after": facts{"name": "b"}}, true,
		},
		"what_stays_is_not_told": {
			facts{"name": "a"}, facts{"name": "a"}, facts{"before": facts{}, "after": facts{}}, false,
		},
		"equal_lists_stay": {
			facts{"programs": []string{"Bonus"}}, facts{"programs": []string{"Bonus"}}, facts{"before": facts{}, "after": facts{}}, false,
		},
		"a_new_member_was_null": {
			facts{}, facts{"limit": 5}, facts{"before": facts{"limit": nil}, "after": facts{"limit": 5}}, true,
		},
		"a_member_that_goes_is_null": {
			facts{"limit": 5}, facts{}, facts{"before": facts{"limit": 5}, "after": facts{"limit": nil}}, true,
		},
		"what_was_made_is_told_whole": {
			nil, facts{"name": "a", "active": true}, facts{"before": nil, "after": facts{"name": "a", "active": true}}, true,
		},
		"what_was_removed_is_told_whole": {
			facts{"name": "a"}, nil, facts{"before": facts{"name": "a"}, "after": nil}, true,
		},
		"what_cannot_be_written_differs": {
			facts{"f": func() {}}, facts{"f": func() {}}, nil, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := audit.Change(tt.before, tt.after)
			if tt.want != nil {
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
			if audit.Changed(got) != tt.changed {
				t.Errorf("changed is %t", !tt.changed)
			}
		})
	}
}
