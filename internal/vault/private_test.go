package vault_test

import (
	"io/fs"
	"testing"

	"github.com/vezne/vezne/internal/vault"
)

func TestExposed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		perm fs.FileMode
		lent bool
		want bool
	}{
		"owner_alone":                      {0o600, false, false},
		"group_reads_its_owners_file":      {0o640, false, true},
		"others_read_its_owners_file":      {0o604, false, true},
		"group_reads_what_root_lends":      {0o440, true, false},
		"group_may_not_write_what_is_lent": {0o460, true, true},
		"others_may_not_read_what_is_lent": {0o444, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := vault.ExposedMode(tt.perm, tt.lent); got != tt.want {
				t.Errorf("exposed = %t, want %t", got, tt.want)
			}
		})
	}
}
