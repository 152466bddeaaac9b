package deploy_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// series is a metric as /metrics has it, with the values that its labels may
// take; nil for values that are not a list.
type series map[string][]string

var (
	metricRow = regexp.MustCompile("(?m)^\\| `(vezne_[a-z_]+)` \\| ([a-z]+) \\|([^|]*)\\|")
	labelRow  = regexp.MustCompile("(?m)^\\| `([a-z_]+)`(?: of ([a-z ]+))? \\| ([^|]+) \\|$")
	quoted    = regexp.MustCompile("`([^`]+)`")
)

// groupOf tells which rows of the table of labels a metric takes.
func groupOf(metric string) string {
	for _, g := range [][2]string{
		{"vezne_payment_commands", "commands"}, {"vezne_bank_breaker", "breakers"}, {"vezne_bank_request", "banks"}, {"vezne_resolver", "the resolver"},
		{"vezne_storage", "commits"}, {"vezne_job", "jobs"}, {"vezne_webhook_attempts", "attempts"}, {"vezne_webhook_endpoints", "endpoints"},
	} {
		if strings.HasPrefix(metric, g[0]) {
			return g[1]
		}
	}
	return ""
}

// documented returns every series that docs/metrics.md lists. TestMetrics of
// test/e2e proves that those are what a server exports.
func documented(t *testing.T) map[string]series {
	t.Helper()
	page := read(t, "docs/metrics.md")
	all := map[string]series{}
	for _, row := range metricRow.FindAllStringSubmatch(page, -1) {
		s := series{"instance": nil, "job": nil}
		for _, label := range quoted.FindAllStringSubmatch(row[3], -1) {
			s[label[1]] = valuesOf(page, row[1], label[1])
		}
		if row[2] != "histogram" {
			all[row[1]] = s
			continue
		}
		all[row[1]+"_sum"], all[row[1]+"_count"] = s, s
		buckets := maps.Clone(s)
		buckets["le"] = nil
		all[row[1]+"_bucket"] = buckets
	}
	return all
}

func valuesOf(page, metric, label string) []string {
	var all []string
	for _, row := range labelRow.FindAllStringSubmatch(page, -1) {
		if row[1] == label && (row[2] == "" || row[2] == groupOf(metric)) {
			for _, v := range quoted.FindAllStringSubmatch(row[3], -1) {
				all = append(all, v[1])
			}
		}
	}
	if label == "route" || label == "connector" || len(all) == 0 { // not lists, or with "none" alone in backquotes
		return nil
	}
	return all
}

var (
	use     = regexp.MustCompile(`\b((?:vezne|process|go)_[a-z_]+|up|ALERTS)\b(?:\{([^}]*)\})?`)
	grouped = regexp.MustCompile(`\bby \(([^)]*)\)`)
	matcher = regexp.MustCompile(`([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
)

// checkExpr holds one PromQL expression against the documented series. Whether
// it is PromQL at all is promtool's to say, in test/check-deploy.
func checkExpr(t *testing.T, known map[string]series, expr string) {
	t.Helper()
	metrics := use.FindAllStringSubmatch(expr, -1)
	if len(metrics) == 0 {
		t.Errorf("no metric in %s", expr)
	}
	for _, m := range metrics {
		s, ours := known[m[1]]
		if !ours {
			if strings.HasPrefix(m[1], "vezne_") {
				t.Errorf("%s is no metric of ours, in %s", m[1], expr)
			}
			continue
		}
		for _, pair := range matcher.FindAllStringSubmatch(m[2], -1) {
			checkMatcher(t, s, m[1], pair[1], pair[2], pair[3])
		}
		for _, by := range grouped.FindAllStringSubmatch(expr, -1) {
			for label := range strings.SplitSeq(by[1], ",") {
				if _, has := s[strings.TrimSpace(label)]; !has {
					t.Errorf("%s has no label %s, in %s", m[1], label, expr)
				}
			}
		}
	}
}

func checkMatcher(t *testing.T, s series, metric, label, operator, value string) {
	t.Helper()
	values, has := s[label]
	if !has {
		t.Errorf("%s has no label %s", metric, label)
		return
	}
	if values == nil {
		return
	}
	wanted := []string{value}
	if strings.HasSuffix(operator, "~") {
		wanted = strings.Split(value, "|")
	}
	for _, w := range wanted {
		if !slices.Contains(values, w) {
			t.Errorf("%s{%s%s%q}: the label is never %s", metric, label, operator, value, w)
		}
	}
}

type ruleFile struct {
	Groups []struct {
		Rules []struct {
			Alert, Expr, For    string
			Labels, Annotations map[string]string
		}
	}
}

// TestAlerts holds every alert against the metrics that there are and the
// instructions that it names.
func TestAlerts(t *testing.T) {
	t.Parallel()
	known, anchors := documented(t), anchorsOf(read(t, "docs/operations.md"))
	var seen []string
	for _, g := range parse[ruleFile](t, "deploy/prometheus/alerts.yaml").Groups {
		for _, r := range g.Rules {
			t.Run(r.Alert, func(t *testing.T) {
				t.Parallel()
				checkExpr(t, known, r.Expr)
				if s := r.Labels["severity"]; s != "critical" && s != "warning" {
					t.Errorf("severity %q", s)
				}
				anchor, ok := strings.CutPrefix(r.Annotations["runbook"], "docs/operations.md#")
				if !ok || !slices.Contains(anchors, anchor) {
					t.Errorf("the runbook %q is not there", r.Annotations["runbook"])
				}
			})
			if slices.Contains(seen, r.Alert) {
				t.Errorf("two alerts are called %s", r.Alert)
			}
			seen = append(seen, r.Alert)
		}
	}
	if page := read(t, "docs/operations.md"); len(seen) > 0 {
		for _, name := range seen {
			if !strings.Contains(page, "`"+name+"`") {
				t.Errorf("docs/operations.md does not say what to do about %s", name)
			}
		}
	}
}

type dashboard struct {
	UID    string
	Panels []struct {
		ID      int
		Title   string
		Type    string
		GridPos struct{ H, W, X, Y int } `yaml:"gridPos"`
		Targets []struct{ Expr string }
	}
	Templating struct {
		List []struct {
			Name  string
			Query any
		}
	}
}

// TestDashboard holds every panel against the metrics that there are, and wants
// each of those on a panel.
func TestDashboard(t *testing.T) {
	t.Parallel()
	known, d := documented(t), parse[dashboard](t, "deploy/grafana/vezne.json")
	ids, shown := map[int]bool{}, ""
	for _, p := range d.Panels {
		if ids[p.ID] || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %q: id %d twice, or off the grid", p.Title, p.ID)
		}
		ids[p.ID] = true
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %q shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			checkExpr(t, known, target.Expr)
			shown += target.Expr + "\n"
		}
	}
	for name := range known {
		base := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_sum"), "_count"), "_bucket")
		if !strings.Contains(shown, base) {
			t.Errorf("no panel shows %s", name)
		}
	}
}
