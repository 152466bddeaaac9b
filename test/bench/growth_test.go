package bench_test

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// What a look-up may cost: from the smallest store to the largest it may grow by
// growthLimit, unless it stays below enough. Five hundred times as many payments
// make a tree two levels deeper at most.
const (
	growthLimit = 3.0
	enough      = 20 * time.Millisecond
)

// look is one list, search or report, as a path of the gateway or of the admin API.
type look struct {
	name, path string
	admin      bool
	// took are the times at each size.
	took [][]time.Duration
}

// BenchmarkGrowth measures how list pages, searches and payments themselves change
// when the store grows, and fails when one grows faster than a logarithm or the
// first page takes longer than design.md section 8 allows. `make bench-growth` runs
// it once, and so does `make bench`; BENCH_STORED sets the sizes.
func BenchmarkGrowth(b *testing.B) {
	sizes := storeSizes(b)
	binary, began := servertest.Build(b), time.Now()
	g := &growth{
		sizes: sizes, binary: binary, rounds: scaleOf().rounds,
		looks: make(map[storage.Engine][]*look), lines: make(map[storage.Engine][][]string),
	}
	for _, engine := range storetest.Engines {
		b.Run(string(engine), func(b *testing.B) { g.engine(b, engine) })
	}
	g.report(b, time.Since(began))
}

func storeSizes(b *testing.B) []int {
	b.Helper()
	text := os.Getenv("BENCH_STORED")
	switch {
	case text == "" && os.Getenv("BENCH_QUICK") != "":
		return []int{10_000, 100_000}
	case text == "":
		return []int{10_000, 1_000_000, 5_000_000}
	}
	var sizes []int
	for word := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1000 {
			b.Fatalf("BENCH_STORED: %q is no number of payments", word)
		}
		sizes = append(sizes, n)
	}
	return sizes
}

type growth struct {
	sizes  []int
	binary string
	rounds int
	looks  map[storage.Engine][]*look
	// pages has the first page of the largest store of each engine.
	pages []figure
	// lines are the figures that are no look, by size: filling, size on disk,
	// payments a second.
	lines map[storage.Engine][][]string
}

func (g *growth) engine(b *testing.B, engine storage.Engine) {
	b.Helper()
	s := newStore(b, g.binary, engine)
	for _, size := range g.sizes {
		began := time.Now()
		s.fill(b, size)
		filling := time.Since(began)
		g.measure(b, s)
		g.lines[engine] = append(g.lines[engine], []string{filling.Round(time.Second).String(), thousands(s.size(b)/1e6) + " MB"})
	}
	g.firstPage(b, s)
	g.judge(b, engine)
}

// firstPage times the first list page of a merchant with most of the payments.
func (g *growth) firstPage(b *testing.B, s *store) {
	b.Helper()
	r := s.rig(b, g.binary)
	defer r.server.Stop()
	f := figure{
		name: fmt.Sprintf("first list page with %s payments, %s", thousands(int64(s.filled)), nameOf(s.engine)),
		unit: "ms", must: 20, want: 5, least: true,
	}
	c := lines(b, r.server.URL, 1)[0]
	for range g.rounds {
		f.values = append(f.values, milliseconds(percentile(times(b, c, "/api/payments", asMerchant), 50)))
	}
	g.pages = append(g.pages, f)
	if f.missed() {
		b.Errorf("%s: %s, must be %s", f.name, f.text(f.values), f.bound(f.must))
	}
}

// measure times everything at one size.
func (g *growth) measure(b *testing.B, s *store) {
	b.Helper()
	r := s.rig(b, g.binary)
	defer r.server.Stop()
	one := lines(b, r.server.URL, 1)[0]
	all := looks(b, one, s)
	if g.looks[s.engine] == nil {
		g.looks[s.engine] = append(all, &look{name: "payments, 64 callers: time of one"})
	}
	known := g.looks[s.engine]
	for i, l := range all {
		headers := asMerchant
		if l.admin {
			headers = asAdmin
		}
		known[i].took = append(known[i].took, times(b, one, l.path, headers))
	}
	callers := lines(b, r.server.URL, crowd) // now, or they would have been idle for too long
	closedLoop(b, callers, 2*time.Second, r.pay)
	_, took := closedLoop(b, callers, 4*time.Second, r.pay)
	last := known[len(known)-1]
	last.took = append(last.took, sorted(took))
}

// looks returns every documented filter of the two lists of payments, with values
// that many payments have and values that few have, first pages and deep ones.
func looks(b *testing.B, c *caller, s *store) []*look {
	b.Helper()
	at := func(share float64) string {
		span := time.Duration(float64(s.filled) * share * float64(years))
		return url.QueryEscape(s.end.Add(-5_000_000*years + span).UTC().Format(time.RFC3339))
	}
	middle := cursor(b, c, "/api/payments?limit=25&to="+at(0.5))
	some := s.filled / 2 / 10 * 10 // belongs to the first merchant
	uuid := member(b, c, "/api/payments?orderId=seed-"+strconv.Itoa(some), "paymentId")
	var all []*look
	gateway := func(name, query string) {
		all = append(all, &look{name: "list: " + name, path: "/api/payments?" + query})
	}
	admin := func(name, query string) {
		all = append(all, &look{name: "search: " + name, path: "/admin/v1/payments?" + query, admin: true})
	}
	gateway("first page", "")
	gateway("first page of 100", "limit=100")
	gateway("deep page", "cursor="+middle)
	gateway("order", "orderId=seed-"+strconv.Itoa(some))
	for _, status := range []string{"SUCCESS", "FAILED", "PENDING", "ENROLLED"} {
		gateway("status "+status, "status="+status)
	}
	gateway("status, deep page", "status=FAILED&cursor="+cursor(b, c, "/api/payments?status=FAILED&limit=25&to="+at(0.5)))
	gateway("customer", "customerId=customer-16")
	gateway("customer with many payments", "customerId=customer-0")
	gateway("customer and status", "customerId=customer-0&status=FAILED")
	gateway("time", "from="+at(0.4)+"&to="+at(0.6))
	gateway("time and status", "from="+at(0.4)+"&to="+at(0.6)+"&status=FAILED")
	for _, x := range [][2]string{
		{"first page", ""},
		{"id", "id=" + strconv.Itoa(firstSeeded+some)},
		{"uuid", "id=" + uuid},
		{"order", "order_ref=seed-" + strconv.Itoa(some)},
		{"customer", "customer_ref=customer-16"},
		{"external id", "external_id=ext-" + strconv.Itoa(some)},
		{"conversation", "conversation_id=talk-" + strconv.Itoa(some/30)},
		{"state", "state=refunded"}, {"states", "state=voided,refunded,declined"},
		{"last digits", "last4=3100"}, {"last digits nobody has", "last4=0001"},
		{"BIN", "bin=542110"}, {"rare BIN", "bin=979209"}, {"BIN nobody has", "bin=111111"},
		{"POS", "pos=akbank"}, {"rare POS", "pos=teb"}, {"POS nobody used", "pos=none"},
		{"rare POS and state", "pos=teb&state=captured"},
		{"reason", "reason=NOT_SUFFICIENT_FUNDS"}, {"rare reason", "reason=LOST_CARD"}, {"reason nobody had", "reason=STOLEN_CARD"},
		{"currency", "currency=TRY"}, {"currency nobody used", "currency=USD"},
		{"amount", "currency=TRY&min_amount=100&max_amount=200"},
		{"one amount", "currency=TRY&min_amount=149.90&max_amount=149.90"},
		{"rare amount", "currency=TRY&min_amount=900000"}, {"amount nobody paid", "currency=TRY&min_amount=2000000"},
		{"rare BIN and amount", "bin=979209&currency=TRY&min_amount=1"},
		{"same card", "same_card_as=" + uuid},
		{"time", "from=" + at(0.4) + "&to=" + at(0.6)}, {"rare BIN and time", "bin=979209&from=" + at(0.2) + "&to=" + at(0.9)},
	} {
		admin(x[0], x[1])
	}
	all = append(all,
		&look{name: "one payment", path: "/api/payment/" + uuid},
		&look{name: "one payment with operations and ledger", path: "/admin/v1/payments/" + uuid, admin: true},
		&look{name: "audit log: first page", path: "/admin/v1/audit", admin: true},
		&look{name: "audit log: a payment", path: "/admin/v1/audit?subject=payment:" + uuid, admin: true},
	)
	return all
}

func cursor(b *testing.B, c *caller, path string) string {
	b.Helper()
	return url.QueryEscape(member(b, c, path, "next"))
}

// member returns the first string of the name in an answer.
func member(b *testing.B, c *caller, path, name string) string {
	b.Helper()
	body, err := c.get(path, asMerchant)
	if err != nil {
		b.Fatal(err)
	}
	_, rest, found := bytes.Cut(body, []byte(`"`+name+`":`))
	end := bytes.IndexAny(rest, ",}")
	var text string
	if !found || end < 0 || json.Unmarshal(rest[:end], &text) != nil || text == "" {
		b.Fatalf("no %s in the answer to %s: %.200s", name, path, body)
	}
	return text
}

// judge fails for whatever grew too much.
func (g *growth) judge(b *testing.B, engine storage.Engine) {
	b.Helper()
	for _, l := range g.looks[engine] {
		if why := l.tooSlow(); why != "" {
			b.Errorf("%s, %s: %s", engine, l.name, why)
		}
	}
}

// tooSlow says what is wrong with the growth of the median, empty for nothing.
func (l *look) tooSlow() string {
	if len(l.took) < 2 {
		return ""
	}
	small, large := percentile(l.took[0], 50), percentile(l.took[len(l.took)-1], 50)
	if large > enough && float64(large) > growthLimit*float64(small) {
		return fmt.Sprintf("grew from %.2f to %.2f ms", milliseconds(small), milliseconds(large))
	}
	return ""
}

// report writes docs/benchmarks/growth.md.
func (g *growth) report(b *testing.B, took time.Duration) {
	b.Helper()
	var s strings.Builder
	s.WriteString("# Growth\n\nWritten by `make bench-growth` on " + time.Now().UTC().Format(time.DateOnly) + " in " + took.Round(time.Second).String() + ".\n")
	s.WriteString("Measured on " + strings.Join(append(machine(), postgresVersion(b)), ", ") + ".\n\n")
	fmt.Fprintf(&s, "How long lists, searches and payments take when the store has grown: p50 / p99 in milliseconds, over HTTP. A store has\n"+
		"payments of 52 merchants, 70 %% of them the one's who asks. The run fails when a median grows more than %g times between the\nsmallest and the largest store and is above %d ms then, or when a figure misses its \"must\".\n\n", growthLimit, enough.Milliseconds())
	s.WriteString(tableOf(g.pages))
	for _, engine := range storetest.Engines {
		g.reportEngine(&s, engine)
	}
	write(b, "growth.md", s.String())
}

func (g *growth) reportEngine(s *strings.Builder, engine storage.Engine) {
	fmt.Fprintf(s, "\n## %s\n\n| payments in the store |", nameOf(engine))
	for _, size := range g.sizes {
		s.WriteString(" " + thousands(int64(size)) + " |")
	}
	s.WriteString("\n|---|" + strings.Repeat("---:|", len(g.sizes)) + "\n")
	for i, name := range []string{"filled in, by SQL", "size on disk"} {
		s.WriteString("| " + name + " |")
		for _, line := range g.lines[engine] {
			s.WriteString(" " + line[i] + " |")
		}
		s.WriteByte('\n')
	}
	for _, l := range g.looks[engine] {
		mark := ""
		if l.tooSlow() != "" {
			mark = " **grew**"
		}
		s.WriteString("| " + l.name + mark + " |")
		for _, took := range l.took {
			fmt.Fprintf(s, " %.2f / %.2f |", milliseconds(percentile(took, 50)), milliseconds(percentile(took, 99)))
		}
		s.WriteByte('\n')
	}
}
