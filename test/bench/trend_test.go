package bench_test

import (
	"bufio"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// measure is something that must not grow while a server is at work. It may grow
// over half of a run by share of itself and by slack, which is what it changes by
// without meaning anything.
type measure struct {
	key, name, unit string
	share, slack    float64
}

// A connection or a goroutine that is lost now and then is found by the slack: at
// half load for half an hour, one in ten thousand payments is dozens.
var measures = []measure{
	{key: "resident", name: "resident memory", unit: "MB", share: 0.10, slack: 4},
	{key: "heap", name: "heap in use", unit: "MB", share: 0.15, slack: 4},
	{key: "goroutines", name: "goroutines", share: 0.05, slack: 12},
	{key: "files", name: "open files", share: 0.05, slack: 8},
	{key: "connections", name: "connections to the database", slack: 3},
	// A log grows to where it is carried over, and is used again from its beginning.
	{key: "wal", name: "write-ahead log", unit: "MB", share: 0.10, slack: 2},
	{key: "lag", name: "age of the oldest job that is due", unit: "s", slack: 2},
	{key: "database", name: "database for each payment", unit: "bytes", share: 0.10},
}

// verdict is what became of a measure.
type verdict struct {
	measure       *measure
	middle        float64 // median of the second half
	growth, limit float64 // over the second half
	grew          bool
}

func judgeTrend(m *measure, at []time.Duration, values []float64) verdict {
	half := len(values) / 2
	at, values = at[half:], values[half:]
	v := verdict{measure: m, middle: median(values)}
	if len(at) > 1 {
		v.growth = slope(at, values) * (at[len(at)-1] - at[0]).Seconds()
	}
	v.limit = m.share*v.middle + m.slack
	v.grew = v.growth > v.limit
	return v
}

// slope returns the growth a second: the median of the slopes between any two
// samples (Theil and Sen), which a few peaks do not move.
func slope(at []time.Duration, values []float64) float64 {
	var all []float64
	for i := range values {
		for j := range i {
			all = append(all, (values[i]-values[j])/(at[i]-at[j]).Seconds())
		}
	}
	return median(all)
}

func (v verdict) row() string {
	mark := ""
	if v.grew {
		mark = "**grew**"
	}
	unit := ""
	if v.measure.unit != "" {
		unit = " " + v.measure.unit
	}
	return fmt.Sprintf("| %s | %s%s | %s%s | %s%s | %s |",
		v.measure.name, number3(v.middle), unit, signed(v.growth), unit, number3(v.limit), unit, mark)
}

func signed(v float64) string {
	if v < 0 {
		return "−" + number3(-v)
	}
	return number3(v)
}

// verdicts leaves out what the engine does not have.
func (r *longRun) verdicts() []verdict {
	var all []verdict
	for i := range measures {
		if !r.has(i) {
			continue
		}
		all = append(all, judgeTrend(&measures[i], r.at, r.values[i]))
	}
	return all
}

func (r *longRun) has(i int) bool { return r.database == nil || measures[i].key != "wal" }

// scrapeMetrics returns what /metrics says, by name, the largest where a name has
// labels. It fails without one of those that are wanted.
func scrapeMetrics(b *testing.B, url string, wanted ...string) map[string]float64 {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url+"/metrics", http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }() // it was read
	all := make(map[string]float64)
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		name, value, found := strings.Cut(lines.Text(), " ")
		if i := strings.IndexByte(lines.Text(), '{'); i >= 0 {
			name, value = lines.Text()[:i], lines.Text()[strings.LastIndexByte(lines.Text(), ' ')+1:]
		}
		n, err := strconv.ParseFloat(value, 64)
		if !found || err != nil {
			continue // a comment
		}
		if old, known := all[name]; !known || n > old {
			all[name] = n
		}
	}
	for _, name := range wanted {
		if _, known := all[name]; !known {
			b.Fatalf("/metrics has no %s", name)
		}
	}
	return all
}

func TestTrend(t *testing.T) {
	t.Parallel()
	series := func(f func(i int) float64) (at []time.Duration, values []float64) {
		for i := range 120 {
			at, values = append(at, time.Duration(i)*10*time.Second), append(values, f(i))
		}
		return at, values
	}
	m := &measure{key: "x", name: "x", share: 0.1, slack: 4}
	for _, c := range []struct {
		name string
		f    func(int) float64
		grew bool
	}{
		{"what_stands_still_is_no_growth", func(int) float64 { return 100 }, false},
		{"growth_that_ends_in_the_first_half_is_none", func(i int) float64 { return min(100, float64(i*2)) }, false},
		{"a_saw_tooth_is_no_growth", func(i int) float64 { return 100 + 30*float64(i%7) }, false},
		{"peaks_are_no_growth", func(i int) float64 { return 100 + 900*math.Floor(float64(i%20)/19) }, false},
		{"what_shrinks_is_no_growth", func(i int) float64 { return 1000 - float64(i) }, false},
		{"a_slow_leak_is_growth", func(i int) float64 { return 100 + float64(i)/2 }, true},
		{"a_leak_below_a_saw_tooth_is_growth", func(i int) float64 { return 100 + float64(i) + 30*float64(i%7) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			at, values := series(c.f)
			if v := judgeTrend(m, at, values); v.grew != c.grew {
				t.Errorf("growth %.1f, limit %.1f: grew is %v", v.growth, v.limit, v.grew)
			}
		})
	}
}
