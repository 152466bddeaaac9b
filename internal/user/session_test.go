package user_test

import (
	"bytes"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/user"
)

func TestSessions(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		// is fails unless the token is worth what the code says now.
		is := func(what, token string, code fault.Code) {
			t.Helper()
			u, _, err := w.Authenticate(t.Context(), token)
			refused(t, what, err, code)
			if err == nil && u.ID != w.owner.ID {
				t.Errorf("%s: it is of user %d", what, u.ID)
			}
		}
		count := func(what string, want int) {
			t.Helper()
			found, _, err := w.SessionPage(t.Context(), shop, w.owner.ID, "", 100)
			if err != nil || len(found) != want {
				t.Errorf("%s: %d sessions, %v; want %d", what, len(found), err, want)
			}
		}
		token, session := w.enters(t)
		is("a fresh one", token, "")
		is("another token", token+"x", fault.Unauthorized)
		is("no token", "", fault.Unauthorized)
		if session.Hash != sha256.Sum256([]byte(token)) || bytes.Contains([]byte(token), session.Hash[:]) || len(token) < 50 {
			t.Error("the store has something else than the hash of 260 random bits")
		}
		// It is used every hour and three quarters: at 1:45, 3:30, 5:15, 7:00, 8:45 and 10:30.
		for range 6 {
			w.clock.Advance(105 * time.Minute)
			is("one in use", token, "")
		}
		w.clock.Advance(90*time.Minute - time.Microsecond)
		is("one of nearly twelve hours", token, "")
		w.clock.Advance(time.Microsecond)
		is("one of twelve hours", token, fault.Unauthorized)
		count("what is over", 0)

		idle, _ := w.enters(t)
		w.clock.Advance(2*time.Hour - time.Microsecond)
		count("nearly idle", 1)
		w.clock.Advance(time.Microsecond)
		count("idle", 0)
		is("an idle one", idle, fault.Unauthorized)
	})
}

func TestSessions_end(t *testing.T) {
	t.Parallel()
	viewer, off := merchant.RoleViewer, false
	onSQLite(t, func(t *testing.T, w *world) {
		other := w.add(t, "other@shop.example", merchant.RoleOwner)
		a, first := w.enters(t)
		b, _ := w.enters(t)
		is := func(what, token string, code fault.Code) {
			t.Helper()
			_, _, err := w.Authenticate(t.Context(), token)
			refused(t, what, err, code)
		}
		refused(t, "ending another's", w.EndSession(t.Context(), shop, other.ID, first.ID, "test"), "")
		is("one that another would end", a, "")
		refused(t, "ending in another merchant", w.EndSession(t.Context(), shop+1, w.owner.ID, first.ID, "test"), fault.NoSuchThing)
		refused(t, "ending", w.EndSession(t.Context(), shop, w.owner.ID, first.ID, "test"), "")
		refused(t, "ending again", w.EndSession(t.Context(), shop, w.owner.ID, first.ID, "test"), "")
		is("one that was ended", a, fault.Unauthorized)
		is("the other one", b, "")

		c, kept := w.enters(t)
		onField(t, "a wrong password", w.ChangePassword(t.Context(), w.owner, kept.ID, "wrong horse!", "battery staple"), "current")
		onField(t, "a short password", w.ChangePassword(t.Context(), w.owner, kept.ID, password, "short"), "password")
		is("before the change", b, "")
		refused(t, "a new password", w.ChangePassword(t.Context(), w.owner, kept.ID, password, "battery staple"), "")
		is("the one that changed it", c, "")
		is("another after the change", b, fault.Unauthorized)
		_, err := w.login(t, user.Proof{Email: owners, Password: password})
		refused(t, "the old password", err, fault.Unauthorized)

		for name, change := range map[string]user.Change{"other rights": {Role: &viewer}, "disabled": {Active: &off}} {
			somebody := w.add(t, "x"+name[:1]+"@shop.example", merchant.RoleDeveloper)
			token, err := w.login(t, user.Proof{Email: somebody.Email, Password: password})
			refused(t, "login", err, "")
			if _, err := w.Update(t.Context(), w.now(t, somebody.ID), change, "test"); err != nil {
				t.Fatal(err)
			}
			is(name, token, fault.Unauthorized)
		}
	})
}

// TestSessions_seen holds that the last use is known to the minute, with a write a
// minute at most.
func TestSessions_seen(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		token, _ := w.enters(t)
		for _, tt := range []struct{ after, seen time.Duration }{
			{time.Minute - time.Microsecond, 0}, {time.Microsecond, time.Minute}, {30 * time.Second, time.Minute}, {time.Minute, 150 * time.Second},
		} {
			w.clock.Advance(tt.after)
			if _, _, err := w.Authenticate(t.Context(), token); err != nil {
				t.Fatal(err)
			}
			found, _, err := w.SessionPage(t.Context(), shop, w.owner.ID, "", 1)
			if err != nil || len(found) != 1 || !found[0].SeenAt.Equal(epoch.Add(tt.seen)) {
				t.Errorf("%v after %s: %+v", err, tt.after, found)
			}
		}
	})
}
