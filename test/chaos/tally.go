package chaos

import (
	"sync"
	"time"
)

// tally counts what happened.
type tally struct {
	mu     sync.Mutex
	counts map[string]map[string]int // group, then what
	quiet  time.Duration             // how long it took to come to rest
	lapsed time.Duration             // how long, once time was put forward
}

func (t *tally) add(group, what string) { t.addAll(group, what, 1) }

func (t *tally) addAll(group, what string, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = make(map[string]map[string]int)
	}
	if t.counts[group] == nil {
		t.counts[group] = make(map[string]int)
	}
	t.counts[group][what] += n
}

// The groups of counts, as the report names them.
const (
	groupAsks     = "Asked"
	groupFlows    = "Flows"
	groupTrouble  = "Disturbances"
	groupAnswers  = "What clients met"
	groupOutcomes = "What became of it"
	groupEvents   = "What the shop was told"
)

func (t *tally) asked(k Kind)          { t.add(groupAsks, string(k)) }
func (t *tally) flowed(name string)    { t.add(groupFlows, name) }
func (t *tally) disturbed(name string) { t.add(groupTrouble, name) }
func (t *tally) count(what string)     { t.add(groupAnswers, what) }
func (t *tally) turnedOut(what string) { t.add(groupOutcomes, what) }
