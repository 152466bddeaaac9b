package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/fault"
)

func TestError(t *testing.T) {
	t.Parallel()
	cause := io.ErrUnexpectedEOF
	e := fault.Wrap(fault.Conflict, fault.StaleVersion, "changed meanwhile", cause)
	wrapped := fmt.Errorf("capture 7: %w", e)
	t.Run("is_found_by_its_code_whatever_else_differs", func(t *testing.T) {
		t.Parallel()
		if !errors.Is(wrapped, fault.New(fault.Invalid, fault.StaleVersion, "")) {
			t.Error("not found")
		}
		if errors.Is(wrapped, fault.New(fault.Conflict, fault.OrderClaimed, "changed meanwhile")) {
			t.Error("found by another code")
		}
	})
	t.Run("keeps_its_cause", func(t *testing.T) {
		t.Parallel()
		if !errors.Is(wrapped, cause) {
			t.Error("the cause is lost")
		}
	})
	t.Run("tells_logs_everything", func(t *testing.T) {
		t.Parallel()
		if got, want := wrapped.Error(), "capture 7: STALE_VERSION: changed meanwhile: unexpected EOF"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got, want := fault.New(fault.Internal, fault.InternalError, "").Error(), "INTERNAL_ERROR"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	})
	t.Run("is_found_in_a_chain", func(t *testing.T) {
		t.Parallel()
		if got := fault.From(wrapped); got != e {
			t.Errorf("found %v", got)
		}
		if fault.KindOf(wrapped) != fault.Conflict || fault.CodeOf(wrapped) != fault.StaleVersion {
			t.Errorf("kind %d, code %s", fault.KindOf(wrapped), fault.CodeOf(wrapped))
		}
	})
	t.Run("outermost_of_two_counts", func(t *testing.T) {
		t.Parallel()
		outer := fault.Wrap(fault.Unavailable, fault.ServiceUnavailable, "later", wrapped)
		if fault.CodeOf(outer) != fault.ServiceUnavailable {
			t.Errorf("code %s", fault.CodeOf(outer))
		}
	})
}

func TestUnclassifiedIsInternal(t *testing.T) {
	t.Parallel()
	plain := errors.New("disk on fire at sector 7")
	f := fault.From(plain)
	if f.Kind != fault.Internal || f.Code != fault.InternalError || f.Message != "internal error" || !errors.Is(f, plain) {
		t.Errorf("%+v", f)
	}
	var zero fault.Error
	if zero.Kind != fault.Internal {
		t.Error("the zero kind is not internal")
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	fields := []fault.Field{
		{Name: "amount", Code: fault.FieldOutOfRange, Message: "must be greater than zero"},
		{Name: "pan", Code: fault.FieldRequired, Message: "is required"},
	}
	e := fault.Validation(fields...)
	if e.Kind != fault.Invalid || e.Code != fault.ValidationError || e.Message != "amount: must be greater than zero" {
		t.Errorf("%+v", e)
	}
	if diff := cmp.Diff(fields, e.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestCopies(t *testing.T) {
	t.Parallel()
	e := fault.New(fault.Conflict, fault.OrderInProgress, "running")
	about, later := e.WithSubject("0190163d"), e.WithRetryAfter(time.Second)
	if e.Subject != "" || e.RetryAfter != 0 {
		t.Error("the original changed")
	}
	if about.Subject != "0190163d" || later.RetryAfter != time.Second || about.Code != e.Code || later.Code != e.Code {
		t.Errorf("%+v, %+v", about, later)
	}
}

// TestCodes holds that no code is documented as a kind that doors show as our
// mistake, except the one that is.
func TestCodes(t *testing.T) {
	t.Parallel()
	for _, e := range fault.Codes() {
		if (e.Kind == fault.Internal) != (e.Code == fault.InternalError) {
			t.Errorf("%s is of kind %d", e.Code, e.Kind)
		}
	}
}
