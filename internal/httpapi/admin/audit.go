package admin

import (
	"context"
	"net/http"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/merchant"
)

func (s *surface) auditRoutes() []route {
	return []route{
		{method: http.MethodGet, pattern: "/admin/v1/audit", needs: merchant.AuditRead, handle: s.audit},
	}
}

type auditView struct {
	Records []recordView `json:"records"`
	Next    *string      `json:"next"`
}

// audit answers GET /admin/v1/audit.
func (s *surface) audit(ctx context.Context, r *request) (kit.Response, error) {
	q := r.Query()
	f := audit.Filter{
		Actor: q.Text("actor", maxWord), Action: q.Text("action", maxWord), Subject: q.Text("subject", maxWord),
		From: q.Time("from"), To: q.Time("to"), Limit: q.Int("limit", defaultLimit, 1, maxLimit), Cursor: q.Cursor("cursor"),
	}
	if err := q.Err(); err != nil {
		return kit.Response{}, err
	}
	found, next, err := s.Audit.Search(ctx, r.Principal.MerchantID, f)
	if err != nil {
		return kit.Response{}, err
	}
	v := auditView{Records: make([]recordView, 0, len(found)), Next: kit.TextOrNull(next)}
	for _, record := range found {
		v.Records = append(v.Records, viewRecord(record))
	}
	return kit.OK(v), nil
}
