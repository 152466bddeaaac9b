package sqlstore_test

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/storage/storetest"
)

// FuzzCursor holds that any text is a place in a list or refused as the caller's
// mistake, for every list that hands cursors out.
func FuzzCursor(f *testing.F) {
	for _, seed := range []string{
		"AAZEGJK0gAAAAAAAAAAABQ", "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAB", "_____________________w", "AAAA", "5", "-1",
		"9223372036854775808", "!", "\x00", "1-2", "1.5",
		"WyJwbGFucyIsMSwiQm9udXMiLDMsMV0", "WyJwbGFucyIsMSwiXHUwMDAwIiwxLDFd", // ["plans",1,"Bonus",3,1], and with a NUL
	} {
		f.Add(seed)
	}
	db := storetest.Open(f, storage.SQLite)
	payments, log, plans := sqlstore.NewPayments(db), sqlstore.NewAudit(db), sqlstore.NewRouting(db)
	f.Fuzz(func(t *testing.T, cursor string) {
		_, _, err := payments.Payments(t.Context(), 1, payment.Filter{Cursor: cursor, From: time.Unix(0, 0)})
		if err != nil && fault.CodeOf(err) != fault.ValidationError {
			t.Errorf("payments after %q: %v", cursor, err)
		}
		_, _, err = log.Search(t.Context(), 1, audit.Filter{Cursor: cursor, Limit: 10})
		if err != nil && fault.CodeOf(err) != fault.ValidationError {
			t.Errorf("audit records after %q: %v", cursor, err)
		}
		_, _, err = plans.PlanPage(t.Context(), 1, cursor, 10)
		if err != nil && fault.CodeOf(err) != fault.ValidationError {
			t.Errorf("plans after %q: %v", cursor, err)
		}
	})
}
