package e2e_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/vezne/vezne/test/servertest"
)

// login is somebody who is logged in with a browser.
type login struct {
	cookie, csrf string
}

// logIn logs somebody in and wants the status.
func logIn(t *testing.T, s *servertest.Server, want int, body string) login {
	t.Helper()
	a, ok := s.Send(t, servertest.Request{Method: http.MethodPost, Path: "/admin/v1/session", Body: body, As: servertest.Nobody()})
	if !ok || a.Status != want {
		t.Fatalf("log in: status %d, want %d: %s", a.Status, want, a.Body)
	}
	set := a.Header.Get("Set-Cookie")
	cookie, _, _ := strings.Cut(set, ";")
	if want == http.StatusOK && (!strings.Contains(set, "HttpOnly") || !strings.Contains(set, "SameSite=Strict")) {
		t.Errorf("cookie %q", strings.Replace(set, cookie, "", 1))
	}
	return login{cookie: cookie, csrf: a.Text("csrf_token")}
}

// send sends a request with the cookie and the CSRF token.
func (l login) send(t *testing.T, s *servertest.Server, want int, method, path, body string, headers ...string) servertest.Answer {
	t.Helper()
	r := servertest.Request{
		Method: method, Path: path, Body: body, As: servertest.Credential{"Cookie": l.cookie},
		Header: map[string]string{"X-CSRF-Token": l.csrf},
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header[headers[i]] = headers[i+1]
	}
	a, ok := s.Send(t, r)
	if !ok || a.Status != want {
		t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.Status, want, a.Body)
	}
	return a
}

const (
	ownersLogin = `{"email":"Admin@demo.vezne.dev","password":"demo-password-1"}`
	wrongLogin  = `{"email":"admin@demo.vezne.dev","password":"demo-password-2"}`
)

func TestAdminLogin(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *servertest.Server) {
		owner := logIn(t, s, 200, ownersLogin)
		t.Run("a_cookie_proves_who_calls", func(t *testing.T) {
			me := owner.send(t, s, 200, http.MethodGet, "/admin/v1/me", "")
			if me.Text("role") != "owner" || me.Text("csrf_token") != owner.csrf || !strings.HasPrefix(me.Text("actor"), "user:") {
				t.Errorf("me: %s", me.Body)
			}
		})
		t.Run("a_write_needs_the_token_of_the_login", func(t *testing.T) {
			body := `{"name":"csrf"}`
			owner.send(t, s, 403, http.MethodPost, "/admin/v1/credentials", body, "X-CSRF-Token", "")
			owner.send(t, s, 403, http.MethodPost, "/admin/v1/credentials", body, "X-CSRF-Token", owner.csrf+"x")
			owner.send(t, s, 201, http.MethodPost, "/admin/v1/credentials", body)
		})
		t.Run("a_login_ends_at_once", func(t *testing.T) {
			l := logIn(t, s, 200, ownersLogin)
			l.send(t, s, 204, http.MethodDelete, "/admin/v1/session", "")
			l.send(t, s, 401, http.MethodGet, "/admin/v1/me", "")
			owner.send(t, s, 200, http.MethodGet, "/admin/v1/me", "")
		})
		t.Run("an_invited_person_chooses_a_password", func(t *testing.T) {
			a := owner.send(t, s, 201, http.MethodPost, "/admin/v1/team", `{"email":"ayse@example.com","name":"Ayşe","role":"support"}`)
			owner.send(t, s, 400, http.MethodPost, "/admin/v1/team", `{"email":"AYSE@example.com","name":"Ayşe","role":"support"}`)
			owner.send(t, s, 400, http.MethodPost, "/admin/v1/team", `{"email":"ayse","name":"Ayşe","role":"boss"}`)
			accept := `{"token":"` + a.Text("invitation") + `","password":"correct horse"}`
			invite := func(want int, body string) {
				got, ok := s.Send(t, servertest.Request{Method: http.MethodPost, Path: "/admin/v1/invitations/accept", Body: body, As: servertest.Nobody()})
				if !ok || got.Status != want {
					t.Fatalf("accept: status %d, want %d: %s", got.Status, want, got.Body)
				}
			}
			invite(400, strings.Replace(accept, "correct horse", "short", 1))
			invite(200, accept)
			invite(400, accept)
			ayse := logIn(t, s, 200, `{"email":"ayse@example.com","password":"correct horse"}`)
			ayse.send(t, s, 403, http.MethodGet, "/admin/v1/team", "")
			user := member[struct {
				ID int64 `json:"id"`
			}](t, a, "user")
			t.Run("and_is_logged_out_when_disabled", func(t *testing.T) {
				path := "/admin/v1/team/" + number(user.ID)
				tag := owner.send(t, s, 200, http.MethodGet, path, "").Header.Get("ETag")
				owner.send(t, s, 428, http.MethodPatch, path, `{"active":false}`)
				owner.send(t, s, 412, http.MethodPatch, path, `{"active":false}`, "If-Match", `"99"`)
				owner.send(t, s, 200, http.MethodPatch, path, `{"active":false}`, "If-Match", tag)
				owner.send(t, s, 412, http.MethodPatch, path, `{"active":true}`, "If-Match", tag)
				ayse.send(t, s, 401, http.MethodGet, "/admin/v1/me", "")
				logIn(t, s, 401, `{"email":"ayse@example.com","password":"correct horse"}`)
			})
		})
		t.Run("the_last_owner_stays", func(t *testing.T) {
			me := member[struct {
				ID int64 `json:"id"`
			}](t, owner.send(t, s, 200, http.MethodGet, "/admin/v1/me", ""), "user")
			owner.send(t, s, 409, http.MethodPatch, "/admin/v1/team/"+number(me.ID), `{"role":"viewer"}`, "If-Match", "*")
		})
		t.Run("an_authenticator_is_a_second_factor", func(t *testing.T) {
			owner.send(t, s, 400, http.MethodPost, "/admin/v1/me/totp", `{"current":"guess"}`)
			owner.send(t, s, 400, http.MethodPost, "/admin/v1/me/totp", `{}`)
			secret := owner.send(t, s, 200, http.MethodPost, "/admin/v1/me/totp", `{"current":"demo-password-1"}`).Text("secret")
			owner.send(t, s, 400, http.MethodPost, "/admin/v1/me/totp/confirm", `{"code":"000000"}`)
			code := func(at time.Time) string {
				c, err := totp.GenerateCode(secret, at)
				if err != nil {
					t.Fatal(err)
				}
				return c
			}
			now := time.Now()
			owner.send(t, s, 204, http.MethodPost, "/admin/v1/me/totp/confirm", `{"code":"`+code(now)+`"}`)
			a, _ := s.Send(t, servertest.Request{Method: http.MethodPost, Path: "/admin/v1/session", Body: ownersLogin, As: servertest.Nobody()})
			if a.Status != 401 || a.Text("code") != "SECOND_FACTOR_REQUIRED" {
				t.Errorf("without a code: %s", a.Body)
			}
			with := func(c string) string { return strings.TrimSuffix(ownersLogin, "}") + `,"code":"` + c + `"}` }
			logIn(t, s, 401, with(code(now))) // it was taken before
			logIn(t, s, 200, with(code(now.Add(30*time.Second))))
			owner.send(t, s, 400, http.MethodPost, "/admin/v1/me/totp/remove", `{"current":"guess"}`)
			owner.send(t, s, 204, http.MethodPost, "/admin/v1/me/totp/remove", `{"current":"demo-password-1"}`)
			logIn(t, s, 200, ownersLogin)
		})
		t.Run("a_new_password_ends_other_logins", func(t *testing.T) {
			other := logIn(t, s, 200, ownersLogin)
			owner.send(t, s, 204, http.MethodPost, "/admin/v1/me/password", `{"current":"demo-password-1","password":"demo-password-3"}`)
			other.send(t, s, 401, http.MethodGet, "/admin/v1/me", "")
			owner.send(t, s, 200, http.MethodGet, "/admin/v1/me", "")
			owner.send(t, s, 204, http.MethodPost, "/admin/v1/me/password", `{"current":"demo-password-3","password":"demo-password-1"}`)
		})
		t.Run("guessing_is_stopped_and_shuts_no_owner_out", func(t *testing.T) {
			for _, email := range []string{"admin@demo.vezne.dev", "nobody@example.com"} {
				body := strings.Replace(wrongLogin, "admin@demo.vezne.dev", email, 1)
				for range 5 {
					logIn(t, s, 401, body)
				}
				logIn(t, s, 429, body)
			}
			logIn(t, s, 200, ownersLogin) // this address is known by now
		})
	})
}

func TestAdminCredentials(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *servertest.Server) {
		use := func(t *testing.T, key, secret string, want int) {
			t.Helper()
			as := servertest.Credential{"X-API-KEY": key, "X-API-SECRET": secret}
			if a, ok := s.Send(t, servertest.Request{Method: http.MethodGet, Path: "/api/payments", As: as}); !ok || a.Status != want {
				t.Errorf("status %d, want %d", a.Status, want)
			}
		}
		a := staff(t, s, 201, http.MethodPost, "/admin/v1/credentials", `{"name":"shop"}`)
		use(t, a.Text("key"), a.Text("secret"), 200)
		staff(t, s, 400, http.MethodPost, "/admin/v1/credentials", `{"name":"shop"}`)
		path := "/admin/v1/credentials/" + string(a.Members["id"])
		until := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
		b := staff(t, s, 201, http.MethodPost, path+"/rotate", `{"until":"`+until+`"}`)
		use(t, a.Text("key"), a.Text("secret"), 200)
		use(t, b.Text("key"), b.Text("secret"), 200)
		staff(t, s, 409, http.MethodPost, path+"/rotate", `{"until":"`+until+`"}`)
		staff(t, s, 204, http.MethodDelete, path, "")
		use(t, a.Text("key"), a.Text("secret"), 401)
		use(t, b.Text("key"), b.Text("secret"), 200)
		list := staff(t, s, 200, http.MethodGet, "/admin/v1/credentials", "")
		if strings.Contains(list.Body, b.Text("secret")) || !strings.Contains(list.Body, b.Text("key")) {
			t.Errorf("list: %s", list.Body)
		}
		token := staff(t, s, 201, http.MethodPost, "/admin/v1/tokens", `{"name":"ci","role":"developer"}`)
		ci := servertest.Credential{"Authorization": "Bearer " + token.Text("token")}
		ask := func(want int) {
			t.Helper()
			if a, ok := s.Send(t, servertest.Request{Method: http.MethodGet, Path: "/admin/v1/credentials", As: ci}); !ok || a.Status != want {
				t.Errorf("status %d, want %d", a.Status, want)
			}
		}
		ask(200)
		if list := staff(t, s, 200, http.MethodGet, "/admin/v1/tokens", ""); strings.Contains(list.Body, token.Text("token")) {
			t.Error("the list tells a token")
		}
		staff(t, s, 204, http.MethodDelete, "/admin/v1/tokens/"+token.Text("id"), "")
		ask(401)
	})
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
