package admin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/user"
)

const (
	// csrfHeader must repeat the token of the login in whatever a cookie asks to
	// change: another site can send the cookie along, and cannot read the token.
	csrfHeader = "X-CSRF-Token"
	// The prefix makes browsers refuse the cookie from anything but this very
	// host over TLS (RFC 6265bis, section 4.1.3.2).
	secureCookie = "__Host-vezne_session"
	// plainCookie is for a demo on this machine, which has no TLS.
	plainCookie = "vezne_session"
	// maxProof bounds what is hashed before anything is proven.
	maxProof = 256
)

func (s *surface) sessionRoutes() []route {
	return []route{
		{method: http.MethodPost, pattern: "/admin/v1/session", needs: anybody, handle: s.login, stops: true},
		{method: http.MethodDelete, pattern: "/admin/v1/session", needs: merchant.Self, person: true, handle: s.logout},
		{method: http.MethodPost, pattern: "/admin/v1/invitations/accept", needs: anybody, handle: s.accept},
		{method: http.MethodGet, pattern: "/admin/v1/me", needs: merchant.Self, handle: s.me},
		{method: http.MethodGet, pattern: "/admin/v1/me/sessions", needs: merchant.Self, person: true, handle: paged(s.mySessions)},
		{method: http.MethodDelete, pattern: "/admin/v1/me/sessions/{sessionId}", needs: merchant.Self, person: true, handle: s.endMySession},
		{method: http.MethodPost, pattern: "/admin/v1/me/password", needs: merchant.Self, person: true, handle: s.changePassword},
		{method: http.MethodPost, pattern: "/admin/v1/me/totp", needs: merchant.Self, person: true, handle: s.enrolTOTP},
		{method: http.MethodPost, pattern: "/admin/v1/me/totp/confirm", needs: merchant.Self, person: true, handle: s.confirmTOTP},
		{method: http.MethodPost, pattern: "/admin/v1/me/totp/remove", needs: merchant.Self, person: true, handle: s.removeTOTP},
	}
}

func (s *surface) cookieName() string {
	if s.Secure {
		return secureCookie
	}
	return plainCookie
}

func (s *surface) cookie(value string, life time.Duration) string {
	c := http.Cookie{ //nolint:gosec // Secure is off for a demo without TLS alone
		Name: s.cookieName(), Value: value, Path: "/", HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteStrictMode,
		MaxAge: int(life.Seconds()),
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c.String()
}

// csrfToken is derived from the session's token, so that it needs no storage and
// tells nothing about it.
func csrfToken(session string) string {
	hash := sha256.Sum256([]byte("vezne csrf 1: " + session))
	return base64.RawURLEncoding.EncodeToString(hash[:])
}

var errCSRF = fault.New(fault.Forbidden, fault.ForbiddenAction, "the header "+csrfHeader+" is missing or wrong")

// bySession proves who is logged in with a cookie.
func (s *surface) bySession(ctx context.Context, r kit.AuthRequest, token string) (merchant.AdminPrincipal, error) {
	if s.Users == nil || len(token) > maxProof {
		return merchant.AdminPrincipal{}, errToken
	}
	u, session, err := s.Users.Authenticate(ctx, token)
	if err != nil {
		return merchant.AdminPrincipal{}, err
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		sent := r.Header.Get(csrfHeader)
		if subtle.ConstantTimeCompare([]byte(sent), []byte(csrfToken(token))) != 1 {
			return merchant.AdminPrincipal{}, errCSRF
		}
	}
	return merchant.AdminPrincipal{
		MerchantID: u.MerchantID, Name: u.Name, Role: u.Role, Actor: user.Actor(u.ID), UserID: u.ID, SessionID: session.ID,
	}, nil
}

type loginView struct {
	User      userView  `json:"user"`
	CSRFToken string    `json:"csrf_token"`
	ExpiresAt time.Time `json:"expires_at"`
}

// login answers POST /admin/v1/session.
func (s *surface) login(ctx context.Context, r *request) (kit.Response, error) {
	var p user.Proof
	p.Email, _ = r.Body.Text("email", 1, maxProof)
	p.Password, _ = r.Body.PrivateText("password", 1, maxProof)
	p.Code, _ = r.Body.OptionalText("code", 6)
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	u, session, token, err := s.Users.Login(ctx, p, audit.OriginOf(ctx))
	if err != nil {
		return kit.Response{}, err
	}
	plain := string(token.Reveal())
	life := session.ExpiresAt.Sub(session.CreatedAt)
	return kit.OK(loginView{User: viewUser(u), CSRFToken: csrfToken(plain), ExpiresAt: moment(session.ExpiresAt)}).
		WithHeader("Set-Cookie", s.cookie(plain, life)), nil
}

// logout answers DELETE /admin/v1/session.
func (s *surface) logout(ctx context.Context, r *request) (kit.Response, error) {
	p := r.Principal
	if err := s.Users.EndSession(ctx, p.MerchantID, p.UserID, p.SessionID, p.Actor); err != nil {
		return kit.Response{}, err
	}
	return kit.Response{Status: http.StatusNoContent}.WithHeader("Set-Cookie", s.cookie("", 0)), nil
}

// accept answers POST /admin/v1/invitations/accept.
func (s *surface) accept(ctx context.Context, r *request) (kit.Response, error) {
	token, _ := r.Body.PrivateText("token", 1, maxProof)
	password, _ := r.Body.Private("password")
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	u, err := s.Users.Accept(ctx, token, password)
	if err != nil {
		return kit.Response{}, err
	}
	return kit.OK(viewUser(u)), nil
}

type meView struct {
	Actor       string                `json:"actor"`
	Name        string                `json:"name"`
	MerchantID  int64                 `json:"merchant_id"`
	Role        string                `json:"role"`
	Permissions []merchant.Permission `json:"permissions"`
	User        *userView             `json:"user"`
	// CSRFToken is null for a token, which needs none.
	CSRFToken *string `json:"csrf_token"`
}

// me answers GET /admin/v1/me.
func (s *surface) me(ctx context.Context, r *request) (kit.Response, error) {
	p := r.Principal
	v := meView{
		Actor: p.Actor, Name: p.Name, MerchantID: int64(p.MerchantID), Role: string(p.Role),
		Permissions: []merchant.Permission{},
	}
	for _, permission := range merchant.Permissions() {
		if p.Role.May(permission) {
			v.Permissions = append(v.Permissions, permission)
		}
	}
	if p.UserID != 0 {
		u, err := s.Users.User(ctx, p.MerchantID, p.UserID)
		if err != nil {
			return kit.Response{}, err
		}
		view, csrf := viewUser(u), csrfToken(r.Cookie(s.cookieName()))
		v.User, v.CSRFToken = &view, &csrf
	}
	return kit.OK(v), nil
}

type sessionView struct {
	ID        int64     `json:"id"`
	Current   bool      `json:"current"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at"`
	ExpiresAt time.Time `json:"expires_at"`
	Address   *string   `json:"address"`
	Agent     *string   `json:"agent"`
}

// mySessions answers GET /admin/v1/me/sessions.
func (s *surface) mySessions(ctx context.Context, r *request, asked page) (kit.Response, error) {
	p := r.Principal
	return s.sessionsOf(ctx, p, p.UserID, asked)
}

func (s *surface) sessionsOf(
	ctx context.Context, p merchant.AdminPrincipal, n id.User, asked page,
) (kit.Response, error) {
	found, next, err := s.Users.SessionPage(ctx, p.MerchantID, n, asked.cursor, asked.limit)
	if err != nil {
		return kit.Response{}, err
	}
	return viewed("sessions", found, next, func(session user.Session) sessionView {
		return sessionView{
			ID: int64(session.ID), Current: session.ID == p.SessionID, CreatedAt: moment(session.CreatedAt),
			SeenAt: moment(session.SeenAt), ExpiresAt: moment(session.ExpiresAt),
			Address: kit.TextOrNull(session.Address), Agent: kit.TextOrNull(session.Agent),
		}
	}), nil
}

// endMySession answers DELETE /admin/v1/me/sessions/{sessionId}.
func (s *surface) endMySession(ctx context.Context, r *request) (kit.Response, error) {
	p := r.Principal
	n, err := r.Number("sessionId")
	if err != nil {
		return kit.Response{}, err
	}
	return done(s.Users.EndSession(ctx, p.MerchantID, p.UserID, id.AdminSession(n), p.Actor))
}

// changePassword answers POST /admin/v1/me/password.
func (s *surface) changePassword(ctx context.Context, r *request) (kit.Response, error) {
	p := r.Principal
	current, _ := r.Body.PrivateText("current", 1, maxProof)
	password, _ := r.Body.Private("password")
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	u, err := s.Users.User(ctx, p.MerchantID, p.UserID)
	if err != nil {
		return kit.Response{}, err
	}
	return done(s.Users.ChangePassword(ctx, u, p.SessionID, current, password))
}

// enrolTOTP answers POST /admin/v1/me/totp.
func (s *surface) enrolTOTP(ctx context.Context, r *request) (kit.Response, error) {
	p := r.Principal
	current, _ := r.Body.Text("current", 1, maxProof)
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	e, err := s.Users.EnrolTOTP(ctx, p.MerchantID, p.UserID, current)
	if err != nil {
		return kit.Response{}, err
	}
	return kit.OK(map[string]string{"secret": e.Secret, "url": e.URL}), nil
}

// confirmTOTP answers POST /admin/v1/me/totp/confirm.
func (s *surface) confirmTOTP(ctx context.Context, r *request) (kit.Response, error) {
	p := r.Principal
	code, _ := r.Body.Text("code", 1, 6)
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	return done(s.Users.ConfirmTOTP(ctx, p.MerchantID, p.UserID, code))
}

// removeTOTP answers POST /admin/v1/me/totp/remove.
func (s *surface) removeTOTP(ctx context.Context, r *request) (kit.Response, error) {
	p := r.Principal
	current, _ := r.Body.PrivateText("current", 1, maxProof)
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	return done(s.Users.RemoveTOTP(ctx, p.MerchantID, p.UserID, current))
}
