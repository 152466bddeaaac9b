package pos

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/vezne/vezne/internal/connector"
)

// How a connector's answer breaks its contract.
var (
	errContract      = errors.New("the connector breaks its contract")
	errContradiction = errors.New("the connector's answer contradicts its error")
	errMemo          = errors.New("the memo is too long")
)

// guarded makes a request and holds its answer to the connector contract. What
// cannot be relied on is Unknown: asking the bank once more is cheap, a wrong
// belief about money is not.
func guarded(
	ctx context.Context, request func(context.Context) (connector.Answer, error),
) (answer connector.Answer, err error) {
	defer func() {
		if v := recover(); v != nil {
			answer, err = connector.Answer{}, panicError(v)
		}
	}()
	answer, err = request(ctx)
	answer = answer.Clean()
	if len(answer.Memo) > connector.MaxMemo {
		return connector.Answer{}, fmt.Errorf("%w: %w", errContract, errMemo)
	}
	decided := answer.Outcome == connector.Approved || answer.Outcome == connector.Declined
	if decided == (err == nil) {
		return answer, err
	}
	if err == nil {
		err = errors.New("the connector gave no reason")
		return answer, err
	}
	answer.Outcome = connector.Unknown
	return answer, fmt.Errorf("%w: %w", errContradiction, err)
}

// panicError describes a panic by its place and type. The value's own text is
// shown only if the runtime made it, for any other may hold what the connector
// had in hand: a card.
func panicError(v any) error {
	what := fmt.Sprintf("%T", v)
	if e, ok := errors.AsType[runtime.Error](asError(v)); ok {
		what = e.Error()
	}
	return fmt.Errorf("connector panicked at %s: %s", panicPlace(), what)
}

func asError(v any) error {
	err, _ := v.(error)
	return err
}

// panicPlace returns the function and line that panicked: the first frame below
// the runtime's own.
func panicPlace() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	panicking := false
	for {
		f, more := frames.Next()
		inRuntime := strings.HasPrefix(f.Function, "runtime.")
		if panicking && !inRuntime {
			return fmt.Sprintf("%s:%d", f.Function, f.Line)
		}
		panicking = panicking || f.Function == "runtime.gopanic"
		if !more {
			return "an unknown place"
		}
	}
}
