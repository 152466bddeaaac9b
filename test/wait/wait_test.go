package wait_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vezne/vezne/test/wait"
)

func TestPoll(t *testing.T) {
	t.Parallel()
	after := func(d time.Duration) func() bool {
		end := time.Now().Add(d)
		return func() bool { return !time.Now().Before(end) }
	}
	for name, tt := range map[string]struct {
		takes, limit, left time.Duration
		want               bool
	}{
		"what_is_so_already_is_seen_at_once": {takes: 0, limit: 0, left: time.Hour, want: true},
		"what_comes_in_time_is_seen":         {takes: time.Minute, limit: 61 * time.Second, left: time.Hour, want: true},
		"what_comes_too_late_is_not":         {takes: time.Minute, limit: 59 * time.Second, left: time.Hour},
		"nobody_waits_when_the_test_ends":    {takes: time.Minute, limit: time.Hour, left: 59 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.left)
				defer cancel()
				if got := wait.Poll(ctx, tt.limit, after(tt.takes)); got != tt.want {
					t.Errorf("Poll = %t", got)
				}
			})
		})
	}
}
