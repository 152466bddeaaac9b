package bench_test

import (
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"
	"time"
)

// flame is a function with what it called, as a flame graph shows it.
type flame struct {
	name  string
	took  time.Duration
	below map[string]*flame
}

func newFlame(stacks []stack) *flame {
	root := &flame{name: "all"}
	for _, s := range stacks {
		at := root
		at.took += s.took
		for _, name := range s.frames {
			if at.below == nil {
				at.below = make(map[string]*flame)
			}
			if at.below[name] == nil {
				at.below[name] = &flame{name: name}
			}
			at = at.below[name]
			at.took += s.took
		}
	}
	return root
}

// The measures of a flame graph, in pixels. What would be narrower than thinnest
// is left out.
const (
	flameWidth    = 1200.0
	flameRow      = 16
	flameTop      = 40
	thinnest      = 0.6
	letterWidth   = 6.2
	shortestLabel = 3
)

func (f *flame) depth(width float64) int {
	if width < thinnest {
		return 0
	}
	deepest := 0
	for _, c := range f.below {
		deepest = max(deepest, c.depth(width*float64(c.took)/float64(f.took)))
	}
	return deepest + 1
}

// svg draws the graph, root at the top.
func (f *flame) svg(title string) string {
	var s strings.Builder
	height := flameTop + f.depth(flameWidth)*flameRow + 10
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" font-family="sans-serif" font-size="11">`+"\n", flameWidth, height)
	fmt.Fprintf(&s, `<rect width="100%%" height="100%%" fill="#ffffff"/><text x="10" y="24" font-size="15" fill="#222222">%s</text>`+"\n", html.EscapeString(title))
	f.draw(&s, 0, flameWidth, 0, float64(f.took))
	s.WriteString("</svg>\n")
	return s.String()
}

func (f *flame) draw(s *strings.Builder, x, width float64, row int, total float64) {
	if width < thinnest {
		return
	}
	y := flameTop + row*flameRow
	fmt.Fprintf(s, `<g><title>%s, %.1f %%</title><rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s" stroke="#ffffff" stroke-width="0.5"/>`,
		html.EscapeString(f.name), 100*float64(f.took)/total, x, y, width, flameRow, colour(f.name))
	if letters := int(width / letterWidth); letters >= shortestLabel {
		fmt.Fprintf(s, `<text x="%.1f" y="%d" fill="#222222">%s</text>`, x+2, y+flameRow-4, html.EscapeString(cut(shortName(f.name), letters)))
	}
	s.WriteString("</g>\n")
	for _, name := range slices.Sorted(maps.Keys(f.below)) {
		c := f.below[name]
		w := width * float64(c.took) / float64(f.took)
		c.draw(s, x, w, row+1, total)
		x += w
	}
}

// shortName drops the directories of a function's package.
func shortName(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

func cut(text string, letters int) string {
	if r := []rune(text); len(r) > letters {
		return string(r[:letters-1]) + "…"
	}
	return text
}

// colour tells our own code from what it stands on.
func colour(name string) string {
	switch {
	case strings.Contains(name, "vezne/internal/storage"), strings.Contains(name, "jackc/pgx"), strings.Contains(name, "modernc.org"):
		return "#9ecae1"
	case strings.Contains(name, "vezne/"):
		return "#a1d99b"
	case strings.Contains(name, "go-json-experiment"):
		return "#fdd0a2"
	case strings.HasPrefix(name, "runtime."):
		return "#d9d9d9"
	}
	return "#f2e2a0"
}
