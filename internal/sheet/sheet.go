// Package sheet reads tables that people export from spreadsheets: separated text
// with a header, a row to a line. What it holds in memory is one line, whatever
// the file says, and a line that it cannot read costs that line alone.
package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/vezne/vezne/internal/keyword"
)

// Bounds of a line. The widest tables of banks have some sixty columns, and the
// longest lines in them less than 2 KiB.
const (
	MaxLine   = 16 << 10 // bytes
	MaxField  = 4 << 10  // bytes
	MaxFields = 200
)

// ErrTooBig is a file of more bytes or lines than its reader takes.
var ErrTooBig = errors.New("the file is too big")

// Problem is a line that cannot be read. Why never repeats what it says.
type Problem struct {
	Line  int // 1 is the first
	Field int // 1 is the first; zero for the line as a whole
	Why   string
}

// Error returns "line 7, field 3: a quoted field must end in its line".
func (p *Problem) Error() string {
	if p.Field == 0 {
		return fmt.Sprintf("line %d: %s", p.Line, p.Why)
	}
	return fmt.Sprintf("line %d, field %d: %s", p.Line, p.Field, p.Why)
}

// Bounds is how large a file may be.
type Bounds struct {
	Bytes int64
	Lines int
}

// Row is a line that is not blank.
type Row struct {
	Line int
	// Fields are without their quotation marks and the space around them. The slice
	// is the reader's until it reads on; the texts may be kept, and keep their line.
	Fields []string
}

// Reader reads a file line by line. It is for one goroutine.
type Reader struct {
	lines   *bufio.Reader
	limited *io.LimitedReader
	bounds  Bounds
	comma   byte
	fields  []string
	read    int
	blank   int
}

// NewReader returns a Reader of text in UTF-8. A byte order mark is passed over.
func NewReader(r io.Reader, b Bounds) *Reader {
	limited := &io.LimitedReader{R: r, N: b.Bytes + 1}
	return &Reader{lines: bufio.NewReaderSize(limited, MaxLine+len("\r\n")), limited: limited, bounds: b, comma: ','}
}

// Lines returns how many lines were read, the header and blank ones among them.
func (r *Reader) Lines() int { return r.read }

// Blank returns how many of them were blank: without any text in a field.
func (r *Reader) Blank() int { return r.blank }

// Columns says where in a row each column is, by its folded name. Of columns of
// one name it knows the first.
type Columns map[string]int

// Of returns the place of a column, or -1.
func (c Columns) Of(name string) int {
	if i, ok := c[keyword.Fold(name)]; ok {
		return i
	}
	return -1
}

// Name returns the column of a field, counted from 1; empty if it has none.
func (c Columns) Name(field int) string {
	for name, i := range c {
		if i == field-1 {
			return name
		}
	}
	return ""
}

// Columns reads the header, the first line that is not blank. Semicolons separate
// if it has any and no comma. It returns io.EOF for an empty file, and otherwise
// what Read does.
func (r *Reader) Columns() (Columns, error) {
	head, err := r.lines.Peek(MaxLine) // as much as there is
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		_, _ = r.lines.Discard(3) // they were just seen
		head = head[3:]
	}
	line, _, _ := bytes.Cut(bytes.TrimLeft(head, "\r\n \t"), []byte("\n"))
	if bytes.IndexByte(line, ';') >= 0 && bytes.IndexByte(line, ',') < 0 {
		r.comma = ';'
	}
	header, err := r.Read()
	if err != nil {
		return nil, err
	}
	columns := make(Columns, len(header.Fields))
	for i, name := range header.Fields {
		name = keyword.Fold(name)
		if _, twice := columns[name]; !twice {
			columns[name] = i
		}
	}
	return columns, nil
}

// Read returns the next row, or io.EOF. A *Problem is about one line, after which
// reading goes on with the next. ErrTooBig, and what the file's own reader
// returned, are the end.
func (r *Reader) Read() (Row, error) {
	for {
		line, err := r.line()
		if err != nil {
			return Row{}, err
		}
		if err := r.split(line); err != nil {
			return Row{}, err
		}
		if !r.isBlank() {
			return Row{Line: r.read, Fields: r.fields}, nil
		}
		r.blank++
	}
}

// line returns the next line without its end.
func (r *Reader) line() (string, error) {
	line, err := r.lines.ReadSlice('\n')
	long := false
	for errors.Is(err, bufio.ErrBufferFull) {
		long = true
		_, err = r.lines.ReadSlice('\n')
	}
	switch {
	case r.limited.N == 0:
		return "", ErrTooBig
	case err != nil && !errors.Is(err, io.EOF):
		return "", err
	case err != nil && len(line) == 0 && !long:
		return "", io.EOF
	}
	if r.read++; r.read > r.bounds.Lines {
		return "", ErrTooBig
	}
	if long {
		return "", r.problem(0, "is longer than %d bytes", MaxLine)
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r"), nil
}

func (r *Reader) problem(field int, format string, args ...any) error {
	return &Problem{Line: r.read, Field: field, Why: fmt.Sprintf(format, args...)}
}

func (r *Reader) isBlank() bool {
	for _, f := range r.fields {
		if f != "" {
			return false
		}
	}
	return true
}
