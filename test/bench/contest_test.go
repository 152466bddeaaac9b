package bench_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// leastRatio is what the present build must reach of another one: of any two runs
// of one build, medians differ by less than three in a hundred.
const leastRatio = 0.97

// contest holds one figure of the present build against that of an earlier one.
// Both are measured in turns, present and past being what each turn of a round gave.
type contest struct {
	name string
	unit string
	// least says that small is good.
	least         bool
	past, present []float64 // two values a round
}

// turns is who is measured when in a round: the earlier build is first and last in
// one, and in the middle of the next. A machine that grows slower steadily slows
// both alike, in every single round.
func turns(round int) [4]bool {
	if round%2 == 0 {
		return [4]bool{past, present, present, past}
	}
	return [4]bool{present, past, past, present}
}

// The two sides of a contest.
const (
	past    = false
	present = true
)

// add adds what a turn gave.
func (c *contest) add(side bool, value float64) {
	if side == present {
		c.present = append(c.present, value)
		return
	}
	c.past = append(c.past, value)
}

// ratios returns for each round how good the present build is beside the earlier
// one: above 1 is better.
func (c *contest) ratios() []float64 {
	var all []float64
	for i := 0; i+1 < min(len(c.past), len(c.present)); i += 2 {
		r := (c.present[i] + c.present[i+1]) / (c.past[i] + c.past[i+1])
		if c.least {
			r = 1 / r
		}
		all = append(all, r)
	}
	return all
}

// reached reports whether the median of the rounds keeps the bound. Without a
// round nothing was shown.
func (c *contest) reached() bool {
	r := median(c.ratios())
	return r >= leastRatio && !math.IsInf(r, 1)
}

// row returns the contest as a row of Markdown.
func (c *contest) row() string {
	f := figure{unit: c.unit}
	verdict := "yes"
	if !c.reached() {
		verdict = "**missed**"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %.2f | %s |\n", c.name, f.text(c.past), f.text(c.present), c.spread(), leastRatio, verdict)
}

// spread returns the median of the ratios with their range, to a thousandth.
func (c *contest) spread() string {
	r := c.ratios()
	if len(r) == 0 {
		return "none"
	}
	return fmt.Sprintf("%.3f (%.3f–%.3f)", median(r), slices.Min(r), slices.Max(r))
}

// contestTable returns contests as a table of Markdown.
func contestTable(before string, contests []*contest) string {
	var s strings.Builder
	s.WriteString("| figure | " + before + " | this build | as good as before | at least | reached |\n|---|---:|---:|---:|---:|---|\n")
	for _, c := range contests {
		s.WriteString(c.row())
	}
	return s.String()
}

func TestContest(t *testing.T) {
	t.Parallel()
	// play plays rounds in which the earlier build gives 1000, and the present one so
	// many times that; drift is what the machine adds from each turn to the next.
	play := func(c contest, rounds int, times, drift float64) *contest {
		at := 0.0
		for round := range rounds {
			for _, side := range turns(round) {
				value := 1000 + at
				if side == present {
					value *= times
				}
				c.add(side, value)
				at += drift
			}
		}
		return &c
	}
	for name, tt := range map[string]struct {
		c       *contest
		ratio   float64
		reached bool
	}{
		"equal_builds_are_equal":                        {play(contest{}, 3, 1, 0), 1, true},
		"a_machine_that_slows_down_slows_both":          {play(contest{}, 3, 1, -40), 1, true},
		"a_machine_that_speeds_up_hides_nothing":        {play(contest{}, 3, 0.9, 40), 0.9, false},
		"a_build_within_the_bound_passes":               {play(contest{}, 4, 0.975, 0), 0.975, true},
		"a_build_below_the_bound_misses":                {play(contest{}, 4, 0.965, 0), 0.965, false},
		"fewer_allocations_are_better":                  {play(contest{least: true}, 3, 0.5, 0), 2, true},
		"more_allocations_are_worse":                    {play(contest{least: true}, 3, 1.04, 0), 1 / 1.04, false},
		"one_round_that_a_neighbour_spoilt_is_outvoted": {spoilt(play(contest{}, 3, 1, 0)), 1, true},
		"nothing_measured_is_not_reached":               {&contest{}, 0, false},
		"a_build_that_gave_nothing_is_no_victory":       {&contest{past: []float64{0, 0}, present: []float64{5, 5}}, math.Inf(1), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if r := median(tt.c.ratios()); math.Abs(r-tt.ratio) > 1e-3 {
				t.Errorf("ratio %v, want %v", r, tt.ratio)
			}
			if tt.c.reached() != tt.reached {
				t.Errorf("reached: %t", tt.c.reached())
			}
			if missed := strings.Contains(tt.c.row(), "missed"); missed == tt.reached {
				t.Errorf("row %s", tt.c.row())
			}
		})
	}
	t.Run("a_row_tells_the_spread", func(t *testing.T) {
		t.Parallel()
		c := contest{name: "payments", unit: "/s", past: []float64{100, 100, 200, 200}, present: []float64{100, 98, 202, 204}}
		const want = "| payments | 150 /s (100–200) | 151 /s (98.0–204) | 1.002 (0.990–1.015) | 0.97 | yes |\n"
		if row := c.row(); row != want {
			t.Errorf("row  %swant %s", row, want)
		}
	})
	t.Run("both_sides_have_every_place_of_a_round", func(t *testing.T) {
		t.Parallel()
		var places [4]int
		for round := range 2 {
			for i, side := range turns(round) {
				if side == present {
					places[i]++
				}
			}
		}
		if places != [4]int{1, 1, 1, 1} {
			t.Errorf("the present build's places: %v", places)
		}
	})
}

// spoilt makes the present build's second round as slow as a busy neighbour does.
func spoilt(c *contest) *contest {
	c.present[2] /= 10
	return c
}
