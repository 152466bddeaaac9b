package job_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/job"
)

func ExampleNewRunners() {
	checks := job.Handlers{
		"payment.late_check": {Class: job.Money, Do: func(context.Context, job.Job) error {
			return job.Later(time.Now().Add(time.Minute)) // the bank is asked again
		}},
	}
	calls := job.Handlers{
		"webhook.deliver": {Class: job.Callback, Do: func(context.Context, job.Job) error {
			return nil // done
		}},
	}
	var queue job.Queue // sqlstore.NewJobs has one
	runners, err := job.NewRunners(queue, "node-1", clock.System{}, slog.Default(), checks, calls)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range runners { // each is started by r.Run
		fmt.Println(r.Class(), r.Kinds())
	}
	// Output:
	// callback [webhook.deliver]
	// money [payment.late_check]
}
