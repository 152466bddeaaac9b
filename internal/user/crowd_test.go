package user_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/user"
)

// crowd is how many callers come at once.
const crowd = 200

// atOnce lets the crowd do something and returns how often it ended with each code.
func atOnce(act func(n int) error) map[fault.Code]int {
	results := make([]error, crowd)
	start := make(chan struct{})
	var together sync.WaitGroup
	for n := range results {
		together.Go(func() {
			<-start
			results[n] = act(n)
		})
	}
	close(start)
	together.Wait()
	ended := make(map[fault.Code]int)
	for _, err := range results {
		if err == nil {
			ended[""]++
			continue
		}
		ended[fault.CodeOf(err)]++
	}
	return ended
}

// nobody is a proof at an address that nobody has.
func nobody(n int) user.Proof {
	return user.Proof{Email: fmt.Sprintf("p%d@shop.example", n), Password: password}
}

// TestLimits_of_a_crowd holds that what comes at once gets no further than what comes
// one after the other, and that it keeps no owner out.
func TestLimits_of_a_crowd(t *testing.T) {
	t.Parallel()
	right, wrong := user.Proof{Email: owners, Password: password}, user.Proof{Email: owners, Password: "wrong horse!"}
	for name, tt := range map[string]struct {
		// before happens once, act by each of the crowd; at most so many may end with
		// what tells that a password was looked at.
		before func(t *testing.T, w *world)
		act    func(ctx context.Context, w *world, n int) error
		code   fault.Code
		most   int
	}{
		"guesses_at_one_account_from_one_source": {
			act: func(ctx context.Context, w *world, _ int) error {
				_, _, _, err := w.Login(ctx, wrong, peer("192.0.2.1"))
				return err
			},
			code: fault.Unauthorized, most: 5,
		},
		"guesses_at_one_account_from_many_sources": {
			act: func(ctx context.Context, w *world, n int) error {
				_, _, _, err := w.Login(ctx, wrong, peer(fmt.Sprintf("192.0.2.%d", n+1)))
				return err
			},
			code: fault.Unauthorized, most: 20,
		},
		"guesses_at_many_accounts_from_one_source": {
			act: func(ctx context.Context, w *world, n int) error {
				_, _, _, err := w.Login(ctx, nobody(n), peer("192.0.2.1"))
				return err
			},
			code: fault.Unauthorized, most: 30,
		},
		"right_passwords_without_their_code": {
			before: func(t *testing.T, w *world) { t.Helper(); w.enrolled(t) },
			act: func(ctx context.Context, w *world, _ int) error {
				_, _, _, err := w.Login(ctx, right, peer("192.0.2.1"))
				return err
			},
			code: fault.SecondFactorRequired, most: 5,
		},
		"right_passwords_with_wrong_codes_from_many_sources": {
			before: func(t *testing.T, w *world) { t.Helper(); w.enrolled(t) },
			act: func(ctx context.Context, w *world, n int) error {
				proof := user.Proof{Email: owners, Password: password, Code: "000000"}
				_, _, _, err := w.Login(ctx, proof, peer(fmt.Sprintf("192.0.2.%d", n+1)))
				return err
			},
			code: fault.Unauthorized, most: 20,
		},
		"passwords_of_somebody_logged_in": {
			act: func(ctx context.Context, w *world, _ int) error {
				return w.ChangePassword(ctx, w.owner, 0, "wrong horse!", "battery staple")
			},
			code: fault.ValidationError, most: 5,
		},
		"passwords_for_an_authenticator": {
			act: func(ctx context.Context, w *world, _ int) error {
				_, err := w.EnrolTOTP(ctx, shop, w.owner.ID, "wrong horse!")
				return err
			},
			code: fault.ValidationError, most: 5,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storage.SQLite)
			if tt.before != nil {
				tt.before(t, w)
			}
			ended := atOnce(func(n int) error { return tt.act(t.Context(), w, n) })
			if ended[tt.code] > tt.most || ended[tt.code] == 0 || ended[""] > 0 {
				t.Errorf("ended with %v, want at most %d of %s and none let in", ended, tt.most, tt.code)
			}
			if n := ended[tt.code] + ended[fault.TooManyRequests] + ended[fault.ServiceUnavailable]; n != crowd {
				t.Errorf("ended with %v", ended)
			}
		})
	}
	t.Run("an_owner_at_a_known_source_gets_in_while_and_after_it_is_guessed_at", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, storage.SQLite)
		w.enters(t)
		ended := atOnce(func(n int) error {
			proof, from := wrong, fmt.Sprintf("198.51.100.%d", n)
			if n == crowd/2 {
				proof, from = right, "192.0.2.1"
			}
			_, _, _, err := w.Login(t.Context(), proof, peer(from))
			return err
		})
		if ended[""] != 1 {
			t.Errorf("ended with %v, want the owner let in", ended)
		}
		atOnce(func(int) error {
			_, _, _, err := w.Login(t.Context(), wrong, peer("192.0.2.1"))
			return err
		})
		w.enters(t)
	})
	t.Run("somebody_new_gets_in_at_a_source_that_a_crowd_has_used_up", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, storage.SQLite)
		atOnce(func(n int) error {
			_, _, _, err := w.Login(t.Context(), nobody(n), peer("192.0.2.1"))
			return err
		})
		w.enters(t)
	})
}

// TestLogin_of_one_who_leaves holds that nothing is hashed for callers who have gone,
// and that it costs them no try.
func TestLogin_of_one_who_leaves(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		gone, leave := context.WithCancel(t.Context())
		leave()
		for range 40 {
			_, _, _, err := w.Login(gone, user.Proof{Email: owners, Password: "wrong horse!"}, peer("192.0.2.1"))
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("login ended with %v", err)
			}
		}
		_, err := w.login(t, user.Proof{Email: owners, Password: "wrong horse!"})
		refused(t, "a wrong login afterwards", err, fault.Unauthorized)
	})
}

// TestLogin_at_once logs one person in from two places at the same time, while others
// guess: neither fails for the other.
func TestLogin_at_once(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		var together sync.WaitGroup
		results := make([]error, 3)
		for i := range results {
			together.Go(func() {
				_, _, _, results[i] = w.Login(t.Context(), user.Proof{Email: owners, Password: password}, peer("192.0.2.1"))
			})
		}
		together.Wait()
		for _, err := range results {
			refused(t, "a right login", err, "")
		}
	})
}

// TestAccept_source holds that somebody new gets in from where the password was chosen,
// whoever has used up what strangers have.
func TestAccept_source(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		fresh := user.Person{Email: "new@shop.example", Name: "New", Role: merchant.RoleViewer}
		u, token, err := w.Invite(t.Context(), shop, fresh, "test")
		if err != nil {
			t.Fatal(err)
		}
		home := audit.WithOrigin(t.Context(), peer("192.0.2.7"))
		if _, err := w.Accept(home, string(token.Reveal()), password); err != nil {
			t.Fatal(err)
		}
		for n := range 30 {
			guess := user.Proof{Email: u.Email, Password: "wrong horse!"}
			_, _, _, err = w.Login(t.Context(), guess, peer(fmt.Sprintf("198.51.100.%d", n)))
		}
		refused(t, "the last guess", err, fault.TooManyRequests)
		_, _, _, err = w.Login(t.Context(), user.Proof{Email: u.Email, Password: password}, peer("192.0.2.7"))
		refused(t, "the new user", err, "")
	})
}

// TestHasher_in_line holds that few wait, that one source is not all of them, and that
// people who are known need not wait for strangers.
func TestHasher_in_line(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		source func(n int) string
		code   fault.Code
	}{
		"one_source_has_few_places": {func(int) string { return "192.0.2.1" }, fault.TooManyRequests},
		"all_have_not_many":         {func(n int) string { return fmt.Sprint(n) }, fault.ServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := user.NewHasher()
			hash, err := h.Hash(t.Context(), password)
			if err != nil {
				t.Fatal(err)
			}
			ended := atOnce(func(n int) error {
				if n == crowd/2 {
					right, err := h.Matches(t.Context(), password, hash)
					if err == nil && right {
						return nil
					}
					return fault.New(fault.Internal, fault.InternalError, "known")
				}
				_, err := h.MatchesOf(t.Context(), tt.source(n), password, hash)
				var f *fault.Error
				if errors.As(err, &f) && f.RetryAfter <= 0 {
					t.Error("nobody says when to ask again")
				}
				return err
			})
			if ended[tt.code] == 0 || ended[fault.InternalError] > 0 || ended[""]+ended[tt.code] != crowd {
				t.Errorf("ended with %v", ended)
			}
			if _, err := h.MatchesOf(t.Context(), "192.0.2.1", password, hash); err != nil {
				t.Errorf("after the crowd: %v", err)
			}
		})
	}
}
