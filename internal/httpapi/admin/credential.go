package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
)

func (s *surface) credentialRoutes() []route {
	const all, one = "/admin/v1/credentials", "/admin/v1/credentials/{credentialId}"
	return []route{
		{method: http.MethodGet, pattern: all, needs: merchant.CredentialsRead, handle: paged(s.credentials)},
		{method: http.MethodPost, pattern: all, needs: merchant.CredentialsEdit, handle: s.createCredential},
		{method: http.MethodGet, pattern: one, needs: merchant.CredentialsRead, handle: s.credential},
		{method: http.MethodPatch, pattern: one, needs: merchant.CredentialsEdit, handle: s.editCredential},
		{method: http.MethodPost, pattern: one + "/rotate", needs: merchant.CredentialsEdit, handle: s.rotateCredential},
		{method: http.MethodDelete, pattern: one, needs: merchant.CredentialsEdit, handle: s.revokeCredential},
		{method: http.MethodGet, pattern: "/admin/v1/tokens", needs: merchant.TokensRead, handle: paged(s.tokens)},
		{method: http.MethodPost, pattern: "/admin/v1/tokens", needs: merchant.TokensEdit, handle: s.createToken},
		{method: http.MethodDelete, pattern: "/admin/v1/tokens/{tokenId}", needs: merchant.TokensEdit, handle: s.revokeToken},
	}
}

// maxScopes bounds the list of scopes and each of their names.
const maxScopes = 16

type credentialView struct {
	ID        int64     `json:"id"`
	Version   int       `json:"version"`
	Name      string    `json:"name"`
	Scopes    []string  `json:"scopes"`
	Key       string    `json:"key"`
	CreatedAt time.Time `json:"created_at"`
	// Until is when it stopped working or will.
	Until      *time.Time `json:"until"`
	Working    bool       `json:"working"`
	LastUsedAt *time.Time `json:"last_used_at"`
}

// newCredentialView is the only answer with a secret.
type newCredentialView struct {
	credentialView

	Secret string `json:"secret"`
}

func (s *surface) viewCredential(c merchant.Credential, used time.Time) credentialView {
	return credentialView{
		ID: int64(c.ID), Version: c.Version, Name: c.Name, Scopes: c.Scopes.Names(), Key: c.Key,
		CreatedAt: moment(c.CreatedAt), Until: timeOrNull(c.RevokedAt),
		Working: c.Working(s.kit.Clock().Now()), LastUsedAt: timeOrNull(used),
	}
}

// credentials answers GET /admin/v1/credentials.
func (s *surface) credentials(ctx context.Context, r *request, p page) (kit.Response, error) {
	found, next, err := s.Merchants.CredentialPage(ctx, r.Principal.MerchantID, p.cursor, p.limit)
	if err != nil {
		return kit.Response{}, err
	}
	uses, err := s.Merchants.CredentialUses(ctx, r.Principal.MerchantID)
	if err != nil {
		return kit.Response{}, err
	}
	return viewed("credentials", found, next,
		func(c merchant.Credential) credentialView { return s.viewCredential(c, uses[c.ID]) }), nil
}

// createCredential answers POST /admin/v1/credentials.
func (s *surface) createCredential(ctx context.Context, r *request) (kit.Response, error) {
	name, _ := r.Body.String("name")
	scopes, err := readScopes(r.Body)
	if err != nil {
		return kit.Response{}, err
	}
	c, err := s.Merchants.CreateCredential(ctx, r.Principal.MerchantID, name, scopes, r.Principal.Editor())
	if err != nil {
		return kit.Response{}, err
	}
	return s.created(c), nil
}

// readScopes reads scopes, none if the body does not name them, and closes the body.
func readScopes(b *kit.Object) (merchant.Scopes, error) {
	named := b.Has("scopes")
	names := b.Strings("scopes", maxScopes, maxScopes)
	if err := b.Err(); err != nil || !named {
		return "", err
	}
	return merchant.ParseScopes(names)
}

func (s *surface) created(c merchant.Credential) kit.Response {
	return kit.Response{Status: http.StatusCreated, Body: newCredentialView{
		credentialView: s.viewCredential(c, time.Time{}), Secret: string(c.Secret.Reveal()),
	}}.WithHeader("ETag", etag(c.Version))
}

// findCredential returns the credential that the path names.
func (s *surface) findCredential(ctx context.Context, r *request) (merchant.Credential, error) {
	n, err := r.Number("credentialId")
	if err != nil {
		return merchant.Credential{}, err
	}
	return s.Merchants.Credential(ctx, r.Principal.MerchantID, id.Credential(n))
}

// tagCredential answers with a credential and its last use.
func (s *surface) tagCredential(ctx context.Context, c merchant.Credential) (kit.Response, error) {
	uses, err := s.Merchants.CredentialUses(ctx, c.MerchantID)
	if err != nil {
		return kit.Response{}, err
	}
	return tagged(s.viewCredential(c, uses[c.ID]), c.Version), nil
}

// credential answers GET /admin/v1/credentials/{credentialId}.
func (s *surface) credential(ctx context.Context, r *request) (kit.Response, error) {
	c, err := s.findCredential(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	return s.tagCredential(ctx, c)
}

// editCredential answers PATCH /admin/v1/credentials/{credentialId}.
func (s *surface) editCredential(ctx context.Context, r *request) (kit.Response, error) {
	c, err := s.findCredential(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	if err := matches(r, c.Version, false); err != nil {
		return kit.Response{}, err
	}
	e := merchant.CredentialEdit{}
	if name, ok := r.Body.OptionalString("name"); ok {
		e.Name = &name
	}
	if e.Scopes, err = readScopes(r.Body); err != nil {
		return kit.Response{}, err
	}
	if c, err = s.Merchants.EditCredential(ctx, c, e, r.Principal.Editor()); err != nil {
		return kit.Response{}, err
	}
	return s.tagCredential(ctx, c)
}

// rotateCredential answers POST /admin/v1/credentials/{credentialId}/rotate.
func (s *surface) rotateCredential(ctx context.Context, r *request) (kit.Response, error) {
	old, err := s.findCredential(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	if err := matches(r, old.Version, true); err != nil {
		return kit.Response{}, err
	}
	until := readTime(r.Body, "until")
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	c, err := s.Merchants.RotateCredential(ctx, r.Principal.MerchantID, old.ID, until, r.Principal.Editor())
	if err != nil {
		return kit.Response{}, err
	}
	return s.created(c), nil
}

// revokeCredential answers DELETE /admin/v1/credentials/{credentialId}.
func (s *surface) revokeCredential(ctx context.Context, r *request) (kit.Response, error) {
	c, err := s.findCredential(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	if err := matches(r, c.Version, true); err != nil {
		return kit.Response{}, err
	}
	return done(s.Merchants.RevokeCredential(ctx, c.MerchantID, c.ID, r.Principal.Actor))
}

// done answers a command that has nothing to tell.
func done(err error) (kit.Response, error) { return kit.Response{Status: http.StatusNoContent}, err }

type tokenView struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Role      string     `json:"role"`
	CreatedAt *time.Time `json:"created_at"`
	RevokedAt *time.Time `json:"revoked_at"`
}

type newTokenView struct {
	tokenView

	Token string `json:"token"`
}

func viewToken(t merchant.AdminToken) tokenView {
	return tokenView{
		ID: t.Handle(), Name: t.Name, Role: string(t.Role), CreatedAt: timeOrNull(t.CreatedAt),
		RevokedAt: timeOrNull(t.RevokedAt),
	}
}

// tokens answers GET /admin/v1/tokens.
func (s *surface) tokens(ctx context.Context, r *request, p page) (kit.Response, error) {
	found, next, err := s.Merchants.AdminTokenPage(ctx, r.Principal.MerchantID, p.cursor, p.limit)
	if err != nil {
		return kit.Response{}, err
	}
	return viewed("tokens", found, next, viewToken), nil
}

// createToken answers POST /admin/v1/tokens.
func (s *surface) createToken(ctx context.Context, r *request) (kit.Response, error) {
	name, _ := r.Body.String("name")
	role, _ := r.Body.String("role")
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	t, plain, err := s.Merchants.CreateAdminToken(ctx, r.Principal.MerchantID, name, merchant.Role(role),
		r.Principal.Actor)
	if err != nil {
		return kit.Response{}, err
	}
	return kit.Response{Status: http.StatusCreated,
		Body: newTokenView{tokenView: viewToken(t), Token: string(plain.Reveal())}}, nil
}

// revokeToken answers DELETE /admin/v1/tokens/{tokenId}.
func (s *surface) revokeToken(ctx context.Context, r *request) (kit.Response, error) {
	return done(s.Merchants.RevokeAdminToken(ctx, r.Principal.MerchantID, r.Path("tokenId"), r.Principal.Actor))
}
