package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// detail is a payment as the admin API tells of it, with its line in the
// merchant's own list.
type detail struct {
	UUID       string         `json:"uuid"`
	State      string         `json:"state"`
	OrderRef   string         `json:"order_ref"`
	HoldsOrder bool           `json:"holds_order"`
	Unclear    bool           `json:"unclear"`
	Currency   string         `json:"currency"`
	Authorized jsontext.Value `json:"authorized"`
	Captured   jsontext.Value `json:"captured"`
	Refunded   jsontext.Value `json:"refunded"`
	Refunding  jsontext.Value `json:"refunding"`
	OpenAsk    *int64         `json:"open_ask"`
	Operations []operation    `json:"operations"`
	Ledger     []ledgerEntry  `json:"ledger"`
}

type operation struct {
	ID        int64          `json:"id"`
	AskID     int64          `json:"ask_id"`
	Kind      Kind           `json:"kind"`
	Reference string         `json:"reference"`
	Original  *string        `json:"original"`
	Amount    jsontext.Value `json:"amount"`
	Currency  string         `json:"currency"`
	Status    string         `json:"status"`
	Reason    *string        `json:"reason"`
	Actor     *string        `json:"actor"`
	Inquiries int            `json:"inquiries"`
}

// String says what a finding has to say of an operation.
func (o operation) String() string {
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	return fmt.Sprintf("%s %s of %s %s is %s (%s), asked by %s, original %q, %d inquiries",
		o.Kind, o.Reference, o.Amount, o.Currency, o.Status, text(o.Reason), text(o.Actor), o.original(), o.Inquiries)
}

func (o operation) original() string {
	if o.Original == nil {
		return ""
	}
	return *o.Original
}

// approved reports whether the operation stands at the bank, as far as we know.
func (o operation) approved() bool { return o.Status == "approved" }

type ledgerEntry struct {
	OperationID int64          `json:"operation_id"`
	Account     string         `json:"account"`
	Amount      jsontext.Value `json:"amount"`
}

// listed is a payment in the merchant's list.
type listed struct {
	PaymentID      string         `json:"paymentId"`
	OrderID        string         `json:"orderId"`
	Status         string         `json:"status"`
	CapturedAmount jsontext.Value `json:"capturedAmount"`
	RefundedAmount jsontext.Value `json:"refundedAmount"`
	Voided         bool           `json:"voided"`
}

// bankRow is a line of the bank's own ledger.
type bankRow struct {
	Reference string         `json:"reference"`
	Kind      Kind           `json:"kind"`
	Amount    jsontext.Value `json:"amount"`
	Currency  string         `json:"currency"`
	Status    string         `json:"status"`
	Original  string         `json:"original"`
}

// bankLedger returns the bank's ledger by reference.
func (w *World) bankLedger(ctx context.Context) (map[string]bankRow, error) {
	var answer struct {
		Transactions []bankRow `json:"transactions"`
	}
	if err := w.simulator(ctx, http.MethodGet, "_ledger", "", &answer); err != nil {
		return nil, err
	}
	rows := make(map[string]bankRow, len(answer.Transactions))
	for _, r := range answer.Transactions {
		rows[r.Reference] = r
	}
	if len(rows) != len(answer.Transactions) {
		return nil, fmt.Errorf("%d rows of the bank share a reference", len(answer.Transactions)-len(rows))
	}
	return rows, nil
}

// get reads from a server that is known to be well, a few times if it must: the
// last one may just have lost its connections.
func (w *World) get(ctx context.Context, path string, into any) error {
	rng := rand.New(rand.NewPCG(1, 2))
	var last error
	for range 20 {
		r, err := w.call(ctx, rng, get(path))
		switch {
		case err != nil:
			last = err
		case r.status == http.StatusOK:
			return json.Unmarshal(r.body, into)
		case r.status < 500:
			return fmt.Errorf("%s: %d %s", path, r.status, r.body)
		default:
			last = fmt.Errorf("%s: %d %s", path, r.status, r.body)
		}
		if !wait(ctx, 250*time.Millisecond) {
			break
		}
	}
	return last
}

// list walks the merchant's list of payments to its end.
func (w *World) list(ctx context.Context) (map[string]listed, error) {
	all := make(map[string]listed)
	cursor := ""
	for {
		var page struct {
			Payments []listed `json:"payments"`
			Next     *string  `json:"next"`
		}
		path := "/api/payments?limit=100"
		if cursor != "" {
			path += "&cursor=" + url.QueryEscape(cursor)
		}
		if err := w.get(ctx, path, &page); err != nil {
			return nil, err
		}
		for _, p := range page.Payments {
			if _, twice := all[p.PaymentID]; twice {
				return nil, fmt.Errorf("payment %s is listed twice", p.PaymentID)
			}
			all[p.PaymentID] = p
		}
		if page.Next == nil {
			return all, nil
		}
		cursor = *page.Next
	}
}

// details reads payments, several at a time.
func (w *World) details(ctx context.Context, ids []string) (map[string]detail, error) {
	const readers = 16
	var (
		mu      sync.Mutex
		all     = make(map[string]detail, len(ids))
		first   error
		reading sync.WaitGroup
		queue   = make(chan string)
	)
	for range readers {
		reading.Go(func() {
			for id := range queue {
				var d detail
				err := w.get(ctx, "/admin/v1/payments/"+id, &d)
				mu.Lock()
				all[id] = d
				if err != nil && first == nil {
					first = err
				}
				mu.Unlock()
			}
		})
	}
	for _, id := range ids {
		queue <- id
	}
	close(queue)
	reading.Wait()
	return all, first
}

// signed reads an amount that may be negative, in minor units.
func signed(v jsontext.Value) int64 {
	if rest, negative := strings.CutPrefix(string(v), "-"); negative {
		return -minorOf(jsontext.Value(rest))
	}
	return minorOf(v)
}
