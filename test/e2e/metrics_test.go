package e2e_test

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/vezne/vezne/internal/connector/all"
	"github.com/vezne/vezne/test/servertest"
)

// scraped are the metrics of a server by name.
type scraped map[string]*dto.MetricFamily

func scrape(t *testing.T, s *servertest.Server) scraped {
	t.Helper()
	a, ok := s.Send(t, servertest.Request{Method: http.MethodGet, Path: "/metrics"})
	if !ok || a.Status != http.StatusOK {
		t.Fatalf("/metrics: %d", a.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(a.Body))
	if err != nil {
		t.Fatal(err)
	}
	return families
}

var metricRow = regexp.MustCompile("(?m)^\\| `(vezne_[a-z_]+)` \\| ([a-z]+) \\|([^|]*)\\|")

// documented returns the table of docs/metrics.md as "name type labels", sorted.
func documented(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, row := range metricRow.FindAllStringSubmatch(metricsPage(t), -1) {
		labels := strings.FieldsFunc(row[3], func(r rune) bool { return strings.ContainsRune("`, ", r) })
		slices.Sort(labels)
		all = append(all, row[1]+" "+row[2]+" "+strings.Join(labels, " "))
	}
	slices.Sort(all)
	return all
}

func metricsPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// exported returns the same of what was scraped.
func (f scraped) exported() []string {
	var all []string
	for name, family := range f {
		if !strings.HasPrefix(name, "vezne_") {
			continue
		}
		var labels []string
		for _, pair := range family.GetMetric()[0].GetLabel() {
			labels = append(labels, pair.GetName())
		}
		slices.Sort(labels)
		all = append(all, name+" "+strings.ToLower(family.GetType().String())+" "+strings.Join(labels, " "))
	}
	slices.Sort(all)
	return all
}

// labelRow is a row of the table of labels: "`kind` of jobs".
var labelRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)`(?: of ([a-z ]+))? \\| ([^|]+) \\|$")

// allowed returns the values that docs/metrics.md lists for a label of a metric;
// nil if it lists none.
func allowed(t *testing.T, metric, label string) []string {
	t.Helper()
	groups := map[string]string{
		"vezne_payment_commands": "commands", "vezne_bank_breaker": "breakers", "vezne_bank_request": "banks", "vezne_resolver": "the resolver",
		"vezne_storage": "commits", "vezne_job": "jobs", "vezne_webhook_attempts": "attempts", "vezne_webhook_endpoints": "endpoints",
	}
	for _, row := range labelRow.FindAllStringSubmatch(metricsPage(t), -1) {
		if row[1] != label {
			continue
		}
		for prefix, group := range groups {
			if row[2] == "" || (strings.HasPrefix(metric, prefix) && row[2] == group) {
				return strings.FieldsFunc(row[3], func(r rune) bool { return r == '`' || r == ' ' })
			}
		}
	}
	return nil
}

// looksLikeData are forms that no value of a label may have: a card number or any
// other long number, a UUID, and an address.
var looksLikeData = regexp.MustCompile(`[0-9]{4}|[0-9a-f]{8}-[0-9a-f]{4}|://|@|\?`)

// checkLabels holds every value of every label against docs/metrics.md.
func checkLabels(t *testing.T, f scraped) {
	t.Helper()
	connectors := []string{"none"}
	for _, r := range all.Registrations() {
		connectors = append(connectors, r.Name)
	}
	for name, family := range f {
		if !strings.HasPrefix(name, "vezne_") {
			continue
		}
		for _, m := range family.GetMetric() {
			for _, pair := range m.GetLabel() {
				checkLabel(t, name, pair.GetName(), pair.GetValue(), connectors)
			}
		}
	}
}

func checkLabel(t *testing.T, metric, label, value string, connectors []string) {
	t.Helper()
	var fits bool
	switch label {
	case "version", "go_version": // the build's, not a caller's
		return
	case "route":
		fits = value == "none" || strings.HasPrefix(strings.TrimPrefix(value, "GET "), "/")
	case "status":
		fits = regexp.MustCompile(`^[1-5][0-9]{2}$`).MatchString(value)
	case "connector":
		fits = slices.Contains(connectors, value)
	default:
		fits = slices.Contains(allowed(t, metric, label), value)
	}
	if !fits || looksLikeData.MatchString(value) {
		t.Errorf("%s{%s=%q} is not in docs/metrics.md", metric, label, value)
	}
}

// TestMetrics drives one server through every command and every way it can end,
// and holds what /metrics says against docs/metrics.md.
func TestMetrics(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	staff(t, s, 201, http.MethodPost, "/admin/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/closed","events":["payment.*"]}`)
	t.Run("commands", func(t *testing.T) { everyCommand(t, s) })
	t.Run("pages", func(t *testing.T) { testPages(t, s) })
	t.Run("strangers", func(t *testing.T) { strangePaths(t, s) })
	t.Run("faults", func(t *testing.T) { everyFault(t, s) })

	var f scraped
	if !servertest.Eventually(t, func() bool {
		f = scrape(t, s)
		return f["vezne_webhook_attempts_total"] != nil && f["vezne_resolver_results_total"] != nil &&
			f["vezne_readings_timestamp_seconds"] != nil
	}) {
		t.Error("no delivery was tried, nothing was resolved or nothing read")
	}
	if diff := cmp.Diff(documented(t), f.exported()); diff != "" {
		t.Errorf("docs/metrics.md (-) and /metrics (+) differ:\n%s", diff)
	}
	checkLabels(t, f)
	var endings []string
	for _, m := range f["vezne_payment_commands_total"].GetMetric() {
		for _, pair := range m.GetLabel() {
			if pair.GetName() == "outcome" {
				endings = append(endings, pair.GetValue())
			}
		}
	}
	slices.Sort(endings)
	want := []string{"approved", "declined", "enrolled", "pending", "refused", "replayed"}
	if got := slices.Compact(endings); !slices.Equal(got, want) {
		t.Errorf("outcomes %v, want %v: the test proves less than it says", got, want)
	}
}

func everyCommand(t *testing.T, s *servertest.Server) {
	tell(t, s, map[string]scenario{
		"sale_refunded": {
			{send: pay, body: charge(), status: 200, keep: "p", want: `{"status":"SUCCESS"}`},
			{send: pay, body: charge(), status: 200, replayed: true},
			{send: refund, body: `{"amount":1.00,"currency":"TRY"}`, status: 200},
			{send: refund, body: `{"amount":900.00,"currency":"TRY"}`, status: 400},
		},
		"sale_declined": {{send: pay, body: charge("pan", quoted(brokeCard)), status: 200, want: `{"status":"FAILED"}`}},
		"hold_captured": {{send: hold, body: charge(), status: 200, keep: "p"}, {send: capture, body: `{"amount":1.00,"currency":"TRY"}`, status: 200}},
		"hold_voided":   {{send: hold, body: charge(), status: 200, keep: "p"}, {send: void, body: `{}`, status: 200}},
		"sale_refused":  {{send: pay, body: charge("amount", "-1"), status: 400}},
		"no_bank":       {{send: pay, body: charge("currency", `"USD"`), status: 200, want: `{"resultCode":"NO_POS_AVAILABLE"}`}},
	})
	u := paid(t, s)
	staff(t, s, 200, http.MethodPost, "/admin/v1/payments/"+u+"/void", `{}`, "Idempotency-Key", "void "+u)
	shop := openShop(t)
	id, html := enrolled(t, s, shop.secured("orderId", quoted(t.Name())))
	authenticate(t, s, html, "a")
	if a, ok := s.Send(t, completion(id, shop.Got("/success").Get("securityKey"))); !ok || a.Text("status") != "SUCCESS" {
		t.Errorf("complete: %d %s", a.Status, a.Body)
	}
}

// strangePaths asks for what callers may put into a path.
func strangePaths(t *testing.T, s *servertest.Server) {
	for _, path := range []string{
		"/wp-login.php", "/api/payment/" + axessCard, "/" + axessCard, "/api/payment/0193b5a0-0000-7000-8000-000000000000",
		"/admin/v1/payments/" + axessCard, "/3ds/sandbox/" + axessCard, "/3ds/" + axessCard + "/x", "/docs/" + axessCard, "/c/" + axessCard,
		"/assets/" + axessCard, "/sim/" + axessCard, "/pay/" + axessCard,
	} {
		s.Send(t, servertest.Request{Method: http.MethodGet, Path: path, As: servertest.Merchant(), Unchecked: true})
	}
}

// everyFault has the bank fail in all ways until its breaker opens.
func everyFault(t *testing.T, s *servertest.Server) {
	s.Misbehave(t, `{"rate":1,"kinds":["garbage"],"inquiries":true}`)
	defer s.Misbehave(t, "")
	for n := range 20 {
		s.Send(t, payment(charge("orderId", quoted(t.Name()+string(rune('a'+n)))), ""))
		if scrape(t, s)["vezne_bank_breaker_changes_total"] != nil {
			return
		}
	}
	t.Error("no breaker opened")
}
