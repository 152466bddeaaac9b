package sqlstore

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/storage"
)

// table says once how values of T are kept in a table of the database. Every list
// of columns, placeholders and arguments, and every reading of a row, is made of
// it, so that a new column is one line here beside its migration. The texts are
// made when the process starts.
type table[T any] struct {
	name string
	// currency returns that of the row's amounts, for the column currency; nil if the
	// table has none.
	currency func(*T) money.Currency
	// keys name a row.
	keys []column[T]
	// version counts the changes of a row, for compare-and-set; nil without one.
	version func(*T) *int
	// changing are stored with every change, fixed when the row is inserted alone.
	changing, fixed []column[T]

	written    []column[T] // keys, version, changing, fixed: those of an update first
	updated    int         // how many of the written ones an update needs
	read       []column[T]
	sizes      [sorts]int // how many columns of each sort are read
	currencyAt int        // the place of the currency among the texts of a row, -1 without one
	scratch    sync.Pool
}

// newTable completes what a table is declared with.
func newTable[T any](t *table[T]) *table[T] {
	t.written = slices.Clone(t.keys)
	if t.version != nil {
		t.written = append(t.written, number(versionColumn, t.version))
	}
	t.written = append(t.written, t.changing...)
	t.updated = len(t.written)
	t.written = append(t.written, t.fixed...)
	t.currencyAt = -1
	for _, c := range t.written {
		if c.take == nil {
			continue
		}
		if c.name == currencyColumn {
			t.currencyAt = t.sizes[c.sort]
		}
		c.place = t.sizes[c.sort]
		t.sizes[c.sort]++
		t.read = append(t.read, c)
	}
	t.written = slices.DeleteFunc(t.written, func(c column[T]) bool { return c.put == nil })
	t.scratch.New = func() any { return new(T) }
	return t
}

// The columns that a table knows by name.
const (
	versionColumn  = "version"
	currencyColumn = "currency"
)

// columns returns the columns that are read, each after the prefix.
func (t *table[T]) columns(prefix string) string { return names(t.read, prefix) }

func names[T any](columns []column[T], prefix string) string {
	all := make([]string, 0, len(columns))
	for _, c := range columns {
		all = append(all, prefix+c.name)
	}
	return strings.Join(all, ", ")
}

// selecting returns the query whose rows reader reads.
func (t *table[T]) selecting(rest string) string {
	return "SELECT " + t.columns("") + " FROM " + t.name + " " + rest
}

// insertion returns the statement that inserts a row, for the arguments of
// inserting.
func (t *table[T]) insertion() string { return t.insertionOf(1) }

// insertionOf returns the statement that inserts n rows at once.
func (t *table[T]) insertionOf(n int) string {
	return "INSERT INTO " + t.name + " (" + names(t.written, "") + ") VALUES " + rowsOf(n, len(t.written))
}

// firstVersion returns the statement that inserts a row with the version after
// that of the value, which has none yet.
func (t *table[T]) firstVersion() string {
	place := len(t.keys) + 1
	all := strings.Replace(placeholders(1, len(t.written)), parameter(place), next(place), 1)
	return "INSERT INTO " + t.name + " (" + names(t.written, "") + ") VALUES (" + all + ")"
}

// replacement returns the statement that inserts a row or changes the one that is
// there, whatever its version.
func (t *table[T]) replacement() string {
	if t.version == nil {
		return t.insertion() + t.onConflict()
	}
	return t.firstVersion() + t.onConflict()
}

// onConflict is what an insertion of a row that is there does instead.
func (t *table[T]) onConflict() string {
	set := excluded(t.changing)
	if t.version != nil {
		set += ", " + versionColumn + " = " + t.name + "." + versionColumn + " + 1"
	}
	return " ON CONFLICT (" + names(t.keys, "") + ") DO UPDATE SET " + set
}

// excluded sets columns to what could not be inserted.
func excluded[T any](columns []column[T]) string {
	set := make([]string, 0, len(columns))
	for _, c := range columns {
		set = append(set, c.name+" = excluded."+c.name)
	}
	return strings.Join(set, ", ")
}

// assigned sets columns to parameters, of which the first has the place given.
func assigned[T any](columns []column[T], place int) string {
	set := make([]string, 0, len(columns))
	for i, c := range columns {
		set = append(set, c.name+" = "+parameter(place+i))
	}
	return strings.Join(set, ", ")
}

// update returns the statement that changes a row of the version of the value,
// for the arguments of updating.
func (t *table[T]) update() string { return t.blindUpdate() + " AND " + t.sameVersion() }

// blindUpdate is update for a row of any version, or of a table without one.
func (t *table[T]) blindUpdate() string {
	set, place := "", len(t.keys)+1
	if t.version != nil {
		set = versionColumn + " = " + next(place) + ", "
		place++
	}
	return "UPDATE " + t.name + " SET " + set + assigned(t.changing, place) + " WHERE " + t.sameKeys()
}

// deletion returns the statement that deletes a row of the version of the value,
// for the arguments of naming.
func (t *table[T]) deletion() string {
	return "DELETE FROM " + t.name + " WHERE " + t.sameKeys() + " AND " + t.sameVersion()
}

func (t *table[T]) sameKeys() string {
	same := make([]string, 0, len(t.keys))
	for i, c := range t.keys {
		same = append(same, c.name+" = "+parameter(i+1))
	}
	return strings.Join(same, " AND ")
}

func (t *table[T]) sameVersion() string {
	return versionColumn + " = " + parameter(len(t.keys)+1)
}

// parameterOf is that of a written column.
func (t *table[T]) parameterOf(name string) string {
	return parameter(1 + slices.IndexFunc(t.written, func(c column[T]) bool { return c.name == name }))
}

func parameter(place int) string { return "$" + strconv.Itoa(place) }

// next is the version after that of a parameter, whose type PostgreSQL would not
// know without being told.
func next(place int) string { return "CAST(" + parameter(place) + " AS BIGINT) + 1" }

// inserting, updating and naming return the arguments of the statements above.
func (t *table[T]) inserting(v T) []any { return t.arguments(nil, v, t.written) }

func (t *table[T]) updating(v T) []any { return t.arguments(nil, v, t.written[:t.updated]) }

func (t *table[T]) naming(v T) []any { return t.arguments(nil, v, t.written[:len(t.keys)+1]) }

// arguments appends what a value has for the columns. It puts the value into a
// used place, because the columns' functions would have each moved to a new one.
func (t *table[T]) arguments(args []any, v T, columns []column[T]) []any {
	if args == nil {
		args = make([]any, 0, len(columns))
	}
	place := t.scratch.Get().(*T) //nolint:errcheck,forcetypeassert // New makes no other
	*place = v
	var c money.Currency
	if t.currency != nil {
		c = t.currency(place)
	}
	for i := range columns {
		args = append(args, columns[i].put(place, c))
	}
	*place = *new(T)
	t.scratch.Put(place)
	return args
}

// row holds the columns of a row as the drivers deliver them.
type row struct {
	numbers  []int64
	texts    []string
	flags    []bool
	blobs    [][]byte
	currency money.Currency
	dest     []any
}

func (t *table[T]) newRow() *row {
	r := &row{
		numbers: make([]int64, t.sizes[ofNumber]), texts: make([]string, t.sizes[ofText]),
		flags: make([]bool, t.sizes[ofFlag]), blobs: make([][]byte, t.sizes[ofBlob]),
		dest: make([]any, 0, len(t.read)),
	}
	for i := range t.read {
		switch place := t.read[i].place; t.read[i].sort {
		case ofNumber:
			r.dest = append(r.dest, &r.numbers[place])
		case ofText:
			r.dest = append(r.dest, &r.texts[place])
		case ofFlag:
			r.dest = append(r.dest, &r.flags[place])
		case ofBlob:
			r.dest = append(r.dest, &r.blobs[place])
		}
	}
	return r
}

// reader returns what reads the rows of one query. It uses its memory again for
// each row.
func (t *table[T]) reader() func(storage.Scanner) (T, error) {
	r, v := t.newRow(), new(T)
	return func(s storage.Scanner) (T, error) {
		*v = *new(T)
		if err := s.Scan(r.dest...); err != nil {
			return *v, err
		}
		err := t.take(r, v)
		return *v, err
	}
}

func (t *table[T]) take(r *row, v *T) error {
	if t.currencyAt >= 0 {
		var err error
		if r.currency, err = currencyOf(r.texts[t.currencyAt]); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	for i := range t.read {
		c := &t.read[i]
		if err := c.take(v, r, c.place); err != nil {
			return fmt.Errorf("%s.%s: %w", t.name, c.name, err)
		}
	}
	return nil
}

// also reads one more column after those of a table.
type also struct {
	storage.Scanner

	dest any
}

// Scan implements storage.Scanner.
func (a also) Scan(dest ...any) error { return a.Scanner.Scan(append(dest, a.dest)...) }
