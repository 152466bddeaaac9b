package user_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/user"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		off := false
		gone := w.add(t, "gone@shop.example", merchant.RoleViewer)
		if _, err := w.Update(t.Context(), gone, user.Change{Active: &off}, "test"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.Invite(t.Context(), shop, user.Person{Email: "new@shop.example", Name: "New", Role: merchant.RoleViewer}, "test"); err != nil {
			t.Fatal(err)
		}
		said := map[string]bool{}
		for name, tt := range map[string]struct {
			proof user.Proof
			code  fault.Code
		}{
			"the_password_lets_in":              {user.Proof{Email: owners, Password: password}, ""},
			"capitals_of_the_address_are_equal": {user.Proof{Email: "Owner@SHOP.example", Password: password}, ""},
			"a_wrong_password_is_refused":       {user.Proof{Email: owners, Password: "wrong horse!"}, fault.Unauthorized},
			"no_password_is_refused":            {user.Proof{Email: owners}, fault.Unauthorized},
			"an_unknown_address_is_refused":     {user.Proof{Email: "nobody@shop.example", Password: password}, fault.Unauthorized},
			"what_is_no_address_is_refused":     {user.Proof{Email: "owner", Password: password}, fault.Unauthorized},
			"somebody_disabled_is_refused":      {user.Proof{Email: "gone@shop.example", Password: password}, fault.Unauthorized},
			"somebody_invited_is_refused":       {user.Proof{Email: "new@shop.example", Password: password}, fault.Unauthorized},
			"somebody_invited_without_password": {user.Proof{Email: "new@shop.example"}, fault.Unauthorized},
		} {
			_, err := w.login(t, tt.proof)
			refused(t, name, err, tt.code)
			if err != nil {
				said[err.Error()] = true
			}
		}
		if len(said) != 1 {
			t.Errorf("refusals tell each other apart: %v", said)
		}
	})
}

// step is a login, or several, of a story about limits; time passes before.
type step struct {
	after time.Duration
	times int
	proof user.Proof
	from  string
	code  fault.Code
	wait  time.Duration
}

// guesses are logins at so many accounts from one source.
func guesses(n int, prefix, from string) []step {
	var all []step
	for i := range n {
		proof := user.Proof{Email: fmt.Sprintf("%s%d@shop.example", prefix, i), Password: password}
		all = append(all, step{times: 1, proof: proof, from: from, code: fault.Unauthorized})
	}
	return all
}

// TestLimits guesses passwords. Limits in memory know no engine.
func TestLimits(t *testing.T) {
	t.Parallel()
	right, wrong := user.Proof{Email: owners, Password: password}, user.Proof{Email: owners, Password: "wrong horse!"}
	unknown := user.Proof{Email: "nobody@shop.example", Password: password}
	for name, story := range map[string][]step{
		"five_wrong_logins_use_up_what_an_account_has_from_one_source": {
			{0, 5, wrong, "192.0.2.1", fault.Unauthorized, 0},
			{0, 1, wrong, "192.0.2.1", fault.TooManyRequests, time.Minute},
			{0, 1, right, "192.0.2.1", fault.TooManyRequests, time.Minute},
			{59 * time.Second, 1, right, "192.0.2.1", fault.TooManyRequests, time.Second},
			{time.Second, 1, right, "192.0.2.1", "", 0},
		},
		"and_leave_it_open_from_another": {
			{0, 5, wrong, "192.0.2.1", fault.Unauthorized, 0},
			{0, 1, right, "192.0.2.2", "", 0},
		},
		"an_address_that_nobody_has_behaves_the_same": {
			{0, 5, unknown, "192.0.2.1", fault.Unauthorized, 0},
			{0, 1, unknown, "192.0.2.1", fault.TooManyRequests, time.Minute},
			{time.Minute, 1, unknown, "192.0.2.1", fault.Unauthorized, 0},
			{0, 1, unknown, "192.0.2.1", fault.TooManyRequests, time.Minute},
		},
		"and_so_does_one_that_somebody_has_for_as_long_as_anybody_tries": {
			{0, 5, wrong, "192.0.2.1", fault.Unauthorized, 0},
			{time.Minute, 1, wrong, "192.0.2.1", fault.Unauthorized, 0},
			{0, 1, wrong, "192.0.2.1", fault.TooManyRequests, time.Minute},
			{time.Minute, 1, wrong, "192.0.2.1", fault.Unauthorized, 0},
			{0, 1, wrong, "192.0.2.1", fault.TooManyRequests, time.Minute},
			{time.Minute, 1, wrong, "192.0.2.1", fault.Unauthorized, 0},
		},
		"a_right_login_forgets_wrong_ones": {
			{0, 4, wrong, "192.0.2.1", fault.Unauthorized, 0},
			{0, 1, right, "192.0.2.1", "", 0},
			{0, 5, wrong, "192.0.2.1", fault.Unauthorized, 0},
			{0, 1, right, "192.0.2.1", "", 0},
		},
		"a_right_password_from_a_known_source_is_never_refused": {
			{0, 1, right, "192.0.2.1", "", 0},
			{0, 5, wrong, "192.0.2.1", fault.Unauthorized, 0},
			{0, 20, wrong, "192.0.2.1", fault.TooManyRequests, time.Minute},
			{0, 1, right, "192.0.2.1", "", 0},
			{0, 5, wrong, "192.0.2.1", fault.Unauthorized, 0},
		},
		"a_source_is_known_for_ninety_days": {
			{0, 1, right, "192.0.2.1", "", 0},
			{90*24*time.Hour + time.Second, 5, wrong, "192.0.2.1", fault.Unauthorized, 0},
			{0, 1, right, "192.0.2.1", fault.TooManyRequests, time.Minute},
		},
		"strangers_share_what_an_account_has_and_cannot_shut_its_owner_out": {
			{0, 1, right, "192.0.2.9", "", 0},
			{0, 5, wrong, "192.0.2.1", fault.Unauthorized, 0},
			{0, 5, wrong, "192.0.2.2", fault.Unauthorized, 0},
			{0, 5, wrong, "192.0.2.3", fault.Unauthorized, 0},
			{0, 5, wrong, "192.0.2.4", fault.Unauthorized, 0},
			{0, 1, wrong, "192.0.2.5", fault.TooManyRequests, 3 * time.Minute},
			{0, 1, right, "192.0.2.5", fault.TooManyRequests, 3 * time.Minute},
			{0, 5, wrong, "192.0.2.9", fault.Unauthorized, 0},
			{0, 1, right, "192.0.2.9", "", 0},
			{3 * time.Minute, 1, right, "192.0.2.5", "", 0},
		},
		"an_address_that_nobody_has_is_shared_by_strangers_alike": {
			{0, 5, unknown, "192.0.2.1", fault.Unauthorized, 0},
			{0, 5, unknown, "192.0.2.2", fault.Unauthorized, 0},
			{0, 5, unknown, "192.0.2.3", fault.Unauthorized, 0},
			{0, 5, unknown, "192.0.2.4", fault.Unauthorized, 0},
			{0, 1, unknown, "192.0.2.5", fault.TooManyRequests, 3 * time.Minute},
		},
		"thirty_wrong_logins_stop_guessing_from_a_source_and_no_right_login": append(guesses(30, "p", "192.0.2.1"),
			step{0, 1, wrong, "192.0.2.1", fault.TooManyRequests, 20 * time.Second},
			step{0, 1, unknown, "192.0.2.1", fault.TooManyRequests, 20 * time.Second},
			step{0, 1, right, "192.0.2.1", "", 0},
			step{0, 1, unknown, "192.0.2.2", fault.Unauthorized, 0},
			step{20 * time.Second, 1, unknown, "192.0.2.1", fault.Unauthorized, 0}),
		"addresses_of_one_IPv6_network_are_one_source": append(append(guesses(15, "a", "2001:db8::1"), guesses(15, "b", "2001:db8::2:1")...),
			step{0, 1, wrong, "2001:db8::3", fault.TooManyRequests, 20 * time.Second},
			step{0, 1, wrong, "2001:db8:0:1::3", fault.Unauthorized, 0}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storage.SQLite)
			for i, s := range story {
				w.clock.Advance(s.after)
				for range s.times {
					_, _, _, err := w.Login(t.Context(), s.proof, peer(s.from))
					refused(t, fmt.Sprintf("step %d", i+1), err, s.code)
					var f *fault.Error
					if errors.As(err, &f) && f.RetryAfter != s.wait {
						t.Errorf("step %d: wait %s, want %s", i+1, f.RetryAfter, s.wait)
					}
				}
			}
		})
	}
}
