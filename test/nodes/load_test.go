package nodes_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/vezne/vezne/internal/httpapi/apitest"
	"github.com/vezne/vezne/test/servertest"
)

// load is clients that ask the balancer for everything there is.
type load struct {
	t     *testing.T
	url   string
	shop  *shop
	http  *http.Client
	asked atomic.Int64 // requests that had their answer
	// ending lets clients finish what they have begun.
	ending atomic.Bool

	payments *orders

	mu      sync.Mutex
	torn    int            // requests that had to be sent again because a node was gone
	refused map[string]int // answers that say "again", by status and code
	lost    int            // requests that a node took with it before the bank heard of them
	kinds   map[string]int
}

func newLoad(t *testing.T, url string, s *shop) *load {
	t.Helper()
	return &load{
		t: t, url: url, shop: s, payments: &orders{of: map[string]string{}}, refused: map[string]int{}, kinds: map[string]int{},
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 70 * time.Second},
	}
}

// reply is an answer.
type reply struct {
	status  int
	etag    string
	members map[string]jsontext.Value
	body    string
}

func (r reply) text(member string) string {
	text, err := jsontext.AppendUnquote(nil, []byte(r.members[member]))
	if err != nil {
		return ""
	}
	return string(text)
}

const (
	// patience is how long a client asks for a definite answer: an enrolment whose
	// node was killed is given up by the others after a minute.
	patience = 2 * time.Minute
	// tries is how often a browser asks for a page again.
	tries = 200
)

// ask sends a request until the answer is neither a broken connection, nor "not
// now", nor an outcome that is still open.
func (l *load) ask(
	ctx context.Context, who servertest.Credential, method, path, body, key string, header ...string,
) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		r, err := l.send(ctx, who, method, path, body, key, header...)
		again := l.again(method, r, err)
		if !again {
			l.asked.Add(1)
			return r, err
		}
		select {
		case <-time.After(20*time.Millisecond + rand.N(50*time.Millisecond)):
		case <-ctx.Done():
			return reply{}, fmt.Errorf("no definite answer to %s %s but %d %s: %w", method, path, r.status, r.body, ctx.Err())
		}
	}
}

func (l *load) again(method string, r reply, err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch code := r.text("resultCode"); {
	case err != nil || r.status == http.StatusBadGateway:
		l.torn++
	case r.status == http.StatusServiceUnavailable || r.status == http.StatusTooManyRequests ||
		strings.HasSuffix(code, "_IN_PROGRESS"):
		l.refused[fmt.Sprint(r.status, " ", code)]++
	case method == http.MethodPost && r.text("status") == "PENDING":
		l.refused["PENDING"]++
	default:
		return false
	}
	return true
}

func (l *load) send(
	ctx context.Context, who servertest.Credential, method, path, body, key string, header ...string,
) (reply, error) {
	request, err := http.NewRequestWithContext(ctx, method, l.url+path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	for name, value := range who {
		request.Header.Set(name, value)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := l.http.Do(request)
	if err != nil {
		return reply{}, err
	}
	text, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return reply{}, err
	}
	r := reply{status: response.StatusCode, etag: response.Header.Get("ETag"), body: string(text)}
	if strings.HasPrefix(r.body, "{") {
		err = json.Unmarshal(text, &r.members)
	}
	return r, err
}

// cards are approved by the demo's bank.
var cards = [...]string{"5421190122090656", "5258640000000001", "5406670000000009", "5209222154820003"}

func body(order, more string) string {
	return fmt.Sprintf(`{"orderId":%q,"amount":%d.50,"currency":"TRY","cardHolderName":"John Doe","pan":%q,"expiryMonth":"04","expiryYear":"28",`+
		`"cvv":"916","requestIp":"192.0.2.1","requestPort":443%s}`, order, 10+rand.IntN(500), cards[rand.IntN(len(cards))], more)
}

// want reports an answer that is not as expected.
func (l *load) want(what string, r reply, err error, good bool) bool {
	if err != nil || !good {
		if l.t.Context().Err() == nil {
			l.t.Errorf("%s: %d %s (%v)", what, r.status, r.body, err)
		}
		return false
	}
	return true
}

// lostWith reports and counts an operation that the resolver has ended because
// its node was killed before the bank heard of it.
func (l *load) lostWith(r reply) bool {
	if code := r.text("resultCode"); code != "THREEDS_INIT_ERROR" &&
		(r.text("status") != "FAILED" || code != "NO_RESPONSE") {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost++
	return true
}

// charge makes a payment and notes its id, which no other order may have.
func (l *load) charge(ctx context.Context, who servertest.Credential, path, order, more string) (string, bool) {
	r, err := l.ask(ctx, who, http.MethodPost, path, body(order, more), "key-"+order)
	if !l.want(path, r, err, r.status == http.StatusOK && r.text("paymentId") != "") {
		return "", false
	}
	if l.lostWith(r) {
		return "", false
	}
	id := r.text("paymentId")
	if other := l.payments.note(id, order); other != order {
		l.t.Errorf("orders %s and %s have one payment %s", other, order, id)
	}
	return id, true
}

// orders knows the order of each payment, for all loads of a test.
type orders struct {
	mu sync.Mutex
	of map[string]string
}

// note keeps the order of a payment, and returns the one that it had first.
func (o *orders) note(payment, order string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if first, known := o.of[payment]; known {
		return first
	}
	o.of[payment] = order
	return order
}

func (l *load) follow(ctx context.Context, what, id, body string) {
	path := "/api/payment/" + id + "/" + what
	if what == "capture" {
		path = "/api/pre-authorization/" + id + "/capture"
	}
	r, err := l.ask(ctx, servertest.Merchant(), http.MethodPost, path, body, what+"-"+id)
	l.want(what, r, err, r.status == http.StatusOK && (r.text("status") == "SUCCESS" || l.lostWith(r)))
}

// flows are what shops do; each is two to six requests.
var flows = []struct {
	name   string
	weight int
	run    func(ctx context.Context, l *load, order string)
}{
	{"sale", 4, func(ctx context.Context, l *load, order string) {
		if id, ok := l.charge(ctx, servertest.Merchant(), "/api/payment", order, ""); ok {
			r, err := l.ask(ctx, servertest.Merchant(), http.MethodGet, "/api/payment/"+id, "", "")
			l.want("look", r, err, r.text("status") == "SUCCESS")
		}
	}},
	{"sale of another merchant", 2, func(ctx context.Context, l *load, order string) {
		l.charge(ctx, servertest.OtherMerchant(), "/api/payment", order, "")
	}},
	{"hold and capture", 3, func(ctx context.Context, l *load, order string) {
		if id, ok := l.charge(ctx, servertest.Merchant(), "/api/pre-authorization", order, ""); ok {
			l.follow(ctx, "capture", id, `{"amount":5.25,"currency":"TRY"}`)
		}
	}},
	{"void", 2, func(ctx context.Context, l *load, order string) {
		if id, ok := l.charge(ctx, servertest.Merchant(), "/api/payment", order, ""); ok {
			l.follow(ctx, "void", id, `{}`)
		}
	}},
	{"refunds", 3, func(ctx context.Context, l *load, order string) {
		if id, ok := l.charge(ctx, servertest.Merchant(), "/api/payment", order, ""); ok {
			l.follow(ctx, "refund", id, `{"amount":3.25,"currency":"TRY"}`)
		}
	}},
	{"3-D Secure", 2, secure},
	{"checkout", 2, hosted},
	{"admin edit", 1, edit},
}

func secure(ctx context.Context, l *load, order string) {
	more := fmt.Sprintf(`,"successUrl":%q,"failureUrl":%q`, l.shop.url+"/back", l.shop.url+"/back")
	r, err := l.ask(ctx, servertest.Merchant(), http.MethodPost, "/api/3ds", body(order, more), "key-"+order)
	if err == nil && l.lostWith(r) {
		return
	}
	if !l.want("enrol", r, err, r.status == http.StatusOK && r.text("htmlContent") != "") {
		return
	}
	page, id := apitest.Page{Body: r.text("htmlContent")}, r.text("paymentId")
	if !l.browse(ctx, page, 4) {
		return
	}
	r, err = l.ask(ctx, servertest.Merchant(), http.MethodPost, "/api/3ds/"+id+"/complete", fmt.Sprintf(`{"securityKey":%q}`, l.shop.key(id)), "")
	l.want("complete", r, err, r.text("status") == "SUCCESS" || l.lostWith(r))
}

// browse posts the forms of pages until so many were posted, each again while a
// node is gone.
func (l *load) browse(ctx context.Context, page apitest.Page, forms int) bool {
	for n := range forms {
		f, err := apitest.ReadForm(page.Body)
		if err != nil {
			l.t.Errorf("page %d: %d %v: %.300s", n, page.Status, err, page.Body)
			return false
		}
		if strings.HasPrefix(f.Action, "/") {
			f.Action = l.url + f.Action
		}
		if slices.Contains(f.Names, "password") {
			f = f.With("password", "a")
		}
		for range tries {
			page, err = f.Post(ctx, l.http)
			if err == nil && page.Status < http.StatusInternalServerError {
				break
			}
			l.mu.Lock()
			l.torn++
			l.mu.Unlock()
			<-time.After(20 * time.Millisecond)
		}
		if err != nil {
			l.t.Errorf("page %d: %v", n, err)
			return false
		}
		l.asked.Add(1)
	}
	return true
}

func hosted(ctx context.Context, l *load, order string) {
	body := fmt.Sprintf(`{"orderId":%q,"amount":100.50,"currency":"TRY","description":"Two tickets","callback":%q}`, order, l.shop.url+"/back")
	r, err := l.ask(ctx, servertest.Merchant(), http.MethodPost, "/api/checkout", body, "key-"+order)
	if !l.want("checkout", r, err, r.status == http.StatusOK) {
		return
	}
	for range tries {
		page, err := apitest.Visit(ctx, l.http, r.text("redirectUrl"))
		if err == nil && page.Status == http.StatusOK {
			l.asked.Add(1)
			break
		}
	}
	r, err = l.ask(ctx, servertest.Merchant(), http.MethodGet, "/api/checkout/"+r.text("checkoutId"), "", "")
	l.want("look at checkout", r, err, r.status == http.StatusOK)
}

func edit(ctx context.Context, l *load, order string) {
	rule := `{"condition":{"currency":"TRY","min_amount":900000},"targets":[{"pos":"garanti","weight":1}]}`
	path := "/admin/v1/rules/" + order
	r, err := l.ask(ctx, servertest.Admin(), http.MethodPut, path, rule, "")
	if l.want("put rule", r, err, r.status == http.StatusOK) {
		r, err = l.ask(ctx, servertest.Admin(), http.MethodDelete, path, "", "")
		l.want("delete rule", r, err, r.status == http.StatusNoContent || r.status == http.StatusNotFound) // 404: the node died after it was done
	}
}

// run lets so many clients ask until so many requests were answered.
func (l *load) run(ctx context.Context, clients int, most int64) {
	var all sync.WaitGroup
	var drawn []int
	for i, f := range flows {
		for range f.weight {
			drawn = append(drawn, i)
		}
	}
	for c := range clients {
		all.Go(func() {
			for n := 0; l.asked.Load() < most && !l.ending.Load() && ctx.Err() == nil; n++ {
				f := flows[drawn[rand.IntN(len(drawn))]]
				f.run(ctx, l, fmt.Sprintf("o-%d-%d", c, n))
				l.mu.Lock()
				l.kinds[f.name]++
				l.mu.Unlock()
			}
		})
	}
	all.Wait()
}
