package pos_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/pos"
)

// dirty is text as a bank in windows-1254 sends it, and what may be stored of it.
const (
	dirty   = "\xdd\xfelem\x00 onayland\xfd\r\n5421190122090656"
	cleaned = "\ufffd\ufffdlem onayland\ufffd ****************"
)

var longMemo = connector.Memo(make([]byte, connector.MaxMemo+1))

func TestAnswerIsHeldToTheContract(t *testing.T) {
	t.Parallel()
	says := connector.Answer{
		Outcome: connector.Declined, Reason: "OF_NOBODY", BankCode: "\x0099", BankMessage: dirty,
		TransactionID: " T\xff1 ", HostReference: "H\u202e1", AuthCode: strings.Repeat("9", 1000),
	}
	r, _ := registry(t, &fakeBank{authorize: func(context.Context) (connector.Answer, error) { return says, nil }}, nil)
	got, err := bankOf(t, r, fakePOS).Authorize(t.Context(), connector.Charge{})
	want := connector.Answer{
		Outcome: connector.Declined, Reason: connector.UnknownReason, BankCode: "99", BankMessage: cleaned,
		TransactionID: "T\ufffd1", HostReference: "H1", AuthCode: strings.Repeat("9", connector.MaxText),
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestMemo(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		memo connector.Memo
		want connector.Outcome
	}{
		"longest_is_kept":    {memo: longMemo[1:], want: connector.Approved},
		"too_long_is_unsure": {memo: longMemo, want: connector.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := registry(t, &fakeBank{authorize: func(context.Context) (connector.Answer, error) {
				return connector.Answer{Outcome: connector.Approved, Memo: tt.memo}, nil
			}}, nil)
			got, err := bankOf(t, r, fakePOS).Authorize(t.Context(), connector.Charge{})
			if got.Outcome != tt.want || (err == nil) != (tt.want == connector.Approved) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestFindingIsHeldToTheContract(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		says    connector.Finding
		err     error
		want    connector.Finding
		wantErr bool
	}{
		"unsent_is_unknown": {
			says: connector.Finding{Answer: connector.Answer{Outcome: connector.Unsent}}, wantErr: true,
		},
		"unsent_with_its_error_is_unknown": {
			says: connector.Finding{Answer: connector.Answer{Outcome: connector.Unsent}}, err: errNoAnswer, wantErr: true,
		},
		"missing_is_unknown_whatever_else_is_said": {
			says: connector.Finding{Missing: true, Reversed: true, Answer: connector.Answer{Outcome: connector.Approved}},
			want: connector.Finding{Missing: true},
		},
		"what_was_declined_was_not_reversed": {
			says: connector.Finding{Reversed: true, Answer: connector.Answer{Outcome: connector.Declined}},
			want: connector.Finding{Answer: connector.Answer{Outcome: connector.Declined}},
		},
		"text_is_clean": {
			says: connector.Finding{Answer: connector.Answer{Outcome: connector.Approved, BankMessage: dirty}},
			want: connector.Finding{Answer: connector.Answer{Outcome: connector.Approved, BankMessage: cleaned}},
		},
		"memo_that_is_too_long_is_unknown": {
			says: connector.Finding{Answer: connector.Answer{Outcome: connector.Approved, Memo: longMemo}}, wantErr: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var told []pos.Request
			r, _ := registry(t, &fakeBank{inquire: func(context.Context) (connector.Finding, error) { return tt.says, tt.err }},
				func(o *pos.Options) {
					o.OnRequest = func(r pos.Request) { told = append(told, r) }
					o.Environment.Clock = stillClock{}
				})
			got, err := bankOf(t, r, fakePOS).Inquire(t.Context(), connector.Inquiry{})
			if diff := cmp.Diff(tt.want, got); (err != nil) != tt.wantErr || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
			if len(told) != 1 || told[0].Outcome != tt.want.Outcome {
				t.Errorf("told %+v", told)
			}
		})
	}
}

// secureBank enrols and reads returns as its functions say.
type secureBank struct {
	*fakeBank
	enrolled connector.Enrolled
	read     func(ctx context.Context, f connector.ReturnForm, c connector.Charge, m connector.Memo) (connector.Authentication, error)
	rules    connector.Rules
}

func (s secureBank) Enrol(context.Context, connector.Enrolment) (connector.Enrolled, error) {
	return s.enrolled, nil
}

func (s secureBank) ReadReturn(
	ctx context.Context, f connector.ReturnForm, c connector.Charge, m connector.Memo,
) (connector.Authentication, error) {
	return s.read(ctx, f, c, m)
}

func (s secureBank) AuthorizeAuthenticated(
	ctx context.Context, _ connector.Charge, _ connector.Authentication,
) (connector.Answer, error) {
	return s.authorize(ctx)
}

func (s secureBank) Rules() connector.Rules { return s.rules }

func TestEnrol(t *testing.T) {
	t.Parallel()
	way := connector.Way{Address: "https://bank.example/3ds"}
	approved := connector.Answer{Outcome: connector.Approved, Reason: connector.Success, TransactionID: "T1", BankCode: "00", Memo: connector.Memo("m")}
	declined := connector.Answer{Outcome: connector.Declined, Reason: connector.ThreeDSInitError, BankCode: "05", BankMessage: "no"}
	for name, tt := range map[string]struct {
		says, want connector.Enrolled
		wantErr    bool
	}{
		"answer_is_kept_with_the_way": {says: connector.Enrolled{Answer: approved, Way: way}, want: connector.Enrolled{Answer: approved, Way: way}},
		"refusal_is_kept_and_no_way":  {says: connector.Enrolled{Answer: declined, Way: way}, want: connector.Enrolled{Answer: declined}},
		"approval_without_a_way":      {says: connector.Enrolled{Answer: approved}, wantErr: true},
		"way_that_is_a_script":        {says: connector.Enrolled{Answer: approved, Way: connector.Way{Address: "javascript:alert(1)"}}, wantErr: true},
		"memo_that_is_too_long": {
			says: connector.Enrolled{Answer: connector.Answer{Outcome: connector.Approved, Memo: longMemo}, Way: way}, wantErr: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := registry(t, secureBank{fakeBank: &fakeBank{}, enrolled: tt.says}, nil)
			got, err := bankOf(t, r, fakePOS).Enrol(t.Context(), connector.Enrolment{})
			if diff := cmp.Diff(tt.want, got); (err != nil) != tt.wantErr || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestReadReturn(t *testing.T) {
	t.Parallel()
	form := url.Values{"message": {"\xdd\xfelem onayland\xfd"}}
	says := func(a connector.Authentication) func(context.Context, connector.ReturnForm, connector.Charge, connector.Memo) (connector.Authentication, error) {
		return func(_ context.Context, f connector.ReturnForm, c connector.Charge, _ connector.Memo) (connector.Authentication, error) {
			a.Reference, a.Answer.BankMessage = c.Reference, f.Get("message")
			if f.Bytes.Get("message") != form.Get("message") {
				return connector.Authentication{}, connector.ErrForgedReturn
			}
			return a, nil
		}
	}
	bank := func(t *testing.T, s secureBank) *pos.Bank {
		t.Helper()
		s.fakeBank, s.rules.Charset = &fakeBank{}, connector.Windows1254
		r, _ := registry(t, s, nil)
		return bankOf(t, r, fakePOS)
	}
	charge, memo := connector.Charge{Reference: "R1"}, connector.Memo("of the enrolment")
	for name, tt := range map[string]struct {
		says, want connector.Authentication
		wantErr    bool
	}{
		"charset_of_the_bank_is_text_and_bytes": {
			want: connector.Authentication{Reference: "R1", Memo: memo, Answer: connector.Answer{BankMessage: "İşlem onaylandı"}},
		},
		"memo_of_the_return_stands_above_the_enrolments": {
			says: connector.Authentication{Memo: connector.Memo("of the return")},
			want: connector.Authentication{Reference: "R1", Memo: connector.Memo("of the return"), Answer: connector.Answer{BankMessage: "İşlem onaylandı"}},
		},
		"proof_is_clean": {
			says: connector.Authentication{Token: "a\x00\xff", XID: strings.Repeat("x", 9999), ECI: "\n05", CAVV: "c\u202e"},
			want: connector.Authentication{
				Reference: "R1", Memo: memo, Token: "a\ufffd", XID: strings.Repeat("x", connector.MaxProof), ECI: "05", CAVV: "c",
				Answer: connector.Answer{BankMessage: "İşlem onaylandı"},
			},
		},
		"memo_that_is_too_long_is_refused": {says: connector.Authentication{Memo: longMemo}, wantErr: true},
		"charge_of_the_bank_is_not_lost_for_its_memo": {
			says: connector.Authentication{Provisioned: true, Answer: connector.Answer{Outcome: connector.Approved, Memo: longMemo}},
			want: connector.Authentication{Reference: "R1", Memo: memo, Provisioned: true},
		},
		"charge_of_the_bank_is_never_unsent": {
			says: connector.Authentication{Provisioned: true, Answer: connector.Answer{Outcome: connector.Unsent}},
			want: connector.Authentication{Reference: "R1", Memo: memo, Provisioned: true, Answer: connector.Answer{BankMessage: "İşlem onaylandı"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := bank(t, secureBank{read: says(tt.says)}).ReadReturn(t.Context(), pos.Returned{Form: form}, charge, memo)
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(connector.Authentication{}.Amount)); (err != nil) != tt.wantErr || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
	t.Run("panic_is_an_error", func(t *testing.T) {
		t.Parallel()
		_, err := bank(t, secureBank{read: func(context.Context, connector.ReturnForm, connector.Charge, connector.Memo) (connector.Authentication, error) {
			panic("planted-value")
		}}).ReadReturn(t.Context(), pos.Returned{Form: form}, charge, memo)
		if err == nil || strings.Contains(err.Error(), "planted-value") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("bank_that_is_asked_is_bounded_by_the_time_out", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := bank(t, secureBank{read: func(ctx context.Context, _ connector.ReturnForm, _ connector.Charge, _ connector.Memo) (connector.Authentication, error) {
				<-ctx.Done()
				return connector.Authentication{}, errors.Join(connector.ErrUnconfirmedReturn, ctx.Err())
			}})
			began := time.Now()
			_, err := b.ReadReturn(t.Context(), pos.Returned{Form: form}, charge, memo)
			if !errors.Is(err, connector.ErrUnconfirmedReturn) || time.Since(began) != fakePOS.Timeout {
				t.Errorf("%v after %s", err, time.Since(began))
			}
		})
	})
	t.Run("caller_that_gave_up_leaves_the_return_unconfirmed", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := bank(t, secureBank{}).ReadReturn(ctx, pos.Returned{Form: form}, charge, memo)
		if !errors.Is(err, connector.ErrUnconfirmedReturn) {
			t.Errorf("error %v", err)
		}
	})
}
