package pos_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/pos"
)

var fakePOS = pos.POS{ID: 7, Alias: "seven", Connector: "fake", Version: 1, Timeout: 3 * time.Second}

func TestAuthorize(t *testing.T) {
	t.Parallel()
	broken := errors.New("torn")
	tests := map[string]struct {
		says        func(context.Context) (connector.Answer, error)
		want        connector.Outcome
		wantErrText string
	}{
		"approval_passes_through": {says: approve, want: connector.Approved},
		"decline_is_no_error":     {says: decline, want: connector.Declined},
		"no_answer_is_unknown":    {says: noAnswer, want: connector.Unknown, wantErrText: "no answer"},
		"unsent_passes_through": {
			says: func(context.Context) (connector.Answer, error) {
				return connector.Answer{Outcome: connector.Unsent}, broken
			},
			want: connector.Unsent, wantErrText: "torn",
		},
		"approval_with_error_is_unknown": {
			says: func(context.Context) (connector.Answer, error) {
				return connector.Answer{Outcome: connector.Approved}, broken
			},
			want: connector.Unknown, wantErrText: "contradicts",
		},
		"decline_with_error_is_unknown": {
			says: func(context.Context) (connector.Answer, error) {
				return connector.Answer{Outcome: connector.Declined}, broken
			},
			want: connector.Unknown, wantErrText: "contradicts",
		},
		"unknown_without_error_gets_one": {
			says: func(context.Context) (connector.Answer, error) { return connector.Answer{}, nil },
			want: connector.Unknown, wantErrText: "no reason",
		},
		"panic_is_unknown_and_shows_no_value": {
			says: func(context.Context) (connector.Answer, error) { panic("planted-value") },
			want: connector.Unknown, wantErrText: "panicked at",
		},
		"runtime_panic_says_what_happened": {
			says: func(context.Context) (connector.Answer, error) {
				fields := strings.Fields("")
				return connector.Answer{BankCode: fields[0]}, nil
			},
			want: connector.Unknown, wantErrText: "index out of range",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := registry(t, &fakeBank{authorize: tt.says}, nil)
			answer, err := bankOf(t, r, fakePOS).Authorize(t.Context(), connector.Charge{})
			if answer.Outcome != tt.want {
				t.Errorf("outcome %d, want %d", answer.Outcome, tt.want)
			}
			if (err == nil) != (tt.wantErrText == "") {
				t.Fatalf("error %v, want one with %q", err, tt.wantErrText)
			}
			if err != nil && !strings.Contains(err.Error(), tt.wantErrText) {
				t.Errorf("error %q, want one with %q", err, tt.wantErrText)
			}
			if err != nil && strings.Contains(err.Error(), "planted-value") {
				t.Errorf("error %q shows the value of a panic", err)
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		timeout, want time.Duration
	}{
		"POS_time_out_bounds_the_request":   {timeout: 3 * time.Second, want: 3 * time.Second},
		"default_applies_where_none_is_set": {want: pos.DefaultTimeout},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, _ := registry(t, &fakeBank{authorize: hang, inquire: func(ctx context.Context) (connector.Finding, error) {
					<-ctx.Done()
					return connector.Finding{}, ctx.Err()
				}}, nil)
				p := fakePOS
				p.Timeout = tt.timeout
				bank := bankOf(t, r, p)
				began := time.Now()
				answer, err := bank.Authorize(t.Context(), connector.Charge{})
				if answer.Outcome != connector.Unknown || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("outcome %d, %v; want unknown by time-out", answer.Outcome, err)
				}
				if took := time.Since(began); took != tt.want {
					t.Errorf("took %s, want %s", took, tt.want)
				}
				began = time.Now()
				if _, err := bank.Inquire(t.Context(), connector.Inquiry{}); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("inquiry: %v, want a time-out", err)
				}
				if took := time.Since(began); took != tt.want {
					t.Errorf("inquiry took %s, want %s", took, tt.want)
				}
			})
		})
	}
}

func TestCallerThatGaveUpSendsNothing(t *testing.T) {
	t.Parallel()
	fake := &fakeBank{authorize: approve}
	r, _ := registry(t, fake, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	answer, err := bankOf(t, r, fakePOS).Authorize(ctx, connector.Charge{})
	if answer.Outcome != connector.Unsent || !errors.Is(err, context.Canceled) {
		t.Errorf("outcome %d, %v; want unsent, canceled", answer.Outcome, err)
	}
	if fake.asked.Load() != 0 {
		t.Error("the bank was asked")
	}
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	t.Run("five_unknowns_open_it_and_one_probe_closes_it", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var changes []pos.BreakerChange
			fake := &fakeBank{authorize: noAnswer}
			r, _ := registry(t, fake, func(o *pos.Options) {
				o.OnBreakerChange = func(c pos.BreakerChange) { changes = append(changes, c) }
			})
			bank := bankOf(t, r, fakePOS)
			fail(t, bank, 5)
			if r.Healthy(fakePOS.ID) {
				t.Error("healthy with an open breaker")
			}
			answer, err := bank.Authorize(t.Context(), connector.Charge{})
			if answer.Outcome != connector.Unsent || !errors.Is(err, pos.ErrBreakerOpen) {
				t.Errorf("outcome %d, %v; want unsent by the breaker", answer.Outcome, err)
			}
			if n := fake.asked.Load(); n != 5 {
				t.Errorf("the bank was asked %d times, want 5", n)
			}
			<-time.After(10 * time.Second)
			if !r.Healthy(fakePOS.ID) {
				t.Error("unhealthy after the delay: nothing would ever try the bank again")
			}
			fake.authorize = approve
			if answer, err := bank.Authorize(t.Context(), connector.Charge{}); answer.Outcome != connector.Approved {
				t.Errorf("probe: outcome %d, %v; want approved", answer.Outcome, err)
			}
			want := []pos.BreakerChange{
				{POSID: 7, Alias: "seven", Connector: "fake", From: pos.BreakerClosed, To: pos.BreakerOpen},
				{POSID: 7, Alias: "seven", Connector: "fake", From: pos.BreakerOpen, To: pos.BreakerHalfOpen},
				{POSID: 7, Alias: "seven", Connector: "fake", From: pos.BreakerHalfOpen, To: pos.BreakerClosed},
			}
			if diff := cmp.Diff(want, changes); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	})
	t.Run("failed_probe_opens_it_again", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			r, _ := registry(t, &fakeBank{authorize: noAnswer}, nil)
			bank := bankOf(t, r, fakePOS)
			fail(t, bank, 5)
			<-time.After(10 * time.Second)
			fail(t, bank, 1)
			if r.Healthy(fakePOS.ID) {
				t.Error("healthy after a failed probe")
			}
		})
	})
	t.Run("only_one_probe_at_a_time", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			fake := &fakeBank{authorize: noAnswer}
			r, _ := registry(t, fake, nil)
			bank := bankOf(t, r, fakePOS)
			fail(t, bank, 5)
			<-time.After(10 * time.Second)
			fake.authorize = hang
			var probe sync.WaitGroup
			probe.Go(func() { _, _ = bank.Authorize(t.Context(), connector.Charge{}) }) // its time-out is not the subject
			synctest.Wait()
			answer, err := bank.Authorize(t.Context(), connector.Charge{})
			if answer.Outcome != connector.Unsent || !errors.Is(err, pos.ErrBreakerOpen) {
				t.Errorf("second probe: outcome %d, %v; want unsent", answer.Outcome, err)
			}
			if r.Healthy(fakePOS.ID) {
				t.Error("healthy while the probe is out")
			}
			probe.Wait()
		})
	})
	t.Run("declines_never_open_it", func(t *testing.T) {
		t.Parallel()
		r, _ := registry(t, &fakeBank{authorize: decline}, nil)
		bank := bankOf(t, r, fakePOS)
		fail(t, bank, 50)
		if !r.Healthy(fakePOS.ID) {
			t.Error("unhealthy after declines alone")
		}
	})
	t.Run("inquiry_passes_an_open_breaker", func(t *testing.T) {
		t.Parallel()
		r, _ := registry(t, &fakeBank{authorize: noAnswer, inquire: func(context.Context) (connector.Finding, error) {
			return connector.Finding{Answer: connector.Answer{Outcome: connector.Approved}}, nil
		}}, nil)
		bank := bankOf(t, r, fakePOS)
		fail(t, bank, 6)
		finding, err := bank.Inquire(t.Context(), connector.Inquiry{})
		if err != nil || finding.Outcome != connector.Approved {
			t.Errorf("outcome %d, %v; want approved", finding.Outcome, err)
		}
		if r.Healthy(fakePOS.ID) {
			t.Error("the inquiry closed the breaker")
		}
	})
}

func fail(t *testing.T, b *pos.Bank, times int) {
	t.Helper()
	for range times {
		if answer, _ := b.Authorize(t.Context(), connector.Charge{}); answer.Outcome == connector.Approved { // the outcome is what matters
			t.Fatal("approved, want a failure")
		}
	}
}

func TestBulkhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeBank{authorize: hang, inquire: func(context.Context) (connector.Finding, error) {
			return connector.Finding{Missing: true}, nil
		}}
		r, _ := registry(t, fake, func(o *pos.Options) { o.MaxConcurrent = 2 })
		bank := bankOf(t, r, fakePOS)
		var running sync.WaitGroup
		for range 2 {
			running.Go(func() { _, _ = bank.Authorize(t.Context(), connector.Charge{}) }) // its time-out is not the subject
		}
		synctest.Wait()
		began := time.Now()
		answer, err := bank.Authorize(t.Context(), connector.Charge{})
		if answer.Outcome != connector.Unsent || !errors.Is(err, pos.ErrBusy) {
			t.Errorf("third request: outcome %d, %v; want unsent, busy", answer.Outcome, err)
		}
		if waited := time.Since(began); waited != time.Second {
			t.Errorf("waited %s for a turn, want 1s", waited)
		}
		if n := fake.asked.Load(); n != 2 {
			t.Errorf("the bank was asked %d times, want 2", n)
		}
		if finding, err := bank.Inquire(t.Context(), connector.Inquiry{}); err != nil || !finding.Missing {
			t.Errorf("inquiry beside hanging requests: %+v, %v", finding, err)
		}
		running.Wait()
		fake.authorize = approve
		if answer, err := bank.Authorize(t.Context(), connector.Charge{}); answer.Outcome != connector.Approved {
			t.Errorf("after the others ended: outcome %d, %v", answer.Outcome, err)
		}
	})
}

func TestInquirePanicIsUnknown(t *testing.T) {
	t.Parallel()
	r, _ := registry(t, &fakeBank{inquire: func(context.Context) (connector.Finding, error) { panic("planted-value") }}, nil)
	finding, err := bankOf(t, r, fakePOS).Inquire(t.Context(), connector.Inquiry{})
	if finding.Outcome != connector.Unknown || err == nil || strings.Contains(err.Error(), "planted-value") {
		t.Errorf("finding %+v, %v; want unknown without the value", finding, err)
	}
}

func TestMissingCapability(t *testing.T) {
	t.Parallel()
	type request func(*pos.Bank) (connector.Answer, error)
	requests := map[fault.Code]request{
		fault.NotCapturable: func(b *pos.Bank) (connector.Answer, error) { return b.Capture(t.Context(), connector.FollowUp{}) },
		fault.NotVoidable:   func(b *pos.Bank) (connector.Answer, error) { return b.Void(t.Context(), connector.FollowUp{}) },
		fault.NotRefundable: func(b *pos.Bank) (connector.Answer, error) { return b.Refund(t.Context(), connector.FollowUp{}) },
	}
	plainRegistry, _ := registry(t, &fakeBank{authorize: approve}, nil)
	fullRegistry, _ := registry(t, fullBank{&fakeBank{authorize: approve}}, nil)
	plain, full := bankOf(t, plainRegistry, fakePOS), bankOf(t, fullRegistry, fakePOS)
	for code, ask := range requests {
		if answer, err := ask(plain); answer.Outcome != connector.Unsent || fault.CodeOf(err) != code ||
			fault.KindOf(err) != fault.Conflict {
			t.Errorf("%s: outcome %d, %v; want unsent, conflict", code, answer.Outcome, err)
		}
		if answer, err := ask(full); answer.Outcome != connector.Approved || err != nil {
			t.Errorf("%s where the bank can: outcome %d, %v", code, answer.Outcome, err)
		}
	}
	if got := plain.Capabilities(); got != (connector.Capabilities{}) {
		t.Errorf("capabilities %+v, want none", got)
	}
	if got := full.Capabilities(); got != (connector.Capabilities{Capture: true, Void: true, Refund: true}) {
		t.Errorf("capabilities %+v, want all", got)
	}
}
