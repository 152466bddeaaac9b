// Package trace marks the steps of a payment, for whoever records them. The
// domain knows no more than this: what a step is called and what may be said of
// it. Steps and attributes are closed sets, and there is no way to say anything
// else, so that no trace can hold a card number, a name or an address.
//
// A context without a Tracer costs a look-up for each step and no memory.
package trace

import "context"

// Step names a span.
type Step string

// The steps.
const (
	// StepRequest is a request that the server answers.
	StepRequest Step = "request"
	// StepPrepare prices and routes a payment.
	StepPrepare Step = "payment.prepare"
	// StepBegin is the commit before a bank hears of an operation.
	StepBegin Step = "payment.begin"
	// StepBank is a request to a bank, StepInquiry the question what became of one.
	StepBank    Step = "bank.request"
	StepInquiry Step = "bank.inquiry"
	// StepFailOver is the commit between two banks.
	StepFailOver Step = "payment.fail_over"
	// StepConclude is the commit of an outcome.
	StepConclude Step = "payment.conclude"
	// StepResolve is one round of the resolver about one operation.
	StepResolve Step = "payment.resolve"
	// StepJob is a run of a job, StepDeliver an attempt to deliver an event.
	StepJob     Step = "job.run"
	StepDeliver Step = "webhook.deliver"
)

// Steps returns every step.
func Steps() []Step {
	return []Step{
		StepRequest, StepPrepare, StepBegin, StepBank, StepInquiry, StepFailOver, StepConclude, StepResolve, StepJob,
		StepDeliver,
	}
}

// Tracer begins spans. It is safe for concurrent use.
type Tracer interface {
	// Start begins a span inside that of ctx, and returns the context of what
	// happens in it.
	Start(ctx context.Context, s Step) (context.Context, Recorder)
}

// Recorder is a span that is recorded. One goroutine uses it.
type Recorder interface {
	Set(a Attribute)
	// Fail marks the span as failed.
	Fail()
	End()
}

// key finds the Tracer in a context.
type key struct{}

// With returns a context whose steps t records.
func With(ctx context.Context, t Tracer) context.Context { return context.WithValue(ctx, key{}, t) }

// Start begins a step. The caller ends the Span.
func Start(ctx context.Context, s Step) (context.Context, Span) {
	t, ok := ctx.Value(key{}).(Tracer)
	if !ok {
		return ctx, Span{}
	}
	ctx, r := t.Start(ctx, s)
	return ctx, Span{recorder: r}
}

// Span is a step that is being recorded, or, as the zero value, is not.
type Span struct{ recorder Recorder }

// On reports whether the span is recorded: whether an attribute that is costly to
// make is worth making.
func (s Span) On() bool { return s.recorder != nil }

// Set says something of the step.
func (s Span) Set(a Attribute) {
	if s.recorder != nil {
		s.recorder.Set(a)
	}
}

// Fail marks the step as failed if there is an error, whose text is not recorded:
// it may quote what a bank or a caller said.
func (s Span) Fail(err error) {
	if s.recorder != nil && err != nil {
		s.recorder.Fail()
	}
}

// End ends the step.
func (s Span) End() {
	if s.recorder != nil {
		s.recorder.End()
	}
}
