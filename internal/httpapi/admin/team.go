package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/user"
)

func (s *surface) teamRoutes() []route {
	const all, one = "/admin/v1/team", "/admin/v1/team/{userId}"
	return []route{
		{method: http.MethodGet, pattern: all, needs: merchant.TeamRead, handle: paged(s.team)},
		{method: http.MethodPost, pattern: all, needs: merchant.TeamEdit, handle: s.invite},
		{method: http.MethodGet, pattern: one, needs: merchant.TeamRead, handle: s.user},
		{method: http.MethodPatch, pattern: one, needs: merchant.TeamEdit, handle: s.updateUser},
		{method: http.MethodGet, pattern: one + "/sessions", needs: merchant.TeamEdit, handle: paged(s.userSessions)},
		{method: http.MethodDelete, pattern: one + "/sessions", needs: merchant.TeamEdit, handle: s.endUserSessions},
	}
}

type userView struct {
	ID        int64     `json:"id"`
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	Role      string    `json:"role"`
	Active    bool      `json:"active"`
	Invited   bool      `json:"invited"`
	TOTP      bool      `json:"totp"`
	CreatedAt time.Time `json:"created_at"`
}

type invitedView struct {
	User userView `json:"user"`
	// Invitation is the token with which the user chooses a password.
	Invitation string    `json:"invitation"`
	Until      time.Time `json:"until"`
}

func viewUser(u user.User) userView {
	return userView{
		ID: int64(u.ID), Email: u.Email, Name: u.Name, Role: string(u.Role), Active: u.Active,
		Invited: u.Invited(), TOTP: u.TOTPActive, CreatedAt: moment(u.CreatedAt),
	}
}

// team answers GET /admin/v1/team.
func (s *surface) team(ctx context.Context, r *request, p page) (kit.Response, error) {
	found, next, err := s.Users.UserPage(ctx, r.Principal.MerchantID, p.cursor, p.limit)
	if err != nil {
		return kit.Response{}, err
	}
	return viewed("users", found, next, viewUser), nil
}

// invite answers POST /admin/v1/team.
func (s *surface) invite(ctx context.Context, r *request) (kit.Response, error) {
	var p user.Person
	p.Email, _ = r.Body.String("email")
	p.Name, _ = r.Body.String("name")
	role, _ := r.Body.String("role")
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	p.Role = merchant.Role(role)
	u, token, err := s.Users.Invite(ctx, r.Principal.MerchantID, p, r.Principal.Actor)
	if err != nil {
		return kit.Response{}, err
	}
	return kit.Response{Status: http.StatusCreated, Body: invitedView{
		User: viewUser(u), Invitation: string(token.Reveal()), Until: moment(u.InvitationUntil),
	}}, nil
}

// findUser returns the user whom the path names.
func (s *surface) findUser(ctx context.Context, r *request) (user.User, error) {
	n, err := r.Number("userId")
	if err != nil {
		return user.User{}, err
	}
	return s.Users.User(ctx, r.Principal.MerchantID, id.User(n))
}

// user answers GET /admin/v1/team/{userId}.
func (s *surface) user(ctx context.Context, r *request) (kit.Response, error) {
	u, err := s.findUser(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	return tagged(viewUser(u), u.Version), nil
}

// updateUser answers PATCH /admin/v1/team/{userId}.
func (s *surface) updateUser(ctx context.Context, r *request) (kit.Response, error) {
	u, err := s.findUser(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	if err := matches(r, u.Version, false); err != nil {
		return kit.Response{}, err
	}
	var c user.Change
	if name, ok := r.Body.OptionalString("name"); ok {
		c.Name = &name
	}
	if text, ok := r.Body.OptionalString("role"); ok {
		role := merchant.Role(text)
		c.Role = &role
	}
	if r.Body.Has("active") {
		active := r.Body.OptionalBool("active", true)
		c.Active = &active
	}
	c.ForgetTOTP = r.Body.OptionalBool("forget_totp", false)
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	if u, err = s.Users.Update(ctx, u, c, r.Principal.Actor); err != nil {
		return kit.Response{}, err
	}
	return tagged(viewUser(u), u.Version), nil
}

// userSessions answers GET /admin/v1/team/{userId}/sessions.
func (s *surface) userSessions(ctx context.Context, r *request, p page) (kit.Response, error) {
	u, err := s.findUser(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	return s.sessionsOf(ctx, r.Principal, u.ID, p)
}

// endUserSessions answers DELETE /admin/v1/team/{userId}/sessions.
func (s *surface) endUserSessions(ctx context.Context, r *request) (kit.Response, error) {
	u, err := s.findUser(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	return done(s.Users.EndSession(ctx, u.MerchantID, u.ID, 0, r.Principal.Actor))
}
