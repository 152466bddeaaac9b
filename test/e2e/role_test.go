package e2e_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/httpapi/admin"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/test/servertest"
)

// ownNames are paths whose value is a name that each merchant chooses for itself:
// a PUT there is about the caller's own thing, whoever else uses the name.
func ownNames() []string { return []string{"/{alias}", "/{key}", "/{rule}", "/{plan}"} }

// TestRoles calls every route of the admin API with every role, with nobody's
// credentials and with another merchant's.
func TestRoles(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *servertest.Server) {
		u := paid(t, s)
		tokens := map[merchant.Role]servertest.Credential{}
		for _, role := range merchant.Roles() {
			a := staff(t, s, 201, http.MethodPost, "/admin/v1/tokens", `{"name":"`+string(role)+`","role":"`+string(role)+`"}`)
			tokens[role] = servertest.Credential{"Authorization": "Bearer " + a.Text("token")}
		}
		owner := logIn(t, s, 200, ownersLogin)
		me := member[struct {
			ID int64 `json:"id"`
		}](t, owner.send(t, s, 200, http.MethodGet, "/admin/v1/me", ""), "user")
		credential := staff(t, s, 201, http.MethodPost, "/admin/v1/credentials", `{"name":"matrix"}`)
		token := staff(t, s, 201, http.MethodPost, "/admin/v1/tokens", `{"name":"matrix","role":"viewer"}`)
		sent := staff(t, s, 202, http.MethodPost, "/admin/v1/webhook-endpoints/1/test", `{}`)
		existing := strings.NewReplacer(
			"{endpointId}", "1", "{deliveryId}", string(sent.Members["id"]),
			"{paymentId}", u, "{credentialId}", string(credential.Members["id"]), "{tokenId}", token.Text("id"), "{userId}", number(me.ID),
			"{sessionId}", "1000", "{alias}", "garanti", "{plan}", "garanti:Bonus:3", "{rule}", "nobody", "{digits}", "542119",
		)
		ask := func(t *testing.T, r admin.Rule, as servertest.Credential) servertest.Answer {
			t.Helper()
			request := servertest.Request{Method: r.Method, Path: existing.Replace(r.Pattern), As: as}
			if r.Method != http.MethodGet {
				request.Body = `{}`
			}
			a, _ := s.Send(t, request)
			return a
		}
		for _, r := range admin.Rules() {
			t.Run(r.Method+r.Pattern, func(t *testing.T) {
				if r.Needs == "" {
					if a := ask(t, r, servertest.Nobody()); a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden {
						t.Errorf("nobody: status %d", a.Status)
					}
					return
				}
				if a := ask(t, r, servertest.Nobody()); a.Status != http.StatusUnauthorized {
					t.Errorf("nobody: status %d, want 401", a.Status)
				}
				// From least to all, because those who may may end what is asked for.
				for _, role := range slices.Backward(merchant.Roles()) {
					a := ask(t, r, tokens[role])
					refused := a.Status == http.StatusForbidden && a.Text("code") == "FORBIDDEN"
					if r.Needs == merchant.Self {
						continue // tokens may not do what needs a login; it is tested with logins
					}
					if refused == role.May(r.Needs) || a.Status == http.StatusUnauthorized ||
						a.Status >= http.StatusInternalServerError {
						t.Errorf("%s: status %d %s", role, a.Status, a.Body)
					}
				}
				named := strings.Contains(r.Pattern, "{") && r.Needs != merchant.Self
				own := r.Method == http.MethodPut && slices.ContainsFunc(ownNames(), func(n string) bool { return strings.HasSuffix(r.Pattern, n) })
				shared := strings.Contains(r.Pattern, "{digits}") // every merchant has rows that all share
				if a := ask(t, r, servertest.OtherAdmin()); named && !own && !shared && a.Status != http.StatusNotFound {
					t.Errorf("another merchant: status %d, want 404: %s", a.Status, a.Body)
				}
			})
		}
	})
}
