package job_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/job"
)

// TestRun_a_panic_is_a_failure_whose_place_is_logged has a handler panic with what
// it had in hand, on a runner of one worker.
func TestRun_a_panic_is_a_failure_whose_place_is_logged(t *testing.T) {
	t.Parallel()
	const secret = "4111111111111111"
	for name, stopping := range map[string]bool{"while_it_runs": false, "while_it_is_stopped": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := &endless{ended: make(chan job.Job, 1000)}
			var log bytes.Buffer
			ctx, stop := context.WithCancel(t.Context())
			handlers := job.Handlers{"work": {Class: job.Money, Do: func(_ context.Context, j job.Job) error {
				if j.ID == 1 {
					if stopping {
						stop()
					}
					panic(errors.New(secret))
				}
				stop()
				return nil
			}}}
			runner := job.NewRunner(q, handlers, "node", clock.System{}, slog.New(slog.NewTextHandler(&log, nil)))
			runner.Workers = 1
			var endings []job.Ending
			runner.OnRun = func(_ job.Kind, e job.Ending) { endings = append(endings, e) }
			runner.Run(ctx)
			if endings[0] != job.EndedFailed || !stopping && (len(endings) != 2 || endings[1] != job.EndedDone) {
				t.Errorf("endings = %v", endings)
			}
			if failed := <-q.ended; failed.ID != 1 || failed.Failures != 1 {
				t.Errorf("job %d has %d failures, want one of job 1", failed.ID, failed.Failures)
			}
			line := log.String()
			for _, told := range []string{"level=ERROR", "kind=work", "panic_test.go:", "stack=", "*errors.errorString"} {
				if !strings.Contains(line, told) {
					t.Errorf("log has no %s: %s", told, line)
				}
			}
			if strings.Contains(line, secret) {
				t.Errorf("the log tells what the handler had in hand: %s", line)
			}
		})
	}
}

func TestRound_the_cause_of_a_panic_is_its_place_alone(t *testing.T) {
	t.Parallel()
	const secret = "4111111111111111"
	q := &causes{}
	handlers := job.Handlers{"work": {Class: job.Money, Do: func(context.Context, job.Job) error {
		panic(secret)
	}}}
	runner := job.NewRunner(&single{Queue: q}, handlers, "node", clock.System{}, slog.New(slog.DiscardHandler))
	if n, err := runner.Round(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if strings.Contains(q.cause, secret) || strings.Contains(q.cause, "\n") ||
		!strings.Contains(q.cause, "panic_test.go:") {
		t.Errorf("cause = %q", q.cause)
	}
}

// causes is a queue that keeps why a job failed.
type causes struct {
	endless
	cause string
}

func (q *causes) Retry(_ context.Context, _ job.Job, _ string, _ time.Time, cause string) error {
	q.cause = cause
	return nil
}
