package bench_test

import (
	"fmt"
	"slices"
	"strings"
)

// figure is one line of the table: what was measured in each round.
type figure struct {
	name   string
	unit   string
	values []float64
	// floor is what the hardware, or the bank, allowed in the same round; empty
	// where there is no such thing. floorName says what it is.
	floor     []float64
	floorName string
	// must and want are the bounds of design.md section 8; zero for none.
	must, want float64
	// least says that small is good.
	least bool
}

func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	if len(s) == 0 {
		return 0
	}
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// verdict says which bound the median keeps: want, must, neither ("missed"), or
// that there is none.
func (f *figure) verdict() string {
	m := median(f.values)
	within := func(bound float64) bool {
		if f.least {
			return m <= bound
		}
		return m >= bound
	}
	switch {
	case f.must == 0:
		return ""
	case within(f.want):
		return "want"
	case within(f.must):
		return "must"
	}
	return "missed"
}

func (f *figure) missed() bool { return f.verdict() == "missed" }

// row returns the figure as a row of Markdown.
func (f *figure) row() string {
	floor, ratio := "", ""
	if len(f.floor) > 0 {
		floor = f.text(f.floor) + " (" + f.floorName + ")"
		ratios := make([]float64, min(len(f.floor), len(f.values)))
		for i := range ratios {
			ratios[i] = f.values[i] / f.floor[i]
		}
		ratio = fmt.Sprintf("%.2f", median(ratios))
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s |\n", f.name, f.text(f.values), floor, ratio, f.bound(f.must), f.bound(f.want), f.verdict())
}

func (f *figure) bound(v float64) string {
	if v == 0 {
		return ""
	}
	return number3(v) + f.space()
}

// text returns the median with its range.
func (f *figure) text(values []float64) string {
	if len(values) == 0 {
		return ""
	}
	m := number3(median(values)) + f.space()
	if len(values) == 1 || slices.Min(values) == slices.Max(values) {
		return m
	}
	return m + " (" + number3(slices.Min(values)) + "–" + number3(slices.Max(values)) + ")"
}

func (f *figure) space() string {
	if f.unit == "" {
		return ""
	}
	return " " + f.unit
}

// number3 writes a number with three digits or more.
func number3(v float64) string {
	switch {
	case v >= 1000:
		return thousands(int64(v + 0.5))
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func thousands(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// tableOf returns figures as a table of Markdown.
func tableOf(figures []figure) string {
	var s strings.Builder
	s.WriteString("| figure | measured | floor of the same run | of the floor | must | want | reached |\n|---|---:|---:|---:|---:|---:|---|\n")
	for i := range figures {
		s.WriteString(figures[i].row())
	}
	return s.String()
}
