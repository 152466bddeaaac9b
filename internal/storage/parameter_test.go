package storage_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/storage"
)

func TestPlace(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text, want string
		args       []any // as they are bound; those of the caller are 1, 2 and so on
	}{
		"none":                      {`SELECT 1`, `SELECT 1`, nil},
		"in_order":                  {`VALUES ($1, $2)`, `VALUES (?, ?)`, []any{1, 2}},
		"more_than_nine":            {`($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)`, `(?,?,?,?,?,?,?,?,?,?)`, []any{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		"out_of_order":              {`SET a = $2 WHERE b = $1`, `SET a = ? WHERE b = ?`, []any{2, 1}},
		"twice":                     {`v = $1 + 1, a = $2 WHERE v = $1`, `v = ? + 1, a = ? WHERE v = ?`, []any{1, 2, 1}},
		"dollar_in_a_literal":       {`a ->> '$2' = $1`, `a ->> '$2' = ?`, []any{1}},
		"quote_in_a_literal":        {`a = 'it''s $2' AND b = $1`, `a = 'it''s $2' AND b = ?`, []any{1}},
		"quoted_name":               {`"$2" = $1`, `"$2" = ?`, []any{1}},
		"name":                      {`a = $name`, `a = $name`, nil},
		"no_number":                 {`a = $0`, `a = $0`, nil},
		"literal_that_does_not_end": {`a = $1 AND b = 'c`, `a = $1 AND b = 'c`, []any{1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := map[any]bool{}
			for _, a := range tt.args {
				given[a] = true
			}
			args := make([]any, len(given))
			for i := range args {
				args[i] = i + 1
			}
			text, arranged, err := storage.Place(tt.text, args)
			if err != nil || text != tt.want || (len(tt.args) > 0 && !cmp.Equal(arranged, tt.args)) {
				t.Errorf("%q, %v, %v; want %q, %v", text, arranged, err, tt.want, tt.args)
			}
		})
	}
	for name, args := range map[string][]any{"too_few_arguments": {1}, "too_many_arguments": {1, 2, 3}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := storage.Place(`a = $2 AND b = $1`, args); err == nil {
				t.Error("taken")
			}
		})
	}
}
