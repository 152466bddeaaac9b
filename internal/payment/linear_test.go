package payment_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
)

// TestLinearizable lets many callers capture, refund, void and read a few
// payments at once. What they were told must be what they could have been told
// one after the other, each between its question and its answer.
func TestLinearizable(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		for round := range 3 {
			h := w.history(t, uint64(round))
			result, info := porcupine.CheckOperationsVerbose(linearModel(), h, 30*time.Second)
			if result != porcupine.Ok {
				t.Fatalf("round %d: %s\n%s", round, result, describe(h, info))
			}
		}
	})
}

// TestLinearModel proves that the model refuses what must never be told.
func TestLinearModel(t *testing.T) {
	t.Parallel()
	at := func(n int64, in linearInput, out linearOutput) porcupine.Operation {
		return porcupine.Operation{ClientId: int(n), Input: in, Call: 2 * n, Output: out, Return: 2*n + 1}
	}
	refund := linearInput{total: 1000, kind: connector.Refund, amount: 600}
	hold := linearInput{hold: true, total: 1000, kind: connector.Capture, amount: 400}
	for name, history := range map[string][]porcupine.Operation{
		"refunds_over_the_whole":          {at(0, refund, linearOutput{}), at(1, refund, linearOutput{})},
		"two_captures":                    {at(0, hold, linearOutput{}), at(1, hold, linearOutput{})},
		"void_after_refund":               {at(0, refund, linearOutput{}), at(1, linearInput{total: 1000, kind: connector.Void}, linearOutput{})},
		"read_that_forgets_a_refund":      {at(0, refund, linearOutput{}), at(1, linearInput{total: 1000}, linearOutput{captured: 1000})},
		"refusal_of_what_would_have_been": {at(0, refund, linearOutput{code: fault.RefundAmountExceeded})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if porcupine.CheckOperations(linearModel(), history) {
				t.Error("the model finds nothing wrong with it")
			}
		})
	}
}

// linearInput is a question about one payment; a kind of "" only reads it.
type linearInput struct {
	payment int
	hold    bool
	total   int64
	kind    connector.Kind
	amount  int64
}

// linearOutput is what was told: a refusal's code, or what was read.
type linearOutput struct {
	code               fault.Code
	replayed           bool
	captured, refunded int64
	refunding          int64
	voided, open       bool
}

// linearState is a payment that is asked one question after the other.
type linearState struct {
	captured, refunded int64
	voided             bool
	begun              bool
}

func linearModel() porcupine.Model {
	return porcupine.Model{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			parts := make(map[int][]porcupine.Operation)
			for _, o := range history {
				n := as[linearInput](o.Input).payment
				parts[n] = append(parts[n], o)
			}
			var all [][]porcupine.Operation
			for _, p := range parts {
				all = append(all, p)
			}
			return all
		},
		Init: func() any { return linearState{} },
		Step: func(state, input, output any) (bool, any) {
			s, in, out := as[linearState](state), as[linearInput](input), as[linearOutput](output)
			if !s.begun && !in.hold {
				s.captured = in.total
			}
			s.begun = true
			switch in.kind {
			case connector.Capture:
				return s.capture(in, out)
			case connector.Void:
				return s.void(out)
			case connector.Refund:
				return s.refund(in, out)
			case connector.Sale, connector.Authorize:
			}
			return s.shows(out), s
		},
		DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v -> %+v", in, out) },
	}
}

// as undoes what the checker's interface forgot.
func as[T any](v any) T {
	t, ok := v.(T)
	if !ok {
		panic(fmt.Sprintf("history holds a %T", v))
	}
	return t
}

func (s linearState) capture(in linearInput, out linearOutput) (bool, linearState) {
	free := in.hold && s.captured == 0 && !s.voided
	switch out.code {
	case "":
		if out.replayed {
			return s.captured == in.amount && !s.voided, s
		}
		s.captured = in.amount
		return free && in.amount <= in.total, s
	case fault.CaptureInProgress:
		return in.hold, s
	case fault.AlreadyCaptured:
		return s.captured > 0 && s.captured != in.amount && !s.voided, s
	case fault.CaptureAmountExceeded:
		return free && in.amount > in.total, s
	case fault.NotCapturable:
		return !in.hold || s.voided, s
	}
	return false, s
}

func (s linearState) void(out linearOutput) (bool, linearState) {
	free := !s.voided && s.refunded == 0
	switch out.code {
	case "":
		s.voided = true
		return free, s
	case fault.OperationInProgress:
		return true, s
	case fault.NotVoidable:
		return !free, s
	}
	return false, s
}

func (s linearState) refund(in linearInput, out linearOutput) (bool, linearState) {
	taken := s.captured > 0 && !s.voided
	left := s.captured - s.refunded
	switch out.code {
	case "":
		s.refunded += in.amount
		return taken && in.amount <= left, s
	case fault.OperationInProgress:
		return true, s
	case fault.RefundAmountExceeded:
		return taken && in.amount > left, s
	case fault.NotRefundable:
		return !taken || left == 0, s
	}
	return false, s
}

// shows reports whether somebody who reads may see this. What is in progress may
// or may not have happened already.
func (s linearState) shows(out linearOutput) bool {
	if out.refunded > s.refunded || s.refunded > out.refunded+out.refunding {
		return false
	}
	return out.open || (out.captured == s.captured && out.voided == s.voided)
}

// history asks and notes.
func (w *world) history(t *testing.T, seed uint64) []porcupine.Operation {
	t.Helper()
	const payments, callers, questions = 4, 12, 6
	subjects := make([]payment.Outcome, payments)
	for i := range subjects {
		if i%2 == 0 {
			subjects[i] = w.hold(t, goodCard)
			continue
		}
		subjects[i] = w.mustPay(t, w.order(t, goodCard))
	}
	var (
		mu   sync.Mutex
		all  []porcupine.Operation
		tick atomic.Int64
		wg   sync.WaitGroup
	)
	for caller := range callers {
		rng := rand.New(rand.NewPCG(seed, uint64(caller)))
		wg.Go(func() {
			for range questions {
				n := rng.IntN(payments)
				in := linearInput{payment: n, hold: n%2 == 0, total: 100_000, amount: 1 + rng.Int64N(60_000)}
				in.kind = [...]connector.Kind{connector.Capture, connector.Refund, connector.Refund, connector.Refund, connector.Void, ""}[rng.IntN(6)]
				if in.kind == connector.Void && rng.IntN(3) > 0 {
					in.kind = "" // a void ends everything: not too often
				}
				call := tick.Add(1)
				out := w.answer(t, subjects[n], in)
				o := porcupine.Operation{ClientId: caller, Input: in, Call: call, Output: out, Return: tick.Add(1)}
				mu.Lock()
				all = append(all, o)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return all
}

func (w *world) answer(t *testing.T, about payment.Outcome, in linearInput) linearOutput {
	t.Helper()
	var (
		o      payment.Outcome
		err    error
		amount = money.FromMinor(in.amount, money.TRY).Decimal()
	)
	switch in.kind {
	case connector.Capture:
		o, err = w.capture(t, about, amount)
	case connector.Void:
		o, err = w.void(t, about)
	case connector.Refund:
		o, err = w.refund(t, about, amount)
	default:
		p, err := w.Find(t.Context(), demoMerchant, about.Payment.UUID)
		if err != nil {
			t.Error(err)
		}
		return linearOutput{
			captured: p.Captured.Minor(), refunded: p.Refunded.Minor(), refunding: p.Refunding.Minor(),
			voided: p.State == payment.Voided, open: p.OpenAsk != 0,
		}
	}
	if err == nil && o.Operation.Status == payment.OperationDeclined {
		t.Errorf("the bank declined a %s that was admitted: %s", in.kind, o.Operation.BankMessage)
	}
	return linearOutput{code: refusalOf(err), replayed: o.Replayed}
}

// refusalOf is the code of an error, empty for none.
func refusalOf(err error) fault.Code {
	if err == nil {
		return ""
	}
	return fault.CodeOf(err)
}

// describe writes the history in order, and how far it can be explained.
func describe(h []porcupine.Operation, info porcupine.LinearizationInfo) string {
	var b strings.Builder
	for i, part := range info.PartialLinearizations() {
		fmt.Fprintf(&b, "part %d is explained up to %v\n", i, part)
	}
	for _, o := range h {
		fmt.Fprintf(&b, "%3d..%3d caller %2d %+v -> %+v\n", o.Call, o.Return, o.ClientId, o.Input, o.Output)
	}
	return b.String()
}
