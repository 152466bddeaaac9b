package admin

import (
	"context"
	"net/http"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/merchant"
)

// MaxCSV is how large an uploaded BIN table may be: the largest on the market have
// half a million rows of fifty bytes.
const MaxCSV = 32 << 20

// maxTold is how many bad rows of a file are told of when it has no good ones.
const maxTold = 100

// BINs looks cards' leading digits up; nil is unknown.
type BINs interface {
	Lookup(ctx context.Context, digits string) (*bin.Info, error)
}

func (s *surface) binRoutes() []route {
	return []route{
		{method: http.MethodGet, pattern: "/admin/v1/bins/{digits}", needs: merchant.RoutingRead, handle: s.lookUpBIN},
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
}

func viewBIN(i *bin.Info) *binView {
	if i == nil {
		return nil
	}
	return &binView{
		Prefix: i.Prefix, BankCode: kit.TextOrNull(i.BankCode), Bank: kit.TextOrNull(i.Bank), Scheme: string(i.Scheme),
		Type: string(i.Type), Program: kit.TextOrNull(i.Program), Brand: kit.TextOrNull(i.Brand),
		Commercial: i.Commercial, Domestic: i.Domestic,
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
	info, err := s.BINs.Lookup(ctx, digits)
	if err != nil {
		return kit.Response{}, err
	}
	if info == nil {
		return kit.Response{}, none
	}
	return kit.OK(viewBIN(info)), nil
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

// importBINs answers POST /admin/v1/bins/import: the good rows are stored, the bad
// ones reported. A file without a good row is refused.
func (s *surface) importBINs(ctx context.Context, r *request) (kit.Response, error) {
	report, err := s.Importer.Import(ctx, r.Stream)
	switch {
	case bin.Unreadable(err):
		return kit.Response{}, badFile(err.Error())
	case err != nil:
		return kit.Response{}, err
	case report.Imported+report.Unchanged == 0:
		return kit.Response{}, badRows(report.Refused)
	}
	facts := map[string]any{"rows": report.Imported, "unchanged": report.Unchanged, "refused": len(report.Refused)}
	if err := s.Editor.Note(ctx, r.Principal.MerchantID, r.Principal.Actor, "bins.import", facts); err != nil {
		return kit.Response{}, err
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
