package admin

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
)

// maxBulk bounds how many things one request may change.
const maxBulk = 500

func (s *surface) posRoutes() []route {
	const all, one = "/admin/v1/poses", "/admin/v1/poses/{alias}"
	return []route{
		{method: http.MethodGet, pattern: all, needs: merchant.RoutingRead, handle: paged(s.poses)},
		{method: http.MethodPut, pattern: all, needs: merchant.RoutingEdit, handle: s.putPOSes, listBody: true},
		{method: http.MethodGet, pattern: one, needs: merchant.RoutingRead, handle: s.pos},
		{method: http.MethodPut, pattern: one, needs: merchant.RoutingEdit, handle: s.putPOS},
		{method: http.MethodPatch, pattern: one, needs: merchant.RoutingEdit, handle: s.patchPOS},
		{method: http.MethodPost, pattern: one + "/test", needs: merchant.RoutingEdit, handle: bare(s.testPOS), emptyBody: true},
		{method: http.MethodGet, pattern: "/admin/v1/connectors", needs: merchant.RoutingRead, handle: paged(s.connectors)},
	}
}

type posView struct {
	ID              int64             `json:"id"`
	Version         int               `json:"version"`
	Alias           string            `json:"alias"`
	Name            string            `json:"name"`
	BankCode        *string           `json:"bank_code"`
	Connector       string            `json:"connector"`
	Settings        map[string]string `json:"settings"`
	SecretsSet      []string          `json:"secrets_set"`
	Status          string            `json:"status"`
	Priority        int               `json:"priority"`
	Currencies      []string          `json:"currencies"`
	Programs        []string          `json:"programs"`
	AcceptsDomestic bool              `json:"accepts_domestic"`
	AcceptsForeign  bool              `json:"accepts_foreign"`
	ThreeDS         string            `json:"three_ds"`
	TimeoutSeconds  int               `json:"timeout_seconds"`
	CaptureHours    int               `json:"capture_hours"`
	Healthy         bool              `json:"healthy"`
}

func (s *surface) viewPOS(ctx context.Context, p pos.POS) (posView, error) {
	v := posView{
		ID: int64(p.ID), Version: p.Version, Alias: p.Alias, Name: p.Name, BankCode: kit.TextOrNull(p.BankCode),
		Connector: p.Connector, Status: string(p.Status), Priority: p.Priority, Currencies: []string{},
		Programs: append([]string{}, p.Programs...), AcceptsDomestic: p.AcceptsDomestic, AcceptsForeign: p.AcceptsForeign,
		ThreeDS: string(cmp.Or(p.ThreeDS, pos.ThreeDSOptional)), TimeoutSeconds: int(p.RequestLimit().Seconds()),
		CaptureHours: int(p.CaptureLimit().Hours()), Healthy: s.Banks.Healthy(p.ID),
	}
	for _, c := range p.Currencies {
		v.Currencies = append(v.Currencies, c.String())
	}
	var err error
	v.Settings, v.SecretsSet, err = s.POSes.Settings(ctx, p)
	return v, err
}

// poses answers GET /admin/v1/poses.
func (s *surface) poses(ctx context.Context, r *request, p page) (kit.Response, error) {
	poses, next, err := s.POSes.POSPage(ctx, r.Principal.MerchantID, p.cursor, p.limit)
	if err != nil {
		return kit.Response{}, err
	}
	views := make([]posView, 0, len(poses))
	for _, p := range poses {
		v, err := s.viewPOS(ctx, p)
		if err != nil {
			return kit.Response{}, err
		}
		views = append(views, v)
	}
	return kit.OK(map[string]any{"poses": views, "next": kit.TextOrNull(next)}), nil
}

// pos answers GET /admin/v1/poses/{alias}.
func (s *surface) pos(ctx context.Context, r *request) (kit.Response, error) {
	p, err := s.findPOS(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	v, err := s.viewPOS(ctx, p)
	return tagged(v, p.Version), err
}

func (s *surface) findPOS(ctx context.Context, r *request) (pos.POS, error) {
	poses, err := s.POSes.POSes(ctx, r.Principal.MerchantID)
	if err != nil {
		return pos.POS{}, err
	}
	p, ok := byAlias(poses, r.Path("alias"))
	if !ok {
		return p, fault.New(fault.NotFound, fault.NoSuchThing, "no such POS")
	}
	return p, nil
}

func byAlias(poses []pos.POS, alias string) (pos.POS, bool) {
	i := slices.IndexFunc(poses, func(p pos.POS) bool { return p.Alias == alias })
	if i < 0 {
		return pos.POS{}, false
	}
	return poses[i], true
}

// newPOS is what a POS is of which nothing is said.
func newPOS(alias string, old pos.POS) pos.POS {
	return pos.POS{
		ID: old.ID, MerchantID: old.MerchantID, Version: old.Version, SealedSettings: old.SealedSettings,
		Alias: alias, Name: alias, Status: pos.Active, AcceptsDomestic: true, ThreeDS: pos.ThreeDSOptional,
	}
}

// putPOS answers PUT /admin/v1/poses/{alias}: it creates the POS or replaces all
// of it but secret settings that are not named.
func (s *surface) putPOS(ctx context.Context, r *request) (kit.Response, error) {
	poses, err := s.POSes.POSes(ctx, r.Principal.MerchantID)
	if err != nil {
		return kit.Response{}, err
	}
	old, exists := byAlias(poses, r.Path("alias"))
	if err := matches(r, old.Version, true); err != nil {
		return kit.Response{}, err
	}
	answer, err := s.savePOS(ctx, r, newPOS(r.Path("alias"), old))
	if !exists {
		answer.Status = http.StatusCreated
	}
	return answer, err
}

// patchPOS answers PATCH /admin/v1/poses/{alias}: what is not named stays.
func (s *surface) patchPOS(ctx context.Context, r *request) (kit.Response, error) {
	old, err := s.findPOS(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	if err := matches(r, old.Version, false); err != nil {
		return kit.Response{}, err
	}
	return s.savePOS(ctx, r, old)
}

func (s *surface) savePOS(ctx context.Context, r *request, p pos.POS) (kit.Response, error) {
	edit := readPOS(r.Body, p)
	sameText(r.Body, "alias", p.Alias)
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	if err := s.POSes.Apply(ctx, r.Principal.MerchantID, []pos.Edit{edit}, r.Principal.Actor); err != nil {
		return kit.Response{}, err
	}
	return s.pos(ctx, r)
}

// putPOSes answers PUT /admin/v1/poses: each is made as if by a PUT of its own,
// all or none.
func (s *surface) putPOSes(ctx context.Context, r *request) (kit.Response, error) {
	if err := unconditional(r); err != nil {
		return kit.Response{}, err
	}
	poses, err := s.POSes.POSes(ctx, r.Principal.MerchantID)
	if err != nil {
		return kit.Response{}, err
	}
	var edits []pos.Edit
	for i, b := range r.Body.Objects("items", maxBulk) {
		alias, _ := b.Text("alias", 1, maxAlias)
		old, _ := byAlias(poses, alias)
		if slices.ContainsFunc(edits, func(e pos.Edit) bool { return e.POS.Alias == alias }) {
			b.Reject("alias", fault.FieldInvalid, "stands in the list twice")
		}
		edits = append(edits, readPOS(b, newPOS(alias, old)))
		r.Body.Adopt(item(i), b)
	}
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	if err := s.POSes.Apply(ctx, r.Principal.MerchantID, edits, r.Principal.Actor); err != nil {
		return kit.Response{}, err
	}
	return s.poses(ctx, r, firstPage())
}

const maxAlias = 64

// readPOS reads what is said about a POS; the rest stays as it is in p.
func readPOS(b *kit.Object, p pos.POS) pos.Edit {
	if p.Alias == "" || len(p.Alias) > maxAlias || strings.Trim(p.Alias, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		b.Reject("alias", fault.FieldInvalid, "must be lower-case letters, digits, - and _")
	}
	b.CardFree("alias", p.Alias) // it may stand in the path alone
	p.Name = orText(b, "name", p.Name, 100)
	p.Connector = orText(b, "connector", p.Connector, 64)
	if p.BankCode = orText(b, "bank_code", p.BankCode, 4); b.Null("bank_code") {
		p.BankCode = ""
	}
	if p.BankCode != "" && (len(p.BankCode) != 4 || strings.Trim(p.BankCode, "0123456789") != "") {
		b.Reject("bank_code", fault.FieldInvalid, "must be four digits")
	}
	p.Status = pos.Status(orText(b, "status", string(p.Status), 16))
	if !slices.Contains([]pos.Status{pos.Active, pos.RefundOnly, pos.Disabled}, p.Status) {
		b.Reject("status", fault.FieldInvalid, "must be active, refund_only or disabled")
	}
	p.Priority = orInt(b, "priority", p.Priority, -1_000_000, 1_000_000)
	if b.Has("currencies") {
		p.Currencies = readCurrencies(b, "currencies")
	}
	if len(p.Currencies) == 0 {
		b.Reject("currencies", fault.FieldRequired, "is required")
	}
	if b.Has("programs") {
		p.Programs = b.Strings("programs", 50, 100)
	}
	p.AcceptsDomestic = b.OptionalBool("accepts_domestic", p.AcceptsDomestic)
	p.AcceptsForeign = b.OptionalBool("accepts_foreign", p.AcceptsForeign)
	p.ThreeDS = pos.ThreeDS(orText(b, "three_ds", string(p.ThreeDS), 16))
	if !p.ThreeDS.Valid() {
		b.Reject("three_ds", fault.FieldInvalid, "must be optional, debit or all")
	}
	p.Timeout = time.Duration(orInt(b, "timeout_seconds", int(p.RequestLimit().Seconds()), 1, 45)) * time.Second
	p.CaptureWindow = time.Duration(orInt(b, "capture_hours", int(p.CaptureLimit().Hours()), 1, 24*90)) * time.Hour
	b.Know("id", "version", "secrets_set", "healthy") // what was read may be sent back
	return pos.Edit{POS: p, Settings: readSettings(b)}
}

func readSettings(b *kit.Object) map[string]string {
	part := b.Object("settings")
	if part == nil {
		return nil
	}
	settings := make(map[string]string)
	for _, name := range part.Names() {
		if value, ok := part.OptionalPrivateText(name, 2000); ok { // sealed, and no names for people
			settings[name] = value
		}
	}
	b.Adopt("settings", part)
	return settings
}

func readCurrencies(b *kit.Object, name string) []money.Currency {
	var all []money.Currency
	for _, code := range b.Strings(name, 200, 3) {
		c, err := money.ParseCurrency(code)
		if err != nil {
			b.Reject(name, fault.FieldInvalid, kit.CurrencyMessage(err))
			return nil
		}
		all = append(all, c)
	}
	return all
}

type posTestView struct {
	Reachable bool `json:"reachable"`
	// Milliseconds is how long the bank took.
	Milliseconds int64  `json:"milliseconds"`
	Message      string `json:"message"`
}

// testPOS answers POST /admin/v1/poses/{alias}/test: it asks the bank about a
// request that there never was, which moves nothing.
func (s *surface) testPOS(ctx context.Context, r *request) (kit.Response, error) {
	p, err := s.findPOS(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	now, began := s.kit.Clock().Now(), s.kit.Clock().Elapsed()
	bank, err := s.Banks.Bank(ctx, p)
	if err != nil {
		return kit.OK(posTestView{Message: "the settings of the POS cannot be used"}), nil //nolint:nilerr // that is the answer
	}
	currency := money.TRY
	if len(p.Currencies) > 0 {
		currency = p.Currencies[0]
	}
	_, err = bank.Inquire(ctx, connector.Inquiry{
		Kind: connector.Sale, Reference: id.NewReference(now), Amount: money.FromMinor(100, currency), At: now,
	})
	v := posTestView{Reachable: err == nil, Milliseconds: (s.kit.Clock().Elapsed() - began).Milliseconds(),
		Message: "the bank answered"}
	if err != nil {
		v.Message = "the bank gave no answer that can be read"
	}
	return kit.OK(v), nil
}

type connectorView struct {
	Name         string           `json:"name"`
	Title        string           `json:"title"`
	Settings     []settingView    `json:"settings"`
	Capabilities capabilitiesView `json:"capabilities"`
}

type capabilitiesView struct {
	Capture bool `json:"capture"`
	Void    bool `json:"void"`
	Refund  bool `json:"refund"`
	ThreeDS bool `json:"three_ds"`
	Points  bool `json:"points"`
	Tokens  bool `json:"tokens"`
	Rates   bool `json:"rates"`
}

type settingView struct {
	Name     string  `json:"name"`
	Title    string  `json:"title"`
	Required bool    `json:"required"`
	Secret   bool    `json:"secret"`
	Default  *string `json:"default"`
}

// connectors answers GET /admin/v1/connectors. They are part of the program, so
// the cursor is the name of one.
func (s *surface) connectors(_ context.Context, _ *request, p page) (kit.Response, error) {
	all := s.POSes.Protocols()
	slices.SortFunc(all, func(a, b connector.Registration) int { return cmp.Compare(a.Name, b.Name) })
	from, found := slices.BinarySearchFunc(all, p.cursor, func(c connector.Registration, name string) int {
		return cmp.Compare(c.Name, name)
	})
	if p.cursor != "" && !found {
		return kit.Response{},
			fault.Validation(fault.Field{Name: "cursor", Code: fault.FieldInvalid, Message: "is not a cursor of this list"})
	}
	if found {
		from++
	}
	all, next := all[from:], ""
	if len(all) > p.limit {
		all = all[:p.limit]
		next = all[p.limit-1].Name
	}
	return viewed("connectors", all, next, viewConnector), nil
}

func viewConnector(c connector.Registration) connectorView {
	able := c.Capabilities()
	v := connectorView{Name: c.Name, Title: c.Title, Settings: []settingView{}, Capabilities: capabilitiesView{
		Capture: able.Capture, Void: able.Void, Refund: able.Refund, ThreeDS: able.ThreeDS,
		Points: able.Points, Tokens: able.Tokens, Rates: able.Rates,
	}}
	for _, f := range c.Settings {
		field := settingView{Name: f.Name, Title: f.Title, Required: f.Required, Secret: f.Secret}
		if !f.Secret {
			field.Default = kit.TextOrNull(f.Default)
		}
		v.Settings = append(v.Settings, field)
	}
	return v
}
