// Package fault defines the one error that crosses package borders: what kind
// of trouble it is, a stable code for programs, a message that is safe to show
// to strangers, and the cause that stays inside.
package fault

import (
	"errors"
	"time"
)

// Kind says what a caller may do about an Error. Doors map it to a status.
type Kind uint8

// The kinds of trouble.
const (
	// Internal is a mistake or breakdown on our side; it is the zero value so
	// that an error nobody classified is never shown as the caller's.
	Internal Kind = iota
	// Invalid is input that can never be accepted as it stands.
	Invalid
	// Unauthenticated is a caller who did not prove who they are.
	Unauthenticated
	// Forbidden is a known caller without the right.
	Forbidden
	// NotFound is a thing that does not exist for this caller.
	NotFound
	// MethodNotAllowed is a known path called with another method.
	MethodNotAllowed
	// Conflict is a thing in a state that does not allow the request.
	Conflict
	// PreconditionFailed is an edit of a version that is no longer the newest.
	PreconditionFailed
	// PreconditionRequired is an edit that does not say which version it is of.
	PreconditionRequired
	// Gone is a thing that existed and has ended.
	Gone
	// TooLarge is input over a size limit.
	TooLarge
	// UnsupportedMedia is a body of another media type.
	UnsupportedMedia
	// Unprocessable is a well-formed request that contradicts an earlier one.
	Unprocessable
	// RateLimited is a caller who must wait.
	RateLimited
	// Unavailable is a breakdown that is expected to pass.
	Unavailable
)

// Field is one wrong input field.
type Field struct {
	Name    string
	Code    FieldCode
	Message string
}

// FieldCode says what is wrong with a field.
type FieldCode string

// What can be wrong with a field.
const (
	FieldRequired   FieldCode = "REQUIRED"
	FieldInvalid    FieldCode = "INVALID"
	FieldOutOfRange FieldCode = "OUT_OF_RANGE"
	FieldTooLong    FieldCode = "TOO_LONG"
)

// Error is the error that a caller may act on. Message never holds card data,
// secrets, bank payloads or causes; Err is for our logs alone.
type Error struct {
	Kind    Kind
	Code    Code
	Message string
	// Fields lists every wrong field of an Invalid error, by its wire name.
	Fields []Field
	// Subject is the public id of the payment that the error is about, if any.
	Subject string
	// RetryAfter is how long to wait before asking again; zero means unknown.
	RetryAfter time.Duration
	Err        error
}

// New returns an Error of the kind with a code and a public message.
func New(kind Kind, code Code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Wrap is New with a cause that is never shown.
func Wrap(kind Kind, code Code, message string, cause error) *Error {
	return &Error{Kind: kind, Code: code, Message: message, Err: cause}
}

// Validation returns the Invalid error for wrong fields. It needs at least one.
func Validation(fields ...Field) *Error {
	first := fields[0]
	return &Error{
		Kind:    Invalid,
		Code:    ValidationError,
		Message: first.Name + ": " + first.Message,
		Fields:  fields,
	}
}

// WithSubject returns a copy of the error that names the payment it is about.
func (e *Error) WithSubject(publicID string) *Error {
	c := *e
	c.Subject = publicID
	return &c
}

// WithRetryAfter returns a copy of the error that tells when to ask again.
func (e *Error) WithRetryAfter(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// Error returns code, message and cause; it is meant for logs, not for callers.
func (e *Error) Error() string {
	s := string(e.Code)
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an *Error with the same code, so that
// errors.Is works with the values that New returns.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// From returns the first *Error in err's chain, or an Internal one around it.
func From(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Wrap(Internal, InternalError, "internal error", err)
}

// KindOf returns the kind of err: that of the first *Error in its chain,
// Internal when there is none.
func KindOf(err error) Kind { return From(err).Kind }

// CodeOf returns the code of err: that of the first *Error in its chain,
// InternalError when there is none.
func CodeOf(err error) Code { return From(err).Code }
