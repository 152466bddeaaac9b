package fault

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
)

// maxFrames is how many calls a Panic remembers.
const maxFrames = 64

// Panic is an error made of a recovered panic. It tells the place and the type of
// what was panicked with; the text of that only if the runtime made it, for any
// other may hold what the code had in hand: a card, a key. The stack has names and
// lines and no arguments, for the same reason.
type Panic struct {
	what   string
	frames []string
}

// Recovered returns the error for what recover returned, which must not be nil. It
// is called in the deferred function itself, while the panic's stack stands.
func Recovered(v any) *Panic {
	p := &Panic{what: fmt.Sprintf("%T", v)}
	if err, ok := v.(error); ok {
		if e, ok := errors.AsType[runtime.Error](err); ok {
			p.what = e.Error()
		}
	}
	var pcs [maxFrames]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	for panicking, more := false, true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if panicking && (len(p.frames) > 0 || !strings.HasPrefix(f.Function, "runtime.")) {
			p.frames = append(p.frames, fmt.Sprintf("%s %s:%d", f.Function, f.File, f.Line))
		}
		panicking = panicking || f.Function == "runtime.gopanic"
	}
	return p
}

// Error tells where and why, in one line.
func (p *Panic) Error() string {
	place := "an unknown place"
	if len(p.frames) > 0 {
		place = p.frames[0]
	}
	return "panic at " + place + ": " + p.what
}

// Stack is the calls that led to the panic, the innermost first, one a line.
func (p *Panic) Stack() string { return strings.Join(p.frames, "\n") }
