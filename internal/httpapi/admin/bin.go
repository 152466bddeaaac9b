package admin

import (
	"context"
	"net/http"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
)

// MaxCSV is how large an uploaded BIN table may be: bin.MaxOwn rows of 400 bytes,
// where fifty are common.
const MaxCSV = 4 << 20

// maxTold is how many bad rows of a file are told of when it has no good ones.
const maxTold = 100

// BINs looks cards' leading digits up, in the rows that count for a merchant; nil is
// unknown.
type BINs interface {
	Lookup(ctx context.Context, m id.Merchant, digits string) (*bin.Info, error)
}

func (s *surface) binRoutes() []route {
	const one = "/admin/v1/bins/{digits}"
	return []route{
		{method: http.MethodGet, pattern: "/admin/v1/bins", needs: merchant.RoutingRead, handle: s.listBINs},
		{method: http.MethodGet, pattern: one, needs: merchant.RoutingRead, handle: s.lookUpBIN},
		{method: http.MethodDelete, pattern: one, needs: merchant.BINsImport, handle: s.removeBIN},
		{
			method: http.MethodPost, pattern: "/admin/v1/bins/import", needs: merchant.BINsImport, handle: s.importBINs,
			raw: &kit.RawBody{MediaType: "text/csv", Max: MaxCSV, Stream: true},
		},
	}
}

type binView struct {
	Prefix     string  `json:"prefix"`
	BankCode   *string `json:"bank_code"`
	Bank       *string `json:"bank"`
	Scheme     string  `json:"scheme"`
	Type       string  `json:"type"`
	Program    *string `json:"program"`
	Brand      *string `json:"brand"`
	Commercial bool    `json:"commercial"`
	Domestic   bool    `json:"domestic"`
	// Own says that the row is the merchant's and counts for it alone.
	Own bool `json:"own"`
}

func viewBIN(i *bin.Info) *binView {
	if i == nil {
		return nil
	}
	return &binView{
		Prefix: i.Prefix, BankCode: kit.TextOrNull(i.BankCode), Bank: kit.TextOrNull(i.Bank), Scheme: string(i.Scheme),
		Type: string(i.Type), Program: kit.TextOrNull(i.Program), Brand: kit.TextOrNull(i.Brand),
		Commercial: i.Commercial, Domestic: i.Domestic, Own: i.MerchantID != bin.Shared,
	}
}

// lookUpBIN answers GET /admin/v1/bins/{digits}. More than eight digits are nobody's
// business here: they would be a card number in a path.
func (s *surface) lookUpBIN(ctx context.Context, r *request) (kit.Response, error) {
	digits := r.Path("digits")
	none := fault.New(fault.NotFound, fault.NoSuchThing, "no such BIN")
	if len(digits) < 6 || len(digits) > 8 {
		return kit.Response{}, none
	}
	info, err := s.BINs.Lookup(ctx, r.Principal.MerchantID, digits)
	if err != nil {
		return kit.Response{}, err
	}
	if info == nil {
		return kit.Response{}, none
	}
	return kit.OK(viewBIN(info)), nil
}

// listBINs answers GET /admin/v1/bins: the rows that count for the merchant, and
// whose they are.
func (s *surface) listBINs(ctx context.Context, r *request) (kit.Response, error) {
	q := r.Query()
	p := bin.PageOf{
		Own: q.OneOf("whose", "own", "all") == "own", Cursor: q.Cursor("cursor"),
		Limit: q.Int("limit", wholeLimit, 1, maxLimit),
	}
	if err := q.Err(); err != nil {
		return kit.Response{}, err
	}
	rows, next, err := s.Cards.Page(ctx, r.Principal.MerchantID, p)
	if err != nil {
		return kit.Response{}, err
	}
	return viewed("bins", rows, next, func(i bin.Info) *binView { return viewBIN(&i) }), nil
}

// removeBIN answers DELETE /admin/v1/bins/{digits}, which names a row of the
// merchant's own by its whole prefix.
func (s *surface) removeBIN(ctx context.Context, r *request) (kit.Response, error) {
	return done(s.Cards.Remove(ctx, r.Principal.MerchantID, r.Path("digits"), r.Principal.Actor))
}

// importView tells what became of each line: lines is 1 for the header, and the sum
// of the others.
type importView struct {
	Lines     int          `json:"lines"`
	Blank     int          `json:"blank"`
	Imported  int          `json:"imported"`
	Unchanged int          `json:"unchanged"`
	Refused   []badRowView `json:"refused"`
}

type badRowView struct {
	Line   int     `json:"line"`
	Column *string `json:"column"`
	Why    string  `json:"why"`
}

// importBINs answers POST /admin/v1/bins/import: the good rows are stored as the
// merchant's own, the bad ones reported. A file without a good row is refused.
func (s *surface) importBINs(ctx context.Context, r *request) (kit.Response, error) {
	report, err := s.Cards.Import(ctx, bin.Upload{
		MerchantID: r.Principal.MerchantID, Actor: r.Principal.Actor, File: r.Stream,
	})
	switch {
	case bin.Unreadable(err):
		return kit.Response{}, badFile(err.Error())
	case err != nil:
		return kit.Response{}, err
	case report.Imported+report.Unchanged == 0:
		return kit.Response{}, badRows(report.Refused)
	}
	v := importView{
		Lines: report.Lines, Blank: report.Blank, Imported: report.Imported, Unchanged: report.Unchanged,
		Refused: make([]badRowView, 0, len(report.Refused)),
	}
	for _, b := range report.Refused {
		v.Refused = append(v.Refused, badRowView{Line: b.Line, Column: kit.TextOrNull(b.Column), Why: b.Why})
	}
	return kit.OK(v), nil
}

func badFile(why string) error {
	return fault.Validation(fault.Field{Name: "file", Code: fault.FieldInvalid, Message: why})
}

// badRows refuses a file of which nothing could be used.
func badRows(bad []bin.BadRow) error {
	var fields []fault.Field
	for _, b := range bad[:min(len(bad), maxTold)] {
		fields = append(fields, fault.Field{Name: "file", Code: fault.FieldInvalid, Message: b.String()})
	}
	return fault.Validation(fields...)
}
