package bench_test

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// The measures of one panel of the long run's picture, in pixels.
const (
	panelW, panelH, panelGap = 360, 90, 46
	panelLeft, panelTop      = 60, 70
	panelsAcross             = 2
)

// longChart draws each measure over time in a panel of its own, a line for each
// engine, from zero up.
func longChart(runs []*longRun) string {
	var s strings.Builder
	rows := (len(measures) + panelsAcross - 1) / panelsAcross
	chartHead(&s, "A server at half load over time", panelTop+rows*(panelH+panelGap))
	for i, r := range runs {
		fmt.Fprintf(&s, `<text x="%d" y="44" fill="%s">%s, %s payments a second</text>`+"\n",
			10+280*i, lineColours[i+1], nameOf(r.engine), thousands(int64(r.pace)))
	}
	for i, m := range measures {
		left := panelLeft + i%panelsAcross*(panelW+80)
		panel(&s, runs, i, left, panelTop+i/panelsAcross*(panelH+panelGap))
		title := m.name
		if m.unit != "" {
			title += ", " + m.unit
		}
		fmt.Fprintf(&s, `<text x="%d" y="%d">%s</text>`+"\n", left, panelTop+i/panelsAcross*(panelH+panelGap)-5, html.EscapeString(title))
	}
	s.WriteString("</svg>\n")
	return s.String()
}

func panel(s *strings.Builder, runs []*longRun, i, left, top int) {
	highest, last := 1.0, 1.0
	for _, r := range runs {
		if len(r.at) > 0 {
			highest, last = max(highest, slices.Max(r.values[i])), max(last, r.at[len(r.at)-1].Seconds())
		}
	}
	highest *= 1.1
	fmt.Fprintf(s, `<rect x="%d" y="%d" width="%d" height="%d" fill="none" stroke="#e0e0e0"/>`, left, top, panelW, panelH)
	fmt.Fprintf(s, `<text x="%d" y="%d" text-anchor="end">%s</text><text x="%d" y="%d" text-anchor="end">0</text>`,
		left-4, top+10, number3(highest), left-4, top+panelH)
	fmt.Fprintf(s, `<text x="%d" y="%d" text-anchor="end">%.0f min</text>`+"\n", left+panelW, top+panelH+14, last/60)
	for n, r := range runs {
		if !r.has(i) {
			continue
		}
		var points []string
		for j, at := range r.at {
			points = append(points, fmt.Sprintf("%.1f,%.1f",
				float64(left)+panelW*at.Seconds()/last, float64(top+panelH)-panelH*max(0, r.values[i][j])/highest))
		}
		fmt.Fprintf(s, `<polyline fill="none" stroke="%s" stroke-width="1.5" points="%s"/>`+"\n", lineColours[n+1], strings.Join(points, " "))
	}
}
