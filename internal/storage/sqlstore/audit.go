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

const (
	auditColumns = `merchant_id, id, at, actor, action, subject, detail, address, agent`

	auditOfMerchant = `SELECT ` + auditColumns + ` FROM audit_record
	WHERE merchant_id = $1 AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4`

	auditOfSubject = `SELECT ` + auditColumns + ` FROM %s
	WHERE merchant_id = $1 AND (at, id) < ($2, $3) AND subject = $5 ORDER BY at DESC, id DESC LIMIT $4`
)

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
func (a *Audit) Records(ctx context.Context, m id.Merchant, subject string, before AuditKey, limit int) ([]audit.Record, error) {
	sql, args := auditOfMerchant, []any{int64(m), micros(before.At), int64(before.ID), int64(limit)}
	if before == (AuditKey{}) {
		args[1], args[2] = int64(id.Max), int64(id.Max)
	}
	if subject != "" {
		sql, args = fmt.Sprintf(auditOfSubject, auditBySubject(a.db.Engine())), append(args, subject)
	}
	all, err := many(ctx, a.db, readAuditRecord, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("audit records of merchant %d: %w", m, err)
	}
	return all, nil
}

func readAuditRecord(s storage.Scanner) (audit.Record, error) {
	var (
		r               audit.Record
		merchant, n, at int64
		detail, address string
	)
	err := s.Scan(&merchant, &n, &at, &r.Actor, &r.Action, &r.Subject, &detail, &address, &r.Origin.Agent)
	if err == nil && address != "" {
		r.Origin.Address, err = netip.ParseAddr(address)
	}
	r.MerchantID, r.ID, r.At, r.Detail = id.Merchant(merchant), id.AuditRecord(n), timeOf(at), []byte(detail)
	return r, err
}
