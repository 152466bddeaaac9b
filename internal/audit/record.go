package audit

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/id"
)

// Deed is what a record is made of.
type Deed struct {
	MerchantID id.Merchant
	// Actor, Action and Subject are those of Record.
	Actor   string
	Action  string
	Subject string
	// Facts are written as the JSON object of Record.Detail, an edit's by Change; nil
	// is an object without members. They hold no card data and no secrets.
	Facts any
	// Detail is that object already written, and stands instead of Facts.
	Detail []byte
}

// NewRecord returns the record of a deed that is done now. Every record is made
// here, so that all of them have an id, a time and a detail that can be read.
func NewRecord(ctx context.Context, ids *id.Generator, c clock.Clock, d Deed) (Record, error) {
	n, err := id.Next[id.AuditRecord](ctx, ids, id.NounAuditRecord)
	if err != nil {
		return Record{}, fmt.Errorf("new audit id: %w", err)
	}
	detail := d.Detail
	switch {
	case detail != nil:
	case d.Facts == nil:
		detail = []byte("{}")
	default:
		if detail, err = json.Marshal(d.Facts, json.Deterministic(true)); err != nil {
			return Record{}, fmt.Errorf("write audit detail: %w", err)
		}
	}
	return Record{
		ID: n, MerchantID: d.MerchantID, At: c.Now(), Actor: d.Actor, Action: d.Action, Subject: d.Subject, Detail: detail,
	}, nil
}
