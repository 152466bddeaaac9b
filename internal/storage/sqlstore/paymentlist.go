package sqlstore

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
)

// position is the place of a payment in a list: newest first, by the time of
// creation and then by id.
type position struct {
	createdAt int64 // microseconds
	id        int64
}

// cursor returns the opaque text for the page after the position.
func (p position) cursor() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(p.createdAt)) //nolint:gosec // read back as the same bits
	binary.BigEndian.PutUint64(b[8:], uint64(p.id))        //nolint:gosec // as above
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// parseCursor is the inverse of cursor.
func parseCursor(s string) (position, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != 16 {
		return position{}, errCursor()
	}
	return position{
		createdAt: int64(binary.BigEndian.Uint64(b[:8])), //nolint:gosec // written from an int64
		id:        int64(binary.BigEndian.Uint64(b[8:])), //nolint:gosec // as above
	}, nil
}

// Payments implements payment.Lister.
func (p *Payments) Payments(ctx context.Context, m id.Merchant, f payment.Filter) ([]payment.Payment, string, error) {
	few, err := p.fewOfAmount(ctx, m, &f)
	if err != nil {
		return nil, "", err
	}
	l, err := newPaymentList(p.db.Engine(), m, f, few)
	if err != nil {
		return nil, "", err
	}
	sql := l.sql() // binds its limit
	page, err := many(ctx, p.db, paymentTable.reader(), sql, l.args...)
	if err != nil {
		return nil, "", fmt.Errorf("list payments: %w", err)
	}
	page, next := pageOf(page, l.limit, func(last payment.Payment) string {
		return position{micros(last.CreatedAt), int64(last.ID)}.cursor()
	})
	return page, next, p.loadItems(ctx, page)
}

// paymentList builds the query of a page.
type paymentList struct {
	limit  int
	where  []string
	states []string // placeholders; none means all
	// parts are further conditions, each with its " AND ", of which each is read by
	// itself along an index; none means that the list is read at once.
	parts []string
	// indexes are those along which SQLite, which does not know how many rows have
	// a value, must read the parts; it may choose for the parts that have none.
	indexes []string
	// few says that the list is of a few payments, found by an index that does not
	// have their order.
	few  bool
	args []any
}

// newPaymentList builds the query; few says what fewOfAmount said.
func newPaymentList(e storage.Engine, m id.Merchant, f payment.Filter, few bool) (*paymentList, error) {
	l := &paymentList{limit: pageSize(f.Limit)}
	l.add("p.merchant_id = %s", int64(m))
	if f.OrderRef != "" {
		l.add("p.order_ref = %s", f.OrderRef)
	}
	if f.CustomerRef != "" {
		l.add("p.customer_ref = %s", f.CustomerRef)
		l.where = append(l.where, "p.customer_ref <> ''") // spelled as in the index
	}
	if f.Unclear {
		l.where = append(l.where, "p.unclear") // spelled as in the index
	}
	along := leadOf(&f, few)
	l.searching(e, &f, along)
	if !f.From.IsZero() {
		l.add("p.created_at >= %s", micros(f.From))
	}
	if !f.To.IsZero() {
		l.add("p.created_at < %s", micros(f.To))
	}
	if f.Cursor != "" {
		after, err := parseCursor(f.Cursor)
		if err != nil {
			return nil, err
		}
		l.where = append(l.where, "(p.created_at, p.id) < ("+l.bind(after.createdAt)+", "+l.bind(after.id)+")")
	}
	l.states = l.bindStates(f.States)
	l.parts = l.partsOf(&f, along)
	if e == storage.SQLite {
		l.indexes = l.indexesOf(&f, along)
	}
	l.few = along == byAmount || narrow(&f)
	return l, nil
}

func (l *paymentList) bindStates(states []payment.State) (bound []string) {
	for _, s := range states {
		bound = append(bound, l.bind(string(s)))
	}
	return bound
}

func (l *paymentList) add(condition string, arg any) {
	l.where = append(l.where, fmt.Sprintf(condition, l.bind(arg)))
}

func (l *paymentList) bind(arg any) string {
	l.args = append(l.args, arg)
	return "$" + strconv.Itoa(len(l.args))
}

// inOrder asks for rows along an index that has their order; sorted asks to sort
// the few rows that an index without it finds. SQLite would rather walk all of a
// merchant's payments than sort; the unary plus, which changes no value, keeps it
// from seeing that an index by time has the order.
const (
	inOrder = " ORDER BY p.created_at DESC, p.id DESC LIMIT "
	sorted  = " ORDER BY +p.created_at DESC, +p.id DESC LIMIT "
)

var selectPayments = "SELECT " + paymentTable.columns("p.") + " FROM "

func (l *paymentList) sql() string {
	where, limit := strings.Join(l.where, " AND "), l.bind(int64(l.limit+1))
	order := inOrder
	if l.few {
		order = sorted
	}
	if len(l.parts) > 0 {
		// Each part yields at most a page, in order, from its index; the few rows of
		// the page are fetched last.
		parts := make([]string, 0, len(l.parts))
		for i, condition := range l.parts {
			from := "payment p"
			if i < len(l.indexes) {
				from += " INDEXED BY " + l.indexes[i]
			}
			parts = append(parts, "SELECT id FROM (SELECT p.id FROM "+from+" WHERE "+where+condition+order+limit+") AS of_part")
		}
		return selectPayments + `(` + strings.Join(parts, " UNION ALL ") + `) AS of_parts
	CROSS JOIN payment p WHERE p.merchant_id = $1 AND p.id = of_parts.id` + sorted + limit
	}
	if len(l.states) > 0 {
		where += " AND " + l.anyState()
	}
	return selectPayments + "payment p WHERE " + where + order + limit
}

// anyState is the condition that a payment is in one of the states. They are
// joined to nothing, so that the index by state is not what is chosen.
func (l *paymentList) anyState() string {
	return "p.state || '' IN (" + strings.Join(l.states, ", ") + ")"
}
