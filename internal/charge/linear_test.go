package charge_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
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
	sold, held := linearState{total: 1000, captured: 1000}, linearState{hold: true, total: 1000}
	at := func(n int64, begins linearState, q linearQuestion, amount int64, out linearOutput) porcupine.Operation {
		in := linearInput{begins: begins, question: q, amount: amount}
		return porcupine.Operation{ClientId: int(n), Input: in, Call: 2 * n, Output: out, Return: 2*n + 1}
	}
	refund := func(n int64) porcupine.Operation { return at(n, sold, askRefund, 600, linearOutput{}) }
	for name, history := range map[string][]porcupine.Operation{
		"refunds_over_the_whole":          {refund(0), refund(1)},
		"two_captures":                    {at(0, held, askCapture, 400, linearOutput{}), at(1, held, askCapture, 400, linearOutput{})},
		"void_after_refund":               {refund(0), at(1, sold, askVoid, 0, linearOutput{})},
		"read_that_forgets_a_refund":      {refund(0), at(1, sold, askRead, 0, linearOutput{captured: 1000})},
		"refusal_of_what_would_have_been": {at(0, sold, askRefund, 600, linearOutput{code: fault.RefundAmountExceeded})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if porcupine.CheckOperations(linearModel(), history) {
				t.Error("the model finds nothing wrong with it")
			}
		})
	}
}

// linearQuestion names an entry of linearKinds.
type linearQuestion string

// The questions.
const (
	askRead    linearQuestion = "read"
	askCapture linearQuestion = "capture"
	askVoid    linearQuestion = "void"
	askRefund  linearQuestion = "refund"
)

// linearKind is one thing that may be asked about a payment. A further operation
// is one more of them: how it is asked, and what may be told of it.
type linearKind struct {
	question linearQuestion
	weight   int // how often it is asked
	// command asks it; nil only reads the payment.
	command func(w *world, t *testing.T, about payment.Outcome, amount string) (payment.Outcome, error)
	// step reports whether the payment as it was allows the answer, and returns the
	// payment as it is then.
	step func(s linearState, in linearInput, out linearOutput) (bool, linearState)
}

func linearKinds() []linearKind {
	return []linearKind{
		{askCapture, 3, (*world).TryCapture, linearState.capture},
		{askRefund, 9, (*world).TryRefund, linearState.refund},
		{askVoid, 1, (*world).linearVoid, linearState.void},
		{askRead, 5, nil, linearState.read},
	}
}

// linearSubject is a payment of one method that is asked about. A further method
// is one more of them.
type linearSubject struct {
	begins linearState
	pay    func(w *world, t *testing.T) payment.Outcome
}

func linearSubjects() []linearSubject {
	const total = 100_000 // of the world's orders
	return []linearSubject{
		{linearState{hold: true, total: total}, (*world).linearHold},
		{linearState{total: total, captured: total}, (*world).linearSale},
		{linearState{total: total, captured: total}, (*world).linearSecure},
	}
}

func (w *world) linearHold(t *testing.T) payment.Outcome {
	t.Helper()
	return w.Hold(t, paymenttest.GoodCard)
}

func (w *world) linearSale(t *testing.T) payment.Outcome {
	t.Helper()
	return w.MustPay(t, w.Order(t, paymenttest.GoodCard))
}

func (w *world) linearSecure(t *testing.T) payment.Outcome {
	t.Helper()
	e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
	return w.MustComplete(t, e, r.SecurityKey)
}

// linearInput is a question about one payment.
type linearInput struct {
	payment  int
	begins   linearState
	question linearQuestion
	amount   int64
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
	hold                      bool
	total, captured, refunded int64
	voided                    bool
}

func linearModel() porcupine.Model {
	steps := make(map[linearQuestion]func(linearState, linearInput, linearOutput) (bool, linearState))
	for _, k := range linearKinds() {
		steps[k.question] = k.step
	}
	return porcupine.Model{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			parts := make(map[int][]porcupine.Operation)
			for _, o := range history {
				n := as[linearInput](o.Input).payment
				parts[n] = append(parts[n], o)
			}
			return slices.Collect(maps.Values(parts))
		},
		Init: func() any { return linearState{} },
		Step: func(state, input, output any) (bool, any) {
			s, in := as[linearState](state), as[linearInput](input)
			if s == (linearState{}) {
				s = in.begins
			}
			return steps[in.question](s, in, as[linearOutput](output))
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
	free := s.hold && s.captured == 0 && !s.voided
	switch out.code {
	case "":
		if out.replayed {
			return s.captured == in.amount && !s.voided, s
		}
		s.captured = in.amount
		return free && in.amount <= s.total, s
	case fault.CaptureInProgress:
		return s.hold, s
	case fault.AlreadyCaptured:
		return s.captured > 0 && s.captured != in.amount && !s.voided, s
	case fault.CaptureAmountExceeded:
		return free && in.amount > s.total, s
	case fault.NotCapturable:
		return !s.hold || s.voided, s
	}
	return false, s
}

func (s linearState) void(_ linearInput, out linearOutput) (bool, linearState) {
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

// read reports whether somebody who reads may see this. What is in progress may
// or may not have happened already.
func (s linearState) read(_ linearInput, out linearOutput) (bool, linearState) {
	if out.refunded > s.refunded || s.refunded > out.refunded+out.refunding {
		return false, s
	}
	return out.open || (out.captured == s.captured && out.voided == s.voided), s
}

// history asks and notes.
func (w *world) history(t *testing.T, seed uint64) []porcupine.Operation {
	t.Helper()
	const payments, callers, questions = 6, 12, 8
	methods := linearSubjects()
	subjects := make([]payment.Outcome, payments)
	for i := range subjects {
		subjects[i] = methods[i%len(methods)].pay(w, t)
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
				n, kind := rng.IntN(payments), drawKind(rng)
				in := linearInput{payment: n, begins: methods[n%len(methods)].begins, question: kind.question, amount: 1 + rng.Int64N(60_000)}
				call := tick.Add(1)
				out := kind.ask(t, w, subjects[n], money.FromMinor(in.amount, money.TRY))
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

// drawKind draws by weight.
func drawKind(rng *rand.Rand) linearKind {
	var all []linearKind
	for _, k := range linearKinds() {
		all = append(all, slices.Repeat([]linearKind{k}, k.weight)...)
	}
	return all[rng.IntN(len(all))]
}

// ask asks and notes what was told.
func (k linearKind) ask(t *testing.T, w *world, about payment.Outcome, amount money.Amount) linearOutput {
	t.Helper()
	if k.command == nil {
		return w.linearRead(t, about)
	}
	o, err := k.command(w, t, about, amount.Decimal())
	if err == nil && o.Operation.Status == payment.OperationDeclined {
		t.Errorf("the bank declined a %s that was admitted: %s", k.question, o.Operation.BankMessage)
	}
	return linearOutput{code: paymenttest.RefusalOf(err), replayed: o.Replayed}
}

func (w *world) linearVoid(t *testing.T, about payment.Outcome, _ string) (payment.Outcome, error) {
	t.Helper()
	return w.TryVoid(t, about)
}

func (w *world) linearRead(t *testing.T, about payment.Outcome) linearOutput {
	t.Helper()
	p, err := w.Find(t.Context(), paymenttest.DemoMerchant, about.Payment.UUID)
	if err != nil {
		t.Error(err)
	}
	return linearOutput{
		captured: p.Captured.Minor(), refunded: p.Refunded.Minor(), refunding: p.Refunding.Minor(),
		voided: p.State == payment.Voided, open: p.OpenAsk != 0,
	}
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
