package payment

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
)

// The events that a merchant can be told of, as kinds of outbox jobs.
const (
	EventAuthorized    job.Kind = "payment.authorized"
	EventCaptured      job.Kind = "payment.captured"
	EventDeclined      job.Kind = "payment.declined"
	EventCaptureFailed job.Kind = "payment.capture_failed"
	EventVoided        job.Kind = "payment.voided"
	EventVoidFailed    job.Kind = "payment.void_failed"
	EventRefunded      job.Kind = "payment.refunded"
	EventRefundFailed  job.Kind = "payment.refund_failed"
)

// JobLateCheck is the job that asks a bank again about a request of which it
// had no record, in case the request arrived late, and undoes what it finds.
const JobLateCheck job.Kind = "payment.late_check"

// event returns the event that a final operation means.
func (o Operation) event() job.Kind {
	approved := o.Status == OperationApproved
	switch o.Kind {
	case connector.Sale, connector.Authorize:
		if !approved {
			return EventDeclined
		}
		if o.Kind == connector.Authorize {
			return EventAuthorized
		}
		return EventCaptured
	case connector.Capture:
		if approved {
			return EventCaptured
		}
		return EventCaptureFailed
	case connector.Void:
		if approved {
			return EventVoided
		}
		return EventVoidFailed
	case connector.Refund:
		if approved {
			return EventRefunded
		}
		return EventRefundFailed
	}
	panic("payment: operation of unknown kind " + string(o.Kind))
}

// commit stores a change with everything that belongs to it: the compare-and-set
// of both rows, the ledger posting, the event and the audit record.
func (s *Service) commit(ctx context.Context, c change, actor string, also ...func(Tx)) error {
	if !c.operation.Status.Final() {
		return s.save(ctx, c, also...)
	}
	record, err := s.auditRecord(ctx, c.payment, c.operation, actor)
	if err != nil {
		return err
	}
	if c.payment.State == Authenticated || c.operation.reversal() { // nothing that a merchant could act on
		return s.save(ctx, c, append(also, func(tx Tx) { tx.Record(record) })...)
	}
	tell, err := s.tell(ctx, c.operation.event(), c.payment, c.operation, c.operation.FinishedAt)
	if err != nil {
		return err
	}
	expiry, expires, err := s.expiry(ctx, c.payment, c.operation)
	if err != nil {
		return err
	}
	return s.save(ctx, c, append(also, func(tx Tx) {
		if c.posting != nil {
			tx.Post(*c.posting)
		}
		tell(tx)
		if expires {
			tx.Enqueue(expiry)
		}
		tx.Record(record)
	})...)
}

func (s *Service) save(ctx context.Context, c change, also ...func(Tx)) error {
	err := s.Store.InTx(ctx, func(tx Tx) {
		c.queue(tx)
		for _, queue := range also {
			queue(tx)
		}
	})
	if err != nil {
		return fmt.Errorf("commit operation %d: %w", c.operation.ID, err)
	}
	return nil
}

// queue queues both rows.
func (c change) queue(tx Tx) {
	if !firstCommit && c.payment.Version == 0 { // a mutant's way
		c.payment.Version++
		c.operation.Version++
		tx.InsertPayment(c.payment)
		tx.InsertOperation(c.operation)
		return
	}
	tx.SavePayment(c.payment)
	if c.items {
		tx.SaveItems(c.payment)
	}
	tx.SaveOperation(c.operation)
}

func (s *Service) newJob(ctx context.Context, kind job.Kind, p Payment, o Operation, runAt time.Time) (job.Job, error) {
	jobID, err := id.Next[id.Job](ctx, s.IDs, id.NounJob)
	if err != nil {
		return job.Job{}, fmt.Errorf("new job id: %w", err)
	}
	return job.Job{
		ID: jobID, MerchantID: p.MerchantID, Kind: kind, Subject: "payment:" + p.UUID.String(),
		Payload: eventPayload(p, o), RunAt: runAt, CreatedAt: s.Clock.Now(),
	}, nil
}

// tell returns what queues an event, which stands in the order of the payment's
// changes, whatever the clock says. An event to which nobody listens is not
// queued: its job would find nobody to tell.
func (s *Service) tell(ctx context.Context, kind job.Kind, p Payment, o Operation, runAt time.Time) (func(Tx), error) {
	if s.Audience != nil {
		heard, err := s.Audience.Hears(ctx, p.MerchantID, kind)
		if err == nil && !heard { // whoever cannot be asked may be listening
			return func(Tx) {}, nil
		}
	}
	event, err := s.newJob(ctx, kind, p, o, runAt)
	event.CreatedAt = p.UpdatedAt
	return func(tx Tx) { tx.Enqueue(event) }, err
}

// eventPayload tells what happened in ids and sums; whoever delivers the event
// reads the payment itself for the rest. The version is the one that the commit
// makes, so that it tells the order of events.
func eventPayload(p Payment, o Operation) []byte {
	b := append([]byte(nil), `{"payment":"`...)
	b = append(b, p.UUID.String()...)
	b = append(b, `","operation":`...)
	b = strconv.AppendInt(b, int64(o.ID), 10)
	b = append(b, `,"kind":`...)
	b = strconv.AppendQuote(b, string(o.Kind))
	b = append(b, `,"status":`...)
	b = strconv.AppendQuote(b, string(o.Status))
	b = append(b, `,"reason":`...)
	b = strconv.AppendQuote(b, string(o.Result.Reason))
	b = append(b, `,"amount":`...)
	b = append(b, o.Amount.Decimal()...)
	b = append(b, `,"currency":`...)
	b = strconv.AppendQuote(b, o.Amount.Currency().String())
	b = append(b, `,"version":`...)
	b = strconv.AppendInt(b, int64(p.Version)+1, 10)
	return append(b, '}')
}

func (s *Service) auditRecord(ctx context.Context, p Payment, o Operation, actor string) (audit.Record, error) {
	recordID, err := id.Next[id.AuditRecord](ctx, s.IDs, id.NounAuditRecord)
	if err != nil {
		return audit.Record{}, fmt.Errorf("new audit id: %w", err)
	}
	return audit.Record{
		ID: recordID, MerchantID: p.MerchantID, At: s.Clock.Now(), Actor: actor,
		Action:  "payment." + string(o.Kind),
		Subject: "payment:" + p.UUID.String(),
		Detail:  eventPayload(p, o),
	}, nil
}
