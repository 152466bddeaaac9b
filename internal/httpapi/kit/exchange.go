package kit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
)

// statusClientGone is logged, and sent to nobody, when a caller who only wanted
// to read has hung up.
const statusClientGone = 499

// exchange is one request and what is said about it in the log. Nothing of a
// query, a body or a header value ever goes there.
type exchange struct {
	kit      *Kit
	w        *countingWriter
	r        *http.Request
	id       string
	surface  string
	route    string
	allow    string
	merchant id.Merchant
	began    time.Duration
}

func (k *Kit) begin(w http.ResponseWriter, r *http.Request, surface string) *exchange {
	x := &exchange{
		kit: k, w: &countingWriter{ResponseWriter: w}, r: r,
		id: id.NewUUID().String(), surface: surface, route: "unmatched", began: k.clock.Elapsed(),
	}
	h := w.Header()
	h.Set("X-Request-Id", x.id)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	return x
}

// run answers by work, or by form when work fails or panics, and logs one line.
func (x *exchange) run(ctx context.Context, work func() (Response, error), form func(*fault.Error) Response) {
	answer, err := x.guard(work)
	if err == nil {
		err = answer.write(x.w)
	}
	if err == nil {
		x.log(ctx, nil, nil)
		return
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		x.w.status = statusClientGone
		x.log(ctx, fault.From(err), nil)
		return
	}
	f := public(err)
	answer = form(f)
	if answer.Status == 0 {
		answer.Status = Status(f.Kind)
	}
	if x.allow != "" && f.Kind == fault.MethodNotAllowed {
		answer.setHeader("Allow", x.allow)
	}
	if wait := retryAfter(f); wait != "" {
		answer.setHeader("Retry-After", wait)
	}
	x.log(ctx, f, answer.write(x.w))
}

// guard turns a panic into an internal fault. The panic's own text may hold
// anything, so only that of the runtime is kept, with the stack.
func (x *exchange) guard(work func() (Response, error)) (answer Response, err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if p == http.ErrAbortHandler { //nolint:errorlint // the server compares the panic value itself
			panic(p)
		}
		text := fmt.Sprintf("%T", p)
		if e, ok := p.(runtime.Error); ok {
			text = e.Error()
		}
		err = fault.Wrap(fault.Internal, fault.InternalError, "internal error",
			fmt.Errorf("panic: %s\n%s", text, debug.Stack()))
	}()
	return work()
}

func (x *exchange) log(ctx context.Context, f *fault.Error, writing error) {
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("surface", x.surface),
		slog.String("method", knownMethod(x.r.Method)),
		slog.String("route", x.route),
		slog.Int("status", x.w.status),
		slog.Duration("duration", x.kit.clock.Elapsed()-x.began),
		slog.Int("bytes", x.w.bytes),
		slog.String("request_id", x.id),
	}
	if x.merchant != 0 {
		attrs = append(attrs, slog.Int64("merchant_id", int64(x.merchant)))
	}
	if theirs := callerID(x.r); theirs != "" {
		attrs = append(attrs, slog.String("caller_request_id", theirs))
	}
	if f != nil {
		attrs = append(attrs, slog.String("code", string(f.Code)))
		if x.w.status >= http.StatusInternalServerError {
			level = slog.LevelError
			attrs = append(attrs, slog.String("error", f.Error()))
		}
	}
	if writing != nil {
		level = slog.LevelError
		attrs = append(attrs, slog.String("writing", writing.Error()))
	}
	x.kit.log.LogAttrs(ctx, level, "request", attrs...)
}

// callerID returns the caller's own X-Request-Id if it is a UUID. Anything else
// could be a card number that somebody put in the wrong header.
func callerID(r *http.Request) string {
	u, err := id.ParseUUID(r.Header.Get("X-Request-Id"))
	if err != nil {
		return ""
	}
	return u.String()
}

// knownMethod keeps callers from writing words of their own into the log.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return m
	}
	return "other"
}

// countingWriter remembers what was sent.
type countingWriter struct {
	http.ResponseWriter
	status int
	bytes  int
}

// WriteHeader remembers the status.
func (w *countingWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (w *countingWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += n
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
