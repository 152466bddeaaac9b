package sqlstore

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/storage"
)

var auditTable = newTable(&table[audit.Record]{
	name: "audit_record",
	keys: []column[audit.Record]{
		number("merchant_id", func(r *audit.Record) *id.Merchant { return &r.MerchantID }),
		moment("at", func(r *audit.Record) *time.Time { return &r.At }),
		number("id", func(r *audit.Record) *id.AuditRecord { return &r.ID }),
	},
	fixed: []column[audit.Record]{
		text("actor", func(r *audit.Record) *string { return &r.Actor }),
		text("action", func(r *audit.Record) *string { return &r.Action }),
		text("subject", func(r *audit.Record) *string { return &r.Subject }),
		body("detail", func(r *audit.Record) *[]byte { return &r.Detail }),
		address("address", func(r *audit.Record) *netip.Addr { return &r.Origin.Address }),
		text("agent", func(r *audit.Record) *string { return &r.Origin.Agent }),
	},
})

var (
	insertAuditRecord = auditTable.insertion()
	selectAudit       = "SELECT " + auditTable.columns("") + " FROM "
	auditOfMerchant   = selectAudit + "audit_record " + olderRecords + " ORDER BY at DESC, id DESC LIMIT $4"
)

const olderRecords = "WHERE merchant_id = $1 AND (at, id) < ($2, $3)"

// auditBySubject names the log for a query by subject. SQLite, which would rather
// walk the whole log than look its rows up, is told the index.
func auditBySubject(e storage.Engine) string {
	if e == storage.SQLite {
		return "audit_record INDEXED BY audit_record_subject"
	}
	return "audit_record"
}

// Audit reads the audit log.
type Audit struct{ db *storage.DB }

// NewAudit returns the audit log of db.
func NewAudit(db *storage.DB) *Audit { return &Audit{db: db} }

// AuditKey is the place of a record in the log; the zero key is after the newest.
type AuditKey struct {
	At time.Time
	ID id.AuditRecord
}

// Records returns up to limit records of a merchant that are older than the key,
// newest first; an empty subject means all of the merchant's.
func (a *Audit) Records(
	ctx context.Context, m id.Merchant, subject string, before AuditKey, limit int,
) ([]audit.Record, error) {
	sql, args := auditOfMerchant, []any{int64(m), micros(before.At), int64(before.ID), int64(limit)}
	if before == (AuditKey{}) {
		args[1], args[2] = int64(id.Max), int64(id.Max)
	}
	if subject != "" {
		sql = selectAudit + auditBySubject(a.db.Engine()) + " " + olderRecords +
			" AND subject = $5 ORDER BY at DESC, id DESC LIMIT $4"
		args = append(args, subject)
	}
	all, err := many(ctx, a.db, auditTable.reader(), sql, args...)
	if err != nil {
		return nil, fmt.Errorf("audit records of merchant %d: %w", m, err)
	}
	return all, nil
}
