package webhook

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/trace"
)

// troublePause is how long a delivery waits when the trouble is on our side.
const troublePause = 10 * time.Second

// deliver is the handler of a delivery. It never fails: a job that failed too
// often would be set aside, and the event lost. A crash between sending and
// committing sends again, under the same id.
func (s *Service) deliver(ctx context.Context, j job.Job) error {
	to, err := parseTarget(j.Payload)
	if err != nil {
		return fmt.Errorf("delivery job %d: %w", j.ID, err)
	}
	again, entered := s.lanes.Enter(ctx, to.endpoint, s.clock.Now())
	if !entered {
		return job.Later(again)
	}
	began, failed := s.clock.Elapsed(), false
	defer func() {
		s.lanes.Leave(to.endpoint, s.clock.Now(), s.clock.Elapsed()-began, failed)
	}()
	next, failed, err := s.attempt(ctx, j.MerchantID, to)
	switch {
	case ctx.Err() != nil:
		return ctx.Err() // being stopped: the job is handed back
	case err != nil:
		s.log.LogAttrs(ctx, slog.LevelWarn, "deliver webhook", slog.Int64("delivery", int64(to.delivery)),
			slog.Any("error", err))
		return job.Later(s.clock.Now().Add(troublePause))
	case next.IsZero():
		return nil
	}
	return job.Later(next)
}

// attempt sends a delivery once, if it is due, and commits what became of it. It
// returns when to try next, zero for never, and whether the endpoint refused.
func (s *Service) attempt(ctx context.Context, m id.Merchant, to target) (next time.Time, failed bool, err error) {
	d, err := s.store.Delivery(ctx, m, to.delivery)
	if fault.KindOf(err) == fault.NotFound {
		return time.Time{}, false, nil
	}
	if err != nil || d.Status != Pending {
		return time.Time{}, false, err
	}
	if d.NextAttempt.After(s.clock.Now()) { // its job lost its turn after the last attempt was committed
		return d.NextAttempt, false, nil
	}
	e, err := s.store.Endpoint(ctx, m, to.endpoint)
	missing := err != nil && fault.KindOf(err) == fault.NotFound
	if err != nil && !missing {
		return time.Time{}, false, err
	}
	if missing || (e.State == Disabled && d.Type != Test) {
		d.Status, d.NextAttempt = Cancelled, time.Time{}
		return time.Time{}, false, s.conclude(ctx, e, d)
	}
	if err := s.send(ctx, e, &d); err != nil {
		return time.Time{}, false, err
	}
	return d.NextAttempt, d.Status != Delivered, s.conclude(ctx, e, d)
}

// send posts the event and notes what became of it. Its error is trouble on our
// side, with which no attempt is counted.
func (s *Service) send(ctx context.Context, e Endpoint, d *Delivery) (err error) {
	ctx, span := trace.Start(ctx, trace.StepDeliver)
	defer func() {
		span.Set(trace.Merchant(d.MerchantID))
		span.Set(trace.Kind(d.Type))
		span.Set(trace.Attempt(d.Attempts))
		span.Set(trace.Status(d.HTTPStatus))
		span.Set(trace.Outcome(d.Status))
		span.Fail(err)
		span.End()
	}()
	body, err := s.body(ctx, *d)
	if err != nil {
		return err
	}
	at, began := s.clock.Now(), s.clock.Elapsed()
	header, err := s.sign(ctx, e, d.MessageID(), at, body)
	if err != nil {
		return err
	}
	status, head, failure := s.poster.Post(ctx, e.URL, header, body)
	if failure != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	d.Attempts++
	d.AttemptedAt, d.Duration = at, s.clock.Elapsed()-began
	d.HTTPStatus, d.Answer, d.Failure = status, printable(head), ""
	if failure != nil {
		d.HTTPStatus, d.Failure = 0, failure.Error()
	}
	d.settle(s.clock.Now())
	if s.onAttempt != nil {
		s.onAttempt(d.Status, d.Duration)
	}
	return nil
}

// settle decides what follows from the last attempt.
func (d *Delivery) settle(now time.Time) {
	d.NextAttempt = time.Time{}
	if d.HTTPStatus >= 200 && d.HTTPStatus <= 299 {
		d.Status = Delivered
		return
	}
	pause, more := Pause(d.Attempts)
	if !more {
		d.Status = Failed
		return
	}
	d.NextAttempt = now.Add(pause)
}

// MessageID is the header webhook-id: the same for every attempt, endpoint and
// redelivery of an event.
func (d *Delivery) MessageID() string { return "evt_" + strconv.FormatInt(int64(d.EventID), 10) }

// conclude commits what became of a delivery, and the state of its endpoint
// if that says something about it.
func (s *Service) conclude(ctx context.Context, e Endpoint, d Delivery) error {
	change, err := s.endpointChange(ctx, e, d)
	if err != nil {
		return err
	}
	err = s.store.InTx(ctx, func(tx Tx) {
		tx.SaveDelivery(d)
		if change != nil {
			change(tx)
		}
	})
	if change != nil && fault.CodeOf(err) == fault.StaleVersion { // somebody else has changed it
		err = s.store.InTx(ctx, func(tx Tx) { tx.SaveDelivery(d) })
	}
	if err != nil {
		return fmt.Errorf("commit delivery %d: %w", d.ID, err)
	}
	return nil
}

// endpointChange returns the writes that make an endpoint failing when a delivery was given
// up, with a word to its owner in the audit log, and active when it took one; nil
// if nothing changes.
func (s *Service) endpointChange(ctx context.Context, e Endpoint, d Delivery) (func(Tx), error) {
	var to State
	var action string
	switch {
	case d.Status == Failed && e.State == Active:
		to, action = Failing, "failing"
	case d.Status == Delivered && e.State == Failing:
		to, action = Active, "recovered"
	default:
		return nil, nil //nolint:nilnil // nothing to write
	}
	record, err := s.record(ctx, e, systemActor, action, map[string]any{
		"url": e.URL, "delivery": int64(d.ID), "event": d.MessageID(), "type": string(d.Type),
		"attempts": d.Attempts, "http_status": d.HTTPStatus, "failure": d.Failure,
	})
	if err != nil {
		return nil, err
	}
	return func(tx Tx) {
		tx.SetEndpointState(e, e.State, to)
		record(tx)
	}, nil
}

// printable is the beginning of an answer that can stand in a log or on a page:
// what is not printable text becomes a dot, white space a blank.
func printable(head []byte) string {
	var b strings.Builder
	for len(head) > 0 {
		r, size := utf8.DecodeRune(head)
		head = head[size:]
		switch {
		case unicode.IsSpace(r):
			r = ' '
		case r == utf8.RuneError || !unicode.IsPrint(r):
			r = '.'
		}
		if b.Len()+utf8.RuneLen(r) > MaxAnswer {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}
