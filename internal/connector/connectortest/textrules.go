package connectortest

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/vezne/vezne/internal/connector"
)

// approvedWords are what simulators say in letters that differ from charset to charset.
const approvedWords = "İşlem onaylandı"

// textRules are about bytes that are no UTF-8.
func (s suite) textRules() map[string]func(*testing.T) {
	rules := map[string]func(*testing.T){"answer_in_the_banks_charset_is_text": s.answerText}
	if s.cases.ThreeDS == nil {
		return rules
	}
	for model, settings := range s.models() {
		m := s.with(settings)
		rules[model+"_return_in_windows_1254_is_text"] = m.returnText
		rules[model+"_return_of_odd_bytes_is_forged"] = m.oddReturn
	}
	return rules
}

// answerText holds that an approval in the bank's charset is one, and that its words
// are those which the bank meant once they are clean.
func (s suite) answerText(t *testing.T) {
	b := s.start(t)
	b.fault("windows_1254", 0)
	a, err := b.charge(t.Context(), connector.Sale, b.reference(), 10050)
	b.wantOutcome(a, err, connector.Approved)
	got := a.Clean().BankMessage
	if c := s.cases.Bank.Charset; c != "" && c != connector.UTF8 && got != approvedWords {
		t.Errorf("the bank's words are %q, want %q", got, approvedWords)
	}
	if !utf8.ValidString(got) {
		t.Errorf("the bank's words are no text: %q", got)
	}
}

// returnText walks through pages in windows-1254, whose return a browser posts as
// bytes of that charset.
func (s suite) returnText(t *testing.T) {
	b := s.start(t)
	b.fault("windows_1254", 0)
	ref := b.reference()
	back := b.comeBack(ref, s.cases.Approved, s.cases.ThreeDS.Right)
	b.noFaults()
	a := b.read(ref, back).Clean()
	if a.MDStatus != 1 {
		t.Fatalf("mdStatus = %d", a.MDStatus)
	}
	if a.Provisioned && a.Answer.BankMessage != approvedWords {
		t.Errorf("the bank's words are %q, want %q", a.Answer.BankMessage, approvedWords)
	}
	b.wantOutcome(b.charged(ref, a), nil, connector.Approved)
	if a.Provisioned && utf8.ValidString(strings.Join(flat(back.Fields), "")) {
		t.Error("the bank's page posted UTF-8")
	}
}

func flat(v url.Values) []string {
	var all []string
	for _, values := range v {
		all = append(all, values...)
	}
	return all
}

// oddReturn puts bytes that are no text into every field.
func (s suite) oddReturn(t *testing.T) {
	b := s.start(t)
	ref := b.reference()
	good := b.comeBack(ref, s.cases.Approved, s.cases.ThreeDS.Right).Fields
	for name := range good {
		if slices.Contains(s.cases.ThreeDS.Uncovered, name) {
			continue
		}
		odd := url.Values{}
		for n, v := range good {
			odd[n] = slices.Clone(v)
		}
		odd.Set(name, good.Get(name)+"\xdd\xff\x00")
		if a, err := b.readReturn(ref, odd); !errors.Is(err, connector.ErrForgedReturn) {
			t.Errorf("%s: %+v, %v, want a forged return", name, a, err)
		}
	}
}
