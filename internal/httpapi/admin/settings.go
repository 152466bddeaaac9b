package admin

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/pos"
)

func (s *surface) settingsRoutes() []route {
	const path = "/admin/v1/settings"
	return []route{
		{method: http.MethodGet, pattern: path, needs: merchant.SettingsRead, handle: s.settings},
		{method: http.MethodPatch, pattern: path, needs: merchant.SettingsEdit, handle: s.patchSettings},
	}
}

type settingsView struct {
	MerchantID int64    `json:"merchant_id"`
	Version    int      `json:"version"`
	Name       string   `json:"name"`
	HalfSecure bool     `json:"half_secure"`
	ThreeDS    string   `json:"three_ds"`
	Hosts      []string `json:"hosts"`
	// Logo names the picture that hosted pages show, by its content.
	Logo     *string              `json:"logo"`
	Checkout checkoutSettingsView `json:"checkout"`
}

type checkoutSettingsView struct {
	Without3DS        bool     `json:"without_3ds"`
	Frames            []string `json:"frames"`
	WithoutSavedCards bool     `json:"without_saved_cards"`
	// LifeMinutes is null while the link lives as long as links do by default.
	LifeMinutes *int `json:"life_minutes"`
}

func viewSettings(m merchant.Merchant) settingsView {
	v := settingsView{
		MerchantID: int64(m.ID), Version: m.Version, Name: m.Name, HalfSecure: m.HalfSecure,
		ThreeDS: string(cmp.Or(m.ThreeDS, pos.ThreeDSOptional)), Hosts: list(strings.Fields(m.Hosts)),
		Logo: kit.TextOrNull(m.Logo),
		Checkout: checkoutSettingsView{
			Without3DS: m.Checkout.Without3DS, Frames: list(strings.Fields(m.Checkout.Frames)),
			WithoutSavedCards: m.Checkout.WithoutSavedCards,
		},
	}
	if m.Checkout.Life > 0 {
		minutes := int(m.Checkout.Life / time.Minute)
		v.Checkout.LifeMinutes = &minutes
	}
	return v
}

// settings answers GET /admin/v1/settings.
func (s *surface) settings(ctx context.Context, r *request) (kit.Response, error) {
	m, err := s.Merchants.Merchant(ctx, r.Principal.MerchantID)
	if err != nil {
		return kit.Response{}, err
	}
	return tagged(viewSettings(m), m.Version), nil
}

// patchSettings answers PATCH /admin/v1/settings: what is not named stays.
func (s *surface) patchSettings(ctx context.Context, r *request) (kit.Response, error) {
	was, err := s.Merchants.Merchant(ctx, r.Principal.MerchantID)
	if err != nil {
		return kit.Response{}, err
	}
	if err := matches(r, was.Version, false); err != nil {
		return kit.Response{}, err
	}
	shall := readMerchant(r.Body, was)
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	m, err := s.Merchants.SaveSettings(ctx, was, shall, r.Principal.Actor)
	if err != nil {
		return kit.Response{}, err
	}
	return tagged(viewSettings(m), m.Version), nil
}

// readMerchant reads what is said about the settings; the rest stays.
func readMerchant(b *kit.Object, m merchant.Merchant) merchant.Merchant {
	b.Know("merchant_id", "version", "logo") // what was read may be sent back
	m.Name = orText(b, "name", m.Name, 100)
	m.HalfSecure = b.OptionalBool("half_secure", m.HalfSecure)
	m.ThreeDS = pos.ThreeDS(orText(b, "three_ds", string(cmp.Or(m.ThreeDS, pos.ThreeDSOptional)), 16))
	m.Hosts = orWords(b, "hosts", m.Hosts)
	part := b.Object("checkout")
	if part == nil {
		return m
	}
	c := &m.Checkout
	c.Without3DS = part.OptionalBool("without_3ds", c.Without3DS)
	c.Frames = orWords(part, "frames", c.Frames)
	c.WithoutSavedCards = part.OptionalBool("without_saved_cards", c.WithoutSavedCards)
	if part.Has("life_minutes") {
		const most = int(merchant.MaxLife / time.Minute)
		n, _ := part.Int("life_minutes", 1, most)
		c.Life = time.Duration(n) * time.Minute
	}
	if part.Null("life_minutes") {
		c.Life = 0
	}
	b.Adopt("checkout", part)
	return m
}

// orWords reads an optional list of words, kept separated by spaces; without it
// the fallback stays.
func orWords(b *kit.Object, name, fallback string) string {
	if !b.Has(name) {
		return fallback
	}
	words := b.Strings(name, 20, 300)
	for _, word := range words {
		if strings.Contains(word, " ") {
			b.Reject(name, fault.FieldInvalid, "must have no spaces in its members")
			return fallback
		}
	}
	return strings.Join(words, " ")
}
