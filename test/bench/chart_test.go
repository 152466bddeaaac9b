package bench_test

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"
)

// series is one line of a latency chart.
type series struct {
	name string
	took []time.Duration
}

// bar is one bar of a rate chart.
type bar struct {
	name   string
	rate   float64
	colour string
}

var lineColours = []string{"#636363", "#3182bd", "#31a354", "#e6550d", "#756bb1"}

// The measures of a chart, in pixels.
const (
	chartWidth, chartHeight           = 900, 360
	plotLeft, plotTop, plotW, plotH   = 60, 40, 640, 260
	barLeft, barHeight, barGap, barsW = 260, 22, 8, 460
)

// latencyChart draws the share of answers that took longer, by a logarithm, so
// that the tail is as plain as the middle.
func latencyChart(title string, all []series) string {
	var s strings.Builder
	chartHead(&s, title, chartHeight)
	const nines = 4.0 // up to 99.99 %
	highest := 0.0
	for _, line := range all {
		highest = max(highest, milliseconds(percentile(sorted(line.took), 99.9)))
	}
	highest = max(1, highest*1.1)
	x := func(share float64) float64 { return plotLeft + plotW*min(nines, -math.Log10(1-share))/nines }
	y := func(ms float64) float64 { return plotTop + plotH - plotH*min(1, ms/highest) }
	for _, tick := range []float64{0.5, 0.9, 0.99, 0.999, 0.9999} {
		fmt.Fprintf(&s, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#e0e0e0"/><text x="%.1f" y="%d" text-anchor="middle">%g %%</text>`+"\n",
			x(tick), plotTop, x(tick), plotTop+plotH, x(tick), plotTop+plotH+16, 100*tick)
	}
	for i := range 5 {
		ms := highest * float64(i) / 4
		fmt.Fprintf(&s, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#e0e0e0"/><text x="%d" y="%.1f" text-anchor="end">%.1f ms</text>`+"\n",
			plotLeft, y(ms), plotLeft+plotW, y(ms), plotLeft-4, y(ms)+4, ms)
	}
	for i, line := range all {
		ordered, points := sorted(line.took), []string{}
		for p := 0.0; p <= nines; p += 0.02 {
			share := 1 - math.Pow(10, -p)
			if float64(len(ordered))*(1-share) < 1 {
				break // there are no more answers to tell of
			}
			points = append(points, fmt.Sprintf("%.1f,%.1f", x(share), y(milliseconds(percentile(ordered, 100*share)))))
		}
		colour := lineColours[i%len(lineColours)]
		fmt.Fprintf(&s, `<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/><text x="%d" y="%d" fill="%s">%s</text>`+"\n",
			colour, strings.Join(points, " "), plotLeft+plotW+12, plotTop+14+18*i, colour, html.EscapeString(line.name))
	}
	s.WriteString("</svg>\n")
	return s.String()
}

// barChart draws rates below each other.
func barChart(title string, bars []bar) string {
	var s strings.Builder
	chartHead(&s, title, plotTop+len(bars)*(barHeight+barGap)+20)
	highest := 1.0
	for _, v := range bars {
		highest = max(highest, v.rate)
	}
	for i, v := range bars {
		top, width := plotTop+i*(barHeight+barGap), barsW*v.rate/highest
		fmt.Fprintf(&s, `<text x="%d" y="%d" text-anchor="end">%s</text><rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/><text x="%.1f" y="%d">%s/s</text>`+"\n",
			barLeft-8, top+15, html.EscapeString(v.name), barLeft, top, width, barHeight, v.colour, barLeft+width+6, top+15, number3(v.rate))
	}
	s.WriteString("</svg>\n")
	return s.String()
}

func chartHead(s *strings.Builder, title string, height int) {
	fmt.Fprintf(s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" fill="#222222">`+"\n", chartWidth, height)
	fmt.Fprintf(s, `<rect width="100%%" height="100%%" fill="#ffffff"/><text x="10" y="22" font-size="15">%s</text>`+"\n", html.EscapeString(title))
}
