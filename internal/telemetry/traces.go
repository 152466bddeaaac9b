package telemetry

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/vezne/vezne/internal/trace"
)

// flushLimit is how long the end of the process waits for a collector: what is
// promised for stopping is 30 seconds, of which requests may take 25.
const flushLimit = 3 * time.Second

// TraceOptions say where spans go.
type TraceOptions struct {
	// URL is where a collector takes OTLP over HTTP in protobuf.
	URL string
	// OneIn is how many requests there are for one that is recorded, at least 1.
	OneIn   int
	Version string
	// Node tells the processes of an installation apart.
	Node string
	Log  *slog.Logger
}

// Traces records spans and sends them to a collector, in the background and
// dropping what a slow collector does not take. It implements trace.Tracer.
//
// It takes the traceparent header of whoever calls us, so that a merchant's trace
// goes on here, but decides itself what is recorded. It sends the header to
// nobody: a bank or a shop has no use for our ids.
type Traces struct {
	provider *sdktrace.TracerProvider
	tracer   oteltrace.Tracer
	incoming propagation.TraceContext
}

var _ trace.Tracer = (*Traces)(nil)

// NewTraces returns Traces that must be closed. It does not call the collector
// yet.
func NewTraces(ctx context.Context, o TraceOptions) (*Traces, error) {
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(o.URL))
	if err != nil {
		return nil, fmt.Errorf("export traces: %w", err)
	}
	chosen := sample{seed: maphash.MakeSeed(), oneIn: uint64(max(o.OneIn, 1))}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(reporting{exporter, o.Log}),
		sdktrace.WithSampler(sdktrace.ParentBased(chosen,
			sdktrace.WithRemoteParentSampled(chosen), sdktrace.WithRemoteParentNotSampled(chosen))),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "vezne"), attribute.String("service.version", o.Version),
			attribute.String("service.instance.id", o.Node))),
	)
	return &Traces{provider: provider, tracer: provider.Tracer("github.com/vezne/vezne")}, nil
}

// Close sends what is left and stops.
func (t *Traces) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), flushLimit)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("close traces: %w", err)
	}
	return nil
}

// Start implements trace.Tracer.
func (t *Traces) Start(ctx context.Context, s trace.Step) (context.Context, trace.Recorder) {
	kind := oteltrace.SpanKindInternal
	switch s {
	case trace.StepRequest:
		kind = oteltrace.SpanKindServer
	case trace.StepBank, trace.StepInquiry, trace.StepDeliver:
		kind = oteltrace.SpanKindClient
	case trace.StepPrepare, trace.StepBegin, trace.StepFailOver, trace.StepConclude, trace.StepResolve, trace.StepJob:
	}
	ctx, span := t.tracer.Start(ctx, string(s), oteltrace.WithSpanKind(kind))
	return ctx, recorder{span}
}

// recorder is a span of OpenTelemetry.
type recorder struct{ span oteltrace.Span }

// Set implements trace.Recorder.
func (r recorder) Set(a trace.Attribute) {
	key := attribute.Key(a.Key())
	if text, ok := a.Text(); ok {
		r.span.SetAttributes(key.String(text))
		return
	}
	r.span.SetAttributes(key.Int64(a.Number()))
}

// Fail implements trace.Recorder. The description stays empty on purpose.
func (r recorder) Fail() { r.span.SetStatus(codes.Error, "") }

// End implements trace.Recorder.
func (r recorder) End() { r.span.End() }

// sample draws by a keyed hash of the trace's id. Callers choose the ids of their
// traces, so a rule that they know would let them have everything recorded, and
// a flag of theirs is not believed for the same reason.
type sample struct {
	seed  maphash.Seed
	oneIn uint64
}

// ShouldSample implements sdktrace.Sampler.
func (s sample) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	result := sdktrace.SamplingResult{
		Decision: sdktrace.Drop, Tracestate: oteltrace.SpanContextFromContext(p.ParentContext).TraceState(),
	}
	if maphash.Bytes(s.seed, p.TraceID[:])%s.oneIn == 0 {
		result.Decision = sdktrace.RecordAndSample
	}
	return result
}

// Description implements sdktrace.Sampler.
func (sample) Description() string { return "vezne.sample" }

// reporting has our log tell what the collector did not take, instead of the
// standard one.
type reporting struct {
	sdktrace.SpanExporter
	log *slog.Logger
}

// ExportSpans implements sdktrace.SpanExporter.
func (r reporting) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if err := r.SpanExporter.ExportSpans(ctx, spans); err != nil {
		r.log.LogAttrs(ctx, slog.LevelWarn, "export traces", slog.Int("spans", len(spans)), slog.Any("error", err))
	}
	return nil
}
