package storage

import (
	"fmt"
	"strconv"
	"strings"
)

// placed is a statement of SQLite whose parameters have no names. To SQLite $1 is a
// name: the driver (modernc.org/sqlite 1.60) asks for the name of each parameter each
// time that a statement runs, SQLite finds it in a list that it reads from the start,
// and the driver copies it. A ? has none.
type placed struct {
	text string
	// order is which argument stands at each ?, counted from zero.
	order []int
	// count is how many arguments the statement has.
	count int
	// asWritten says that the arguments stand in their own order, each once.
	asWritten bool
}

// place returns the statement of a text with parameters $1, $2 and so on. Quoted text
// stays as it is; there are no comments and no ? in our texts.
func place(text string) placed {
	p := placed{asWritten: true}
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case '\'', '"':
			end := strings.IndexByte(text[i+1:], c)
			if end < 0 { // SQLite says what is wrong with it
				return placed{text: text, asWritten: true}
			}
			b.WriteString(text[i : i+end+2])
			i += end + 2
		case '$':
			digits := text[i+1 : len(text)-len(strings.TrimLeft(text[i+1:], "0123456789"))]
			number, err := strconv.Atoi(digits)
			if err != nil || number < 1 {
				return placed{text: text, asWritten: true}
			}
			p.order = append(p.order, number-1)
			p.asWritten = p.asWritten && number == len(p.order)
			p.count = max(p.count, number)
			b.WriteByte('?')
			i += 1 + len(digits)
		default:
			b.WriteByte(c)
			i++
		}
	}
	p.text = b.String()
	return p
}

// check refuses a number of arguments that the statement does not have.
func (p placed) check(arguments int) error {
	if p.order != nil && arguments != p.count {
		return fmt.Errorf("statement has %d parameters, not %d", p.count, arguments)
	}
	return nil
}

// arrange returns the arguments in the order in which they stand.
func (p placed) arrange(args []any) ([]any, error) {
	if err := p.check(len(args)); err != nil || p.asWritten {
		return args, err
	}
	arranged := make([]any, len(p.order))
	for i, at := range p.order {
		arranged[i] = args[at]
	}
	return arranged, nil
}
