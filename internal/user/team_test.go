package user_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/user"
)

func TestInvitations(t *testing.T) {
	t.Parallel()
	const week = 7 * 24 * time.Hour
	onSQLite(t, func(t *testing.T, w *world) {
		invite := func(email string) (user.User, string) {
			t.Helper()
			u, token, err := w.Invite(t.Context(), shop, user.Person{Email: email, Name: "Ayşe", Role: merchant.RoleSupport}, "test")
			if err != nil {
				t.Fatal(err)
			}
			return u, string(token.Reveal())
		}
		accept := func(token, chosen string) error {
			_, err := w.Accept(t.Context(), token, chosen)
			return err
		}
		u, token := invite("Ayse@shop.example")
		if u.Email != "ayse@shop.example" || !u.Invited() || !u.InvitationUntil.Equal(epoch.Add(week)) || bytes.Contains(w.now(t, u.ID).Invitation, []byte(token)) {
			t.Errorf("invited: %+v", u)
		}
		refused(t, "another token", accept(token+"x", password), fault.InvitationInvalid)
		refused(t, "no token", accept("", password), fault.InvitationInvalid)
		onField(t, "nine characters", accept(token, "123456789"), "password")
		onField(t, "129 characters", accept(token, strings.Repeat("é", 129)), "password")
		refused(t, "ten characters", accept(token, "123456789é"), "")
		refused(t, "a second time", accept(token, password), fault.InvitationInvalid)
		_, err := w.login(t, user.Proof{Email: u.Email, Password: "123456789é"})
		refused(t, "a login", err, "")

		_, lateToken := invite("late@shop.example")
		_, punctual := invite("punctual@shop.example")
		w.clock.Advance(week - time.Microsecond)
		refused(t, "the last moment", accept(punctual, password), "")
		w.clock.Advance(time.Microsecond)
		refused(t, "after a week", accept(lateToken, password), fault.InvitationInvalid)

		unwanted, unwantedToken := invite("unwanted@shop.example")
		off := false
		if _, err := w.Update(t.Context(), unwanted, user.Change{Active: &off}, "test"); err != nil {
			t.Fatal(err)
		}
		refused(t, "somebody disabled", accept(unwantedToken, password), fault.InvitationInvalid)
	})
}

func TestInvite_refuses(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		good := user.Person{Email: "a@shop.example", Name: "A", Role: merchant.RoleViewer}
		for name, tt := range map[string]struct {
			change func(*user.Person)
			field  string
		}{
			"a_taken_address":              {func(p *user.Person) { p.Email = owners }, "email"},
			"a_taken_address_in_capitals":  {func(p *user.Person) { p.Email = strings.ToUpper(owners) }, "email"},
			"what_is_no_address":           {func(p *user.Person) { p.Email = "a" }, "email"},
			"an_address_with_a_name":       {func(p *user.Person) { p.Email = "A <a@shop.example>" }, "email"},
			"an_address_of_255_characters": {func(p *user.Person) { p.Email = strings.Repeat("a", 242) + "@shop.example" }, "email"},
			"no_name":                      {func(p *user.Person) { p.Name = "" }, "name"},
			"a_name_of_101_characters":     {func(p *user.Person) { p.Name = strings.Repeat("é", 101) }, "name"},
			"a_name_with_a_line_break":     {func(p *user.Person) { p.Name = "A\nB" }, "name"},
			"an_unknown_role":              {func(p *user.Person) { p.Role = "boss" }, "role"},
		} {
			p := good
			tt.change(&p)
			_, _, err := w.Invite(t.Context(), shop, p, "test")
			onField(t, name, err, tt.field)
		}
		if all, err := w.Users(t.Context(), shop); err != nil || len(all) != 1 {
			t.Errorf("the team has %d members, %v", len(all), err)
		}
	})
}

func TestLastOwner(t *testing.T) {
	t.Parallel()
	viewer, off, on := merchant.RoleViewer, false, true
	onSQLite(t, func(t *testing.T, w *world) {
		update := func(u user.User, c user.Change) error {
			_, err := w.Update(t.Context(), w.now(t, u.ID), c, "test")
			return err
		}
		refused(t, "giving the role up", update(w.owner, user.Change{Role: &viewer}), fault.LastOwner)
		refused(t, "being disabled", update(w.owner, user.Change{Active: &off}), fault.LastOwner)
		name := "Renamed"
		refused(t, "another name", update(w.owner, user.Change{Name: &name}), "")
		if _, _, err := w.Invite(t.Context(), shop, user.Person{Email: "i@shop.example", Name: "I", Role: merchant.RoleOwner}, "test"); err != nil {
			t.Fatal(err)
		}
		refused(t, "leaving it to somebody invited", update(w.owner, user.Change{Role: &viewer}), fault.LastOwner)
		second := w.add(t, "second@shop.example", merchant.RoleOwner)
		refused(t, "disabling the second", update(second, user.Change{Active: &off}), "")
		refused(t, "leaving it to somebody disabled", update(w.owner, user.Change{Role: &viewer}), fault.LastOwner)
		refused(t, "enabling the second", update(second, user.Change{Active: &on}), "")
		refused(t, "leaving it to the second", update(w.owner, user.Change{Role: &viewer}), "")
		refused(t, "the second, who is the last now", update(second, user.Change{Role: &viewer}), fault.LastOwner)
		stale := w.now(t, second.ID)
		refused(t, "a rename", update(second, user.Change{Name: &name}), "")
		_, err := w.Update(t.Context(), stale, user.Change{Name: &name}, "test")
		refused(t, "an edit of an old version", err, fault.VersionMismatch)
	})
}

// TestRecords holds that the audit log tells what was done to people and nothing
// that they prove themselves with.
func TestRecords(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		invited, token, err := w.Invite(t.Context(), shop, user.Person{Email: "a@shop.example", Name: "A", Role: merchant.RoleViewer}, "user:9")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Accept(t.Context(), string(token.Reveal()), "battery staple"); err != nil {
			t.Fatal(err)
		}
		secret := w.enrolled(t)
		code := codeAt(t, secret, w.clock.Now())
		session, err := w.login(t, user.Proof{Email: owners, Password: password, Code: code})
		refused(t, "login", err, "")
		_, err = w.login(t, user.Proof{Email: owners, Password: "wrong horse!", Code: code})
		refused(t, "a wrong login", err, fault.Unauthorized)
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		role := merchant.RoleDeveloper
		if _, err := w.Update(t.Context(), w.now(t, invited.ID), user.Change{Role: &role}, "user:9"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Update(t.Context(), w.now(t, w.owner.ID), user.Change{ForgetTOTP: true}, "user:9"); err != nil {
			t.Fatal(err)
		}
		secrets := map[string]string{
			"a password": password, "a chosen password": "battery staple", "a wrong password": "wrong horse!", "an invitation": string(token.Reveal()),
			"the secret of an authenticator": secret, "a code": code, "a session": session, "a hash of a password": "argon2id",
		}
		records, _, err := w.audit.Search(t.Context(), shop, audit.Filter{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		details := map[string]string{}
		for _, r := range records {
			for name, value := range secrets {
				if text := string(r.Detail) + r.Subject + r.Actor; strings.Contains(text, value) {
					t.Errorf("record %s holds %s", r.Action, name)
				}
			}
			details[r.Action+" of "+r.Subject] = string(r.Detail)
		}
		subject, owner := user.Actor(invited.ID), user.Actor(w.owner.ID)
		for what, want := range map[string]string{
			"user.invite of " + subject:      `{"after":{"active":true,"email":"a@shop.example","name":"A","role":"viewer","totp":false},"before":null}`,
			"user.accept of " + subject:      `{}`,
			"user.update of " + subject:      `{"after":{"role":"developer"},"before":{"role":"viewer"}}`,
			"user.totp_enrol of " + owner:    `{}`,
			"user.totp_on of " + owner:       `{}`,
			"user.update of " + owner:        `{"after":{"totp":false},"before":{"totp":true}}`,
			"user.login_refused of " + owner: `{}`,
		} {
			if diff := cmp.Diff(want, details[what]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
	})
}
