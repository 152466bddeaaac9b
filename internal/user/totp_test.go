package user_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/user"
)

// period is how long a code is of.
const period = 30 * time.Second

func codeAt(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// enrolled sets an authenticator up for the owner and returns its secret, at a
// time of which no code was taken.
func (w *world) enrolled(t *testing.T) string {
	t.Helper()
	e, err := w.EnrolTOTP(t.Context(), shop, w.owner.ID, password)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.ConfirmTOTP(t.Context(), shop, w.owner.ID, codeAt(t, e.Secret, w.clock.Now())); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(10 * period)
	return e.Secret
}

func TestEnrolTOTP(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		_, err := w.EnrolTOTP(t.Context(), shop, w.owner.ID, "wrong horse!")
		onField(t, "a wrong password", err, "current")
		_, err = w.EnrolTOTP(t.Context(), shop, w.owner.ID, "")
		onField(t, "no password", err, "current")
		if len(w.now(t, w.owner.ID).SealedTOTP) > 0 {
			t.Error("a secret was set up without the password")
		}
		e, err := w.EnrolTOTP(t.Context(), shop, w.owner.ID, password)
		if err != nil {
			t.Fatal(err)
		}
		if u, err := url.Parse(e.URL); err != nil || u.Scheme != "otpauth" || u.Query().Get("secret") != e.Secret || len(e.Secret) != 32 {
			t.Errorf("%v: the URL does not set the secret up", err)
		}
		if strings.Contains(string(w.now(t, w.owner.ID).SealedTOTP), e.Secret) {
			t.Error("the secret is stored in the clear")
		}
		_, err = w.login(t, user.Proof{Email: owners, Password: password})
		refused(t, "a login before it is confirmed", err, "")
		onField(t, "a wrong code", w.ConfirmTOTP(t.Context(), shop, w.owner.ID, "000000"), "code")
		onField(t, "a code of an hour ago", w.ConfirmTOTP(t.Context(), shop, w.owner.ID, codeAt(t, e.Secret, epoch.Add(-time.Hour))), "code")
		again, err := w.EnrolTOTP(t.Context(), shop, w.owner.ID, password)
		refused(t, "a second try", err, "")
		onField(t, "a code of the first try", w.ConfirmTOTP(t.Context(), shop, w.owner.ID, codeAt(t, e.Secret, epoch)), "code")
		refused(t, "a right code", w.ConfirmTOTP(t.Context(), shop, w.owner.ID, codeAt(t, again.Secret, epoch)), "")
		refused(t, "confirming twice", w.ConfirmTOTP(t.Context(), shop, w.owner.ID, codeAt(t, again.Secret, epoch)), fault.SecondFactorActive)
		_, err = w.EnrolTOTP(t.Context(), shop, w.owner.ID, password)
		refused(t, "another while one is active", err, fault.SecondFactorActive)
		_, err = w.login(t, user.Proof{Email: owners, Password: password, Code: codeAt(t, again.Secret, epoch)})
		refused(t, "the code that confirmed", err, fault.Unauthorized)
	})
}

func TestTOTP(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		secret := w.enrolled(t)
		// offset is of which step the code is, counted from now.
		for _, tt := range []struct {
			name   string
			after  time.Duration
			offset time.Duration
			code   fault.Code
		}{
			{"two_steps_early_is_refused", 0, 2 * period, fault.Unauthorized},
			{"two_steps_late_is_refused", 0, -2 * period, fault.Unauthorized},
			{"one_step_late_is_taken", 0, -period, ""},
			{"the_same_code_again_is_refused", 0, -period, fault.Unauthorized},
			{"the_next_one_is_taken", 0, 0, ""},
			{"a_code_before_the_last_one_is_refused", 0, -period, fault.Unauthorized},
			{"one_step_early_is_taken", 0, period, ""},
			{"which_is_used_up_when_its_time_comes", period, 0, fault.Unauthorized},
			{"and_the_step_after_is_taken", period, 0, ""},
		} {
			w.clock.Advance(tt.after)
			_, err := w.login(t, user.Proof{Email: owners, Password: password, Code: codeAt(t, secret, w.clock.Now().Add(tt.offset))})
			refused(t, tt.name, err, tt.code)
		}
		w.clock.Advance(time.Hour)
		good := codeAt(t, secret, w.clock.Now())
		_, err := w.login(t, user.Proof{Email: owners, Password: password})
		refused(t, "no code", err, fault.SecondFactorRequired)
		_, err = w.login(t, user.Proof{Email: owners, Password: "wrong horse!", Code: good})
		refused(t, "a right code with a wrong password", err, fault.Unauthorized)
		_, err = w.login(t, user.Proof{Email: owners, Password: "wrong horse!"})
		refused(t, "a wrong password without a code", err, fault.Unauthorized)
		onField(t, "removing with a wrong password", w.RemoveTOTP(t.Context(), shop, w.owner.ID, "wrong horse!"), "current")
		refused(t, "removing", w.RemoveTOTP(t.Context(), shop, w.owner.ID, password), "")
		if u := w.now(t, w.owner.ID); len(u.SealedTOTP) > 0 || u.TOTPActive {
			t.Error("the secret was kept")
		}
		_, err = w.login(t, user.Proof{Email: owners, Password: password})
		refused(t, "a login without it", err, "")
	})
}

// TestTOTP_of_two_at_once logs in with one code from two places at the same time.
func TestTOTP_of_two_at_once(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		secret := w.enrolled(t)
		p := user.Proof{Email: owners, Password: password, Code: codeAt(t, secret, w.clock.Now())}
		results := make([]error, 4)
		var together sync.WaitGroup
		for i := range results {
			together.Go(func() { _, _, _, results[i] = w.Login(t.Context(), p, peer("192.0.2.1")) })
		}
		together.Wait()
		in := 0
		for _, err := range results {
			if err == nil {
				in++
				continue
			}
			refused(t, "a slower login", err, fault.Unauthorized)
		}
		if in != 1 {
			t.Errorf("%d got in with one code", in)
		}
	})
}
