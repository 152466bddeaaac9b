package storage

// ReadError says what an error of a SQLite query means.
var ReadError = readError

// Place returns a statement's text as SQLite gets it, and its arguments.
func Place(text string, args []any) (string, []any, error) {
	p := place(text)
	arranged, err := p.arrange(args)
	return p.text, arranged, err
}
