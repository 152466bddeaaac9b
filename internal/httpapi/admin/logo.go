package admin

import (
	"context"
	"encoding/base64"
	"net/http"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/merchant"
)

func (s *surface) logoRoutes() []route {
	const logo = "/admin/v1/settings/logo"
	return []route{
		{method: http.MethodPut, pattern: logo, needs: merchant.SettingsEdit, handle: s.setLogo},
		{method: http.MethodDelete, pattern: logo, needs: merchant.SettingsEdit, handle: s.removeLogo},
	}
}

// setLogo answers PUT /admin/v1/settings/logo; the picture comes in base64.
func (s *surface) setLogo(ctx context.Context, r *request) (kit.Response, error) {
	text, given := r.Body.Private("image")
	body, err := base64.StdEncoding.DecodeString(text)
	if given && (err != nil || len(body) == 0) {
		r.Body.Reject("image", fault.FieldInvalid, "must be a picture in base64")
	}
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	return done(s.Merchants.SetLogo(ctx, r.Principal.MerchantID, body, r.Principal.Actor))
}

// removeLogo answers DELETE /admin/v1/settings/logo.
func (s *surface) removeLogo(ctx context.Context, r *request) (kit.Response, error) {
	return done(s.Merchants.SetLogo(ctx, r.Principal.MerchantID, nil, r.Principal.Actor))
}
