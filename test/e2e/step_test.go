// Package e2e proves from outside what is promised to whoever calls a server:
// whole servers, real databases, the bank over HTTP, and nothing read but
// answers, files and the bank's own ledger.
package e2e_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/test/servertest"
)

// Cards of the sandbox bank, all public and worth nothing.
const (
	axessCard   = "5421190122090656"
	bonusCard   = "5209222154820003"
	worldCard   = "5258640000000001"
	foreignCard = "5555555555554444"
	brokeCard   = "5100050000006661" // declined: NOT_SUFFICIENT_FUNDS
)

// step is one request and what must come back. In send, body, want and header,
// {name} stands for the paymentId that an earlier step kept under that name, and
// {order} for an order number of the scenario's own.
type step struct {
	send   string // "POST /api/payment"
	body   string
	header map[string]string
	as     servertest.Credential // nil: the demo's first merchant
	status int
	// want is a JSON object whose members the answer must have, written the same
	// to the last digit; "*" is any text.
	want string
	// fields are the wrong fields that a refusal must name, as "amount:INVALID".
	fields string
	// replayed is whether the answer must say that it was given before.
	replayed bool
	keep     string
}

// scenario is a story of steps, told in order.
type scenario []step

// run tells the story, and then proves the books of every payment in it. It
// returns the payments that were kept, by name.
func (sc scenario) run(t *testing.T, s *servertest.Server) map[string]string {
	t.Helper()
	kept := map[string]string{"order": t.Name()}
	for i, st := range sc {
		if !st.run(t, s, kept) {
			t.Fatalf("step %d (%s) failed", i+1, st.send)
		}
	}
	delete(kept, "order")
	for _, id := range kept {
		s.CheckBooks(t, servertest.Admin(), id)
	}
	return kept
}

func (st step) run(t *testing.T, s *servertest.Server, kept map[string]string) bool {
	t.Helper()
	fill := func(text string) string {
		for name, value := range kept {
			text = strings.ReplaceAll(text, "{"+name+"}", value)
		}
		return text
	}
	method, path, ok := strings.Cut(fill(st.send), " ")
	if !ok {
		t.Fatalf("%q is no method and path", st.send)
	}
	if st.as == nil {
		st.as = servertest.Merchant()
	}
	header := make(map[string]string, len(st.header))
	for name, value := range st.header {
		header[name] = fill(value)
	}
	a, ok := s.Send(t, servertest.Request{Method: method, Path: path, Body: fill(st.body), As: st.as, Header: header})
	if !ok {
		return false
	}
	if st.keep != "" {
		kept[st.keep] = a.Text("paymentId")
	}
	return st.check(t, a, fill(st.want))
}

func (st step) check(t *testing.T, a servertest.Answer, want string) bool {
	t.Helper()
	right := true
	if a.Status != st.status {
		t.Errorf("%s: status %d, want %d: %s", st.send, a.Status, st.status, a.Body)
		right = false
	}
	if got := a.Header.Get("Idempotent-Replayed"); (got == "true") != st.replayed || (got != "" && got != "true") {
		t.Errorf("%s: Idempotent-Replayed is %q", st.send, got)
		right = false
	}
	if diff := differences(t, want, a); diff != "" {
		t.Errorf("%s: answer (-want +got):\n%s%s", st.send, diff, a.Body)
		right = false
	}
	if got := wrongFields(t, a); st.fields != "" && got != st.fields {
		t.Errorf("%s: wrong fields are %q, want %q", st.send, got, st.fields)
		right = false
	}
	return right
}

// differences tells where the answer is not what is wanted of it.
func differences(t *testing.T, want string, a servertest.Answer) string {
	t.Helper()
	if want == "" {
		return ""
	}
	var members map[string]jsontext.Value
	if err := json.Unmarshal([]byte(want), &members); err != nil {
		t.Fatalf("%s: %v", want, err)
	}
	wanted, got := map[string]string{}, map[string]string{}
	for name, v := range members {
		wanted[name], got[name] = string(v), string(a.Members[name])
		if wanted[name] == `"*"` && a.Text(name) != "" {
			wanted[name] = got[name]
		}
	}
	return cmp.Diff(wanted, got)
}

// wrongFields returns the fields that a refusal names, in its order.
func wrongFields(t *testing.T, a servertest.Answer) string {
	t.Helper()
	var fields []struct {
		Field string `json:"field"`
		Code  string `json:"code"`
	}
	v, ok := a.Members["errors"]
	if !ok {
		return ""
	}
	if err := json.Unmarshal(v, &fields); err != nil {
		t.Errorf("errors: %v", err)
	}
	var all []string
	for _, f := range fields {
		all = append(all, f.Field+":"+f.Code)
	}
	return strings.Join(all, " ")
}

// charge returns the body of a payment, with members changed: name, raw JSON,
// name, raw JSON and so on. An empty value leaves the member out.
func charge(changes ...string) string {
	members := [][2]string{
		{"orderId", `"{order}"`},
		{"amount", "100.50"},
		{"currency", `"TRY"`},
		{"cardHolderName", `"John Doe"`},
		{"pan", `"` + axessCard + `"`},
		{"expiryMonth", `"04"`},
		{"expiryYear", `"28"`},
		{"cvv", `"916"`},
		{"requestIp", `"192.168.1.1"`},
		{"requestPort", "8080"},
	}
	for i := 0; i < len(changes); i += 2 {
		at := slices.IndexFunc(members, func(m [2]string) bool { return m[0] == changes[i] })
		if at < 0 {
			members = append(members, [2]string{changes[i], changes[i+1]})
			continue
		}
		members[at][1] = changes[i+1]
	}
	var parts []string
	for _, m := range members {
		if m[1] != "" {
			parts = append(parts, `"`+m[0]+`":`+m[1])
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// quoted makes a JSON text of plain ASCII.
func quoted(s string) string { return `"` + s + `"` }

// tell runs every scenario of a table as a subtest.
func tell(t *testing.T, s *servertest.Server, table map[string]scenario) {
	t.Helper()
	for name, sc := range table {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sc.run(t, s)
		})
	}
}

const (
	pay     = http.MethodPost + " /api/payment"
	hold    = http.MethodPost + " /api/pre-authorization"
	look    = http.MethodGet + " /api/payment/{p}"
	capture = http.MethodPost + " /api/pre-authorization/{p}/capture"
	refund  = http.MethodPost + " /api/payment/{p}/refund"
	void    = http.MethodPost + " /api/payment/{p}/void"
)
