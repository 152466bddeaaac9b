package trace_test

import (
	"context"
	"errors"
	"testing"

	"github.com/vezne/vezne/internal/trace"
)

// step does what a step of a payment does.
func step(ctx context.Context) {
	ctx, span := trace.Start(ctx, trace.StepBank)
	span.Set(trace.Merchant(7))
	span.Set(trace.Outcome("approved"))
	span.Fail(nil)
	span.End()
	_ = ctx
}

// TestStart_without_a_tracer_costs_no_memory is why the domain may have a span
// for every step.
func TestStart_without_a_tracer_costs_no_memory(t *testing.T) { //nolint:paralleltest // counts the allocations of the whole process
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if n := testing.AllocsPerRun(1000, func() { step(ctx) }); n != 0 {
		t.Errorf("%.0f allocations for a step that nobody records", n)
	}
}

// recorder remembers what it was told.
type recorder struct {
	steps  []trace.Step
	said   map[trace.Key]int
	failed int
	ended  int
}

func (r *recorder) Start(ctx context.Context, s trace.Step) (context.Context, trace.Recorder) {
	r.steps = append(r.steps, s)
	return ctx, r
}
func (r *recorder) Set(a trace.Attribute) { r.said[a.Key()]++ }
func (r *recorder) Fail()                 { r.failed++ }
func (r *recorder) End()                  { r.ended++ }

func TestStart(t *testing.T) {
	t.Parallel()
	r := &recorder{said: map[trace.Key]int{}}
	ctx, span := trace.Start(trace.With(t.Context(), r), trace.StepBank)
	span.Set(trace.Connector("sandbox"))
	span.Fail(nil)
	span.Fail(errors.New("torn"))
	_, inner := trace.Start(ctx, trace.StepInquiry)
	inner.End()
	span.End()
	if len(r.steps) != 2 || r.steps[0] != trace.StepBank || r.said[trace.KeyConnector] != 1 || r.failed != 1 ||
		r.ended != 2 || !span.On() {
		t.Errorf("recorded %+v", r)
	}
}

// BenchmarkStart is the price of a step that nobody records.
func BenchmarkStart(b *testing.B) {
	ctx := b.Context()
	for range 8 { // as deep as a payment's context is
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
	}
	b.ReportAllocs()
	for b.Loop() {
		step(ctx)
	}
}
