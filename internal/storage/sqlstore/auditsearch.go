package sqlstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/storage"
)

var _ audit.Log = (*Audit)(nil)

// Search implements audit.Log.
func (a *Audit) Search(ctx context.Context, m id.Merchant, f audit.Filter) ([]audit.Record, string, error) {
	limit := pageSize(f.Limit)
	after := position{int64(id.Max), int64(id.Max)}
	if f.Cursor != "" {
		var err error
		if after, err = parseCursor(f.Cursor); err != nil {
			return nil, "", err
		}
	}
	sql, args := auditSearch(a.db.Engine(), m, f, after, limit+1)
	page, err := many(ctx, a.db, auditTable.reader(), sql, args...)
	if err != nil {
		return nil, "", fmt.Errorf("search audit records of merchant %d: %w", m, err)
	}
	page, next := pageOf(page, limit, func(r audit.Record) string { return position{micros(r.At), int64(r.ID)}.cursor() })
	return page, next, nil
}

// auditSearch returns the query of up to limit records, with its parameters.
func auditSearch(e storage.Engine, m id.Merchant, f audit.Filter, after position, limit int) (string, []any) {
	var where strings.Builder
	args := []any{int64(m), after.createdAt, after.id, int64(limit)}
	add := func(condition string, arg any) {
		args = append(args, arg)
		where.WriteString(" AND " + condition + " $" + strconv.Itoa(len(args)))
	}
	from := "audit_record"
	if f.Subject != "" {
		from = auditBySubject(e)
		add("subject =", f.Subject)
	}
	if f.Actor != "" {
		add("actor =", f.Actor)
	}
	if f.Action != "" {
		add("action =", f.Action)
	}
	if !f.From.IsZero() {
		add("at >=", micros(f.From))
	}
	if !f.To.IsZero() {
		add("at <", micros(f.To))
	}
	return selectAudit + from + " " + olderRecords + where.String() + " ORDER BY at DESC, id DESC LIMIT $4", args
}
