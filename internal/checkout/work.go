package checkout

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
)

const (
	// firstWatch is when an attempt is looked at for the first time. The pauses
	// grow with its age, a quarter of it, up to maxWatch.
	firstWatch = 30 * time.Second
	maxWatch   = 5 * time.Minute
	// expiryPause is how long an expired checkout waits for an attempt that began
	// in time.
	expiryPause = 30 * time.Second
	// callbackWindow is how long a callback is tried (reference of the gateway
	// API, section 12.17).
	callbackWindow = 24 * time.Hour
)

// read returns the checkout that a job is about and what the job says of it.
func (s *Service) read(ctx context.Context, j job.Job) (Checkout, subject, error) {
	var about subject
	if err := json.Unmarshal(j.Payload, &about); err != nil {
		return Checkout{}, about, fmt.Errorf("decode job: %w", err)
	}
	u, err := id.ParseUUID(about.Checkout)
	if err != nil {
		return Checkout{}, about, fmt.Errorf("decode job: %w", err)
	}
	c, err := s.store.Checkout(ctx, u)
	if err != nil {
		return Checkout{}, about, fmt.Errorf("read checkout of job: %w", err)
	}
	return c, about, nil
}

// expire is the handler of JobExpire.
func (s *Service) expire(ctx context.Context, j job.Job) error {
	c, _, err := s.read(ctx, j)
	if err != nil {
		return err
	}
	if c, _, err = s.settle(ctx, c); err != nil {
		return err
	}
	if !c.State.Final() { // an attempt began in time, and may end later
		return job.Later(s.clock.Now().Add(expiryPause))
	}
	return nil
}

// watch is the handler of JobWatch.
func (s *Service) watch(ctx context.Context, j job.Job) error {
	c, about, err := s.read(ctx, j)
	if err != nil {
		return err
	}
	if c, _, err = s.settle(ctx, c); err != nil {
		return err
	}
	if c.Attempt != about.Attempt || (c.State != Charging && c.State != Authenticating) {
		return nil
	}
	now := s.clock.Now()
	return job.Later(now.Add(min(max(now.Sub(j.CreatedAt)/4, firstWatch), maxWatch)))
}

// errUnanswered is a callback that the merchant's server did not accept.
var errUnanswered = errors.New("the callback was not accepted")

// callback is the handler of JobCallback. A merchant whose server hangs keeps few
// of the workers that all merchants share.
func (s *Service) callback(ctx context.Context, j job.Job) error {
	again, entered := s.callbacks.Enter(ctx, j.MerchantID, s.clock.Now())
	if !entered {
		return job.Later(again)
	}
	began, failed := s.clock.Elapsed(), true // so it stays if the call panics
	defer func() {
		s.callbacks.Leave(j.MerchantID, s.clock.Now(), s.clock.Elapsed()-began, failed)
	}()
	err := s.call(ctx, j)
	failed = err != nil
	return err
}

// call posts the checkout's id, alone, until the merchant's server answers with a
// 2xx. The address is checked again, for the merchant's list of hosts may have
// changed.
func (s *Service) call(ctx context.Context, j job.Job) error {
	c, _, err := s.read(ctx, j)
	if err != nil {
		return err
	}
	m, err := s.merchants.Merchant(ctx, c.MerchantID)
	if err != nil {
		return fmt.Errorf("read merchant: %w", err)
	}
	status, err := s.courier.Deliver(ctx, c.Callback, m.Hosts, map[string]string{"checkoutId": c.ID.String()})
	if err == nil && status/100 == 2 {
		return nil
	}
	if s.clock.Now().Sub(c.EndedAt) >= callbackWindow {
		s.log.LogAttrs(ctx, slog.LevelWarn, "gave a callback up",
			slog.String("checkout", c.ID.String()), slog.Int("status", status), slog.String("code", string(fault.CodeOf(err))))
		return nil
	}
	if err != nil {
		return errors.Join(errUnanswered, err)
	}
	return fmt.Errorf("%w: status %d", errUnanswered, status)
}
