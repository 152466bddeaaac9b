package operation

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
)

// Commit stores a change with everything that belongs to it: the compare-and-set
// of both rows, the ledger posting, the event and the audit record.
func (s *Service) Commit(ctx context.Context, c payment.Change, actor string, also ...func(payment.Tx)) error {
	if !c.Operation.Status.Final() {
		return s.Save(ctx, c, also...)
	}
	sequel, err := s.Sequel(ctx, c, actor)
	if err != nil {
		return err
	}
	return s.Save(ctx, c, append(also, sequel)...)
}

// Sequel returns what queues everything that belongs to the end of an operation but
// its own row and the payment's: the posting, the event, the end of a hold and the
// audit record. It is for who stores those rows in another way than Commit.
func (s *Service) Sequel(ctx context.Context, c payment.Change, actor string) (func(payment.Tx), error) {
	record, err := s.auditRecord(ctx, c.Payment, c.Operation, actor)
	if err != nil {
		return nil, err
	}
	if c.Payment.State == payment.Authenticated || c.Operation.IsReversal() { // nothing that a merchant could act on
		return func(tx payment.Tx) { tx.Record(record) }, nil
	}
	tell, err := s.eventWriter(ctx, c.Operation.Event(), c.Payment, c.Operation, c.Operation.FinishedAt)
	if err != nil {
		return nil, err
	}
	expiry, expires, err := s.expiry(ctx, c.Payment, c.Operation)
	if err != nil {
		return nil, err
	}
	release, releases, err := s.release(ctx, c.Payment, c.Operation)
	if err != nil {
		return nil, err
	}
	if c.Posting != nil {
		if c.Posting.ID, err = id.Next[id.Posting](ctx, s.ids, id.NounPosting); err != nil {
			return nil, fmt.Errorf("new posting id: %w", err)
		}
	}
	return func(tx payment.Tx) {
		if c.Posting != nil {
			tx.Post(*c.Posting)
		}
		tell(tx)
		if expires {
			tx.Enqueue(expiry)
		}
		if releases {
			tx.Enqueue(release)
		}
		tx.Record(record)
	}, nil
}

// Save stores both rows of a change, and what else belongs into the commit, without
// a posting, an event or an audit record.
func (s *Service) Save(ctx context.Context, c payment.Change, also ...func(payment.Tx)) error {
	err := s.store.InTx(ctx, func(tx payment.Tx) {
		queueChange(tx, c)
		for _, queue := range also {
			queue(tx)
		}
	})
	if err != nil {
		return fmt.Errorf("commit operation %d: %w", c.Operation.ID, err)
	}
	return nil
}

// queueChange queues both rows.
func queueChange(tx payment.Tx, c payment.Change) {
	if !FirstCommit && c.Payment.Version == 0 { // a mutant's way
		c.Payment.Version++
		c.Operation.Version++
		tx.InsertPayment(c.Payment)
		tx.InsertOperation(c.Operation)
		return
	}
	tx.SavePayment(c.Payment)
	if len(c.ChangedItems) > 0 {
		changed := c.Payment
		changed.Items = c.ChangedItems
		tx.SaveItems(changed)
	}
	tx.SaveOperation(c.Operation)
}

// NewJob returns a job about an operation, in the queue of the payment's events.
func (s *Service) NewJob(ctx context.Context, kind job.Kind, p payment.Payment, o payment.Operation, runAt time.Time) (job.Job, error) {
	jobID, err := id.Next[id.Job](ctx, s.ids, id.NounJob)
	if err != nil {
		return job.Job{}, fmt.Errorf("new job id: %w", err)
	}
	return job.Job{
		ID: jobID, MerchantID: p.MerchantID, Kind: kind, Subject: payment.Subject(p.UUID),
		Payload: eventPayload(p, o), RunAt: runAt, CreatedAt: s.clock.Now(),
	}, nil
}

// eventWriter returns what queues an event, which stands in the order of the
// payment's changes, whatever the clock says. An event to which nobody listens is
// not queued: its job would find nobody to tell.
func (s *Service) eventWriter(ctx context.Context, kind job.Kind, p payment.Payment, o payment.Operation, runAt time.Time) (func(payment.Tx), error) {
	if s.audience != nil {
		heard, err := s.audience.Hears(ctx, p.MerchantID, kind)
		if err == nil && !heard { // whoever cannot be asked may be listening
			return func(payment.Tx) {}, nil
		}
	}
	event, err := s.NewJob(ctx, kind, p, o, runAt)
	event.CreatedAt = p.UpdatedAt
	return func(tx payment.Tx) { tx.Enqueue(event) }, err
}

// eventPayload tells what happened in ids and sums; whoever delivers the event
// reads the payment itself for the rest. The version is the one that the commit
// makes, so that it tells the order of events.
func eventPayload(p payment.Payment, o payment.Operation) []byte {
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

func (s *Service) auditRecord(ctx context.Context, p payment.Payment, o payment.Operation, actor string) (audit.Record, error) {
	return audit.NewRecord(ctx, s.ids, s.clock, audit.Deed{
		MerchantID: p.MerchantID, Actor: actor, Action: "payment." + string(o.Kind),
		Subject: "payment:" + p.UUID.String(), Detail: eventPayload(p, o),
	})
}
