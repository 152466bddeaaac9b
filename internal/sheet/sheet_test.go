package sheet_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/sheet"
)

var bounds = sheet.Bounds{Bytes: 64 << 20, Lines: 1_000}

// told is what a file was read as: rows joined by bars, problems by their text.
func told(t *testing.T, in io.Reader, b sheet.Bounds) (lines []string, r *sheet.Reader, last error) {
	t.Helper()
	r = sheet.NewReader(in, b)
	if _, err := r.Columns(); err != nil {
		return nil, r, err
	}
	for {
		row, err := r.Read()
		if problem, ok := errors.AsType[*sheet.Problem](err); ok {
			lines = append(lines, problem.Error())
			continue
		}
		if errors.Is(err, io.EOF) {
			return lines, r, nil
		}
		if err != nil {
			return lines, r, err
		}
		lines = append(lines, strings.Join(row.Fields, "|"))
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", sheet.MaxField+1)
	for name, tt := range map[string]struct {
		in   string
		want []string
	}{
		"rows":                    {"a,b\n1,2\n3,\n", []string{"1|2", "3|"}},
		"last_line_without_end":   {"a,b\n1,2", []string{"1|2"}},
		"byte_order_mark_CRLF":    {"\xef\xbb\xbfa,b\r\n1,2\r\n", []string{"1|2"}},
		"semicolons":              {"a;b\n1,5;2\n", []string{"1,5|2"}},
		"space_around_fields":     {"a,b\n 1\t, \"2\" \n", []string{"1|2"}},
		"quoted_separator":        {"a,b\n\"1,5\",2\n", []string{"1,5|2"}},
		"quoted_mark":             {"a,b\n\"say \"\"no\"\"\",2\n", []string{`say "no"|2`}},
		"quoted_nothing":          {"a,b\n\"\",2\n", []string{"|2"}},
		"open_mark_costs_a_line":  {"a,b\n\"1,2\n3,4\n5,6\n", []string{"line 2, field 1: a quoted field must end in its line", "3|4", "5|6"}},
		"open_mark_in_the_end":    {"a,b\n1,\"2", []string{"line 2, field 2: a quoted field must end in its line"}},
		"mark_after_a_mark":       {"a,b\n\"1\"x,2\n3,4\n", []string{"line 2, field 1: text follows the end of a quoted field", "3|4"}},
		"mark_within_a_field":     {"a,b\n1,2\"\n3,4\n", []string{"line 2, field 2: a quotation mark stands in a field that does not begin with one", "3|4"}},
		"field_that_is_too_long":  {"a,b\n1," + long + "\n3,4\n", []string{"line 2, field 2: is longer than 4096 bytes", "3|4"}},
		"line_that_is_too_long":   {"a,b\n" + strings.Repeat(long+",", 5) + "\n3,4\n", []string{"line 2: is longer than 16384 bytes", "3|4"}},
		"line_that_is_too_wide":   {"a,b\n" + strings.Repeat(",", 200) + "\n3,4\n", []string{"line 2: has more than 200 fields", "3|4"}},
		"carriage_returns_alone":  {"a,b\n1,2\r3,4\r\n5,6\n", []string{"line 2: a carriage return stands within it: lines must end with a line feed", "5|6"}},
		"blank_lines_have_places": {"\n\na,b\n\n , \n1,2\n\"x\n", []string{"1|2", "line 7, field 1: a quoted field must end in its line"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := told(t, strings.NewReader(tt.in), bounds)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryLineIsCounted(t *testing.T) {
	t.Parallel()
	lines, r, err := told(t, strings.NewReader("\na,b\n\n1,2\n\"x\n,\n"+strings.Repeat(",", 1<<20)+"\n3,4"), bounds)
	if err != nil {
		t.Fatal(err)
	}
	if r.Lines() != 8 || r.Blank() != 3 || r.Lines() != 1+r.Blank()+len(lines) {
		t.Errorf("%d lines, of which 1 is the header and %d are blank; told of %d", r.Lines(), r.Blank(), len(lines))
	}
}

func TestTheFileIsRefused(t *testing.T) {
	t.Parallel()
	torn := errors.New("torn")
	for name, tt := range map[string]struct {
		in     io.Reader
		bounds sheet.Bounds
		want   error
	}{
		"empty":            {strings.NewReader(""), bounds, io.EOF},
		"blank":            {strings.NewReader("\n ,\n"), bounds, io.EOF},
		"torn":             {io.MultiReader(strings.NewReader("a\n1\n"), iotest.ErrReader(torn)), bounds, torn},
		"too_many_bytes":   {strings.NewReader("a\n1\n2\n"), sheet.Bounds{Bytes: 5, Lines: 9}, sheet.ErrTooBig},
		"as_many_as_allow": {strings.NewReader("a\n1\n2\n"), sheet.Bounds{Bytes: 6, Lines: 3}, nil},
		"too_many_lines":   {strings.NewReader("a\n1\n2\n"), sheet.Bounds{Bytes: 6, Lines: 2}, sheet.ErrTooBig},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := told(t, tt.in, tt.bounds); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

func TestColumns(t *testing.T) {
	t.Parallel()
	columns, err := sheet.NewReader(strings.NewReader("PREFİX, \"Bank_Code\" ,prefix\n"), bounds).Columns()
	if err != nil {
		t.Fatal(err)
	}
	if columns.Of("prefix") != 0 || columns.Of("bank_code") != 1 || columns.Of("type") != -1 ||
		columns.Name(2) != "bank_code" || columns.Name(9) != "" {
		t.Errorf("columns: %v", columns)
	}
}

// repeated is a line without an end.
type repeated struct{ left int }

func (r *repeated) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), r.left)
	for i := range p[:n] {
		p[i] = ','
	}
	r.left -= n
	return n, nil
}

//nolint:paralleltest // memory is measured for the whole process
func TestALongLineCostsNoMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	lines, _, err := told(t, io.MultiReader(strings.NewReader("a\n"), &repeated{left: 8_000_000}), bounds)
	runtime.ReadMemStats(&after)
	if err != nil || len(lines) != 1 {
		t.Fatalf("%d lines told of, %v", len(lines), err)
	}
	if spent := after.TotalAlloc - before.TotalAlloc; spent > 1<<20 {
		t.Errorf("%d bytes for one line", spent)
	}
}

// FuzzRead holds that every line is accounted for.
func FuzzRead(f *testing.F) {
	f.Add("a,b\n\"1,2\n3,4")
	f.Add("\xef\xbb\xbfa;b\r\n\"x\"\"y\";\r\r\n\n,")
	f.Fuzz(func(t *testing.T, in string) {
		lines, r, err := told(t, strings.NewReader(in), bounds)
		if err == nil && r.Lines() != 1+r.Blank()+len(lines) {
			t.Errorf("%d lines, %d blank, told of %d", r.Lines(), r.Blank(), len(lines))
		}
	})
}
