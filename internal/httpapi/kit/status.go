package kit

import (
	"context"
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/vezne/vezne/internal/fault"
)

// Faults that the doors themselves find.
var (
	errNoPath      = fault.New(fault.NotFound, fault.NoSuchThing, "there is nothing at this path")
	errNoThing     = fault.New(fault.NotFound, fault.NoSuchThing, "there is no such thing")
	errWrongMethod = fault.New(fault.MethodNotAllowed, fault.WrongMethod, "this path does not take this method")
	errMediaType   = fault.New(fault.UnsupportedMedia, fault.UnsupportedMediaType, "the body must be application/json in UTF-8")
	errFormType    = fault.New(fault.UnsupportedMedia, fault.UnsupportedMediaType, "the body must be application/json or a form, in UTF-8")
)

// Status returns the HTTP status of a fault's kind; this is the only place that
// knows it.
func Status(kind fault.Kind) int {
	switch kind {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.MethodNotAllowed:
		return http.StatusMethodNotAllowed
	case fault.Conflict:
		return http.StatusConflict
	case fault.PreconditionFailed:
		return http.StatusPreconditionFailed
	case fault.PreconditionRequired:
		return http.StatusPreconditionRequired
	case fault.Gone:
		return http.StatusGone
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.UnsupportedMedia:
		return http.StatusUnsupportedMediaType
	case fault.Unprocessable:
		return http.StatusUnprocessableEntity
	case fault.RateLimited:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Internal:
		return http.StatusInternalServerError
	}
	return http.StatusInternalServerError
}

// public returns the fault that may be shown for err. Codes that domains use
// among themselves mean that somebody forgot to translate one, which is our
// mistake and not the caller's.
func public(err error) *fault.Error {
	f := fault.From(err)
	inside := []fault.Code{fault.StaleVersion, fault.OrderClaimed, fault.IdempotencyKeyTaken, fault.DuplicateKey}
	if slices.Contains(inside, f.Code) {
		return fault.Wrap(fault.Internal, fault.InternalError, "internal error", err)
	}
	if f.Code == fault.InternalError && errors.Is(err, context.DeadlineExceeded) {
		return fault.Wrap(fault.Unavailable, fault.ServiceUnavailable, "the request took too long", err)
	}
	return f
}

// StatusOf returns the status of the answer to err, and sets in its header when to
// ask again, where that is due: for pages, which write their answers themselves.
func StatusOf(h http.Header, err error) int {
	f := public(err)
	if wait := retryAfter(f); wait != "" {
		h.Set("Retry-After", wait)
	}
	return Status(f.Kind)
}

// shortWait is what a caller is told to wait when nobody knows better: what is away
// comes back within seconds, or not for long.
const shortWait = time.Second

// retryAfter returns the header's value, empty for none. A caller who must slow
// down, or has to come again, is always told for how long.
func retryAfter(f *fault.Error) string {
	wait := f.RetryAfter
	if wait <= 0 && (f.Kind == fault.RateLimited || f.Kind == fault.Unavailable) {
		wait = shortWait
	}
	if wait <= 0 {
		return ""
	}
	return strconv.Itoa(int(math.Ceil(wait.Seconds())))
}
