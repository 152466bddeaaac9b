package sandbox_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/sandbox"
	"github.com/vezne/vezne/internal/httpapi/apitest"
)

// shop is a terminal with a bank behind it, and a counter of the bank's own returns.
type shop struct {
	fullBank
	bank    string
	home    string
	returns atomic.Int64
}

func newShop(t *testing.T, settings map[string]string) *shop {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	address := "http://" + server.Listener.Addr().String()
	h, err := sandbox.Registration.Simulator(connector.SimulatorEnvironment{Clock: clock.System{}, PublicURL: address + "/sim/sandbox"})
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{bank: address + "/sim/sandbox", home: address + "/home"}
	mux := http.NewServeMux()
	mux.Handle("/sim/sandbox/", http.StripPrefix("/sim/sandbox", h))
	mux.HandleFunc("POST /home", func(http.ResponseWriter, *http.Request) { s.returns.Add(1) })
	server.Config.Handler = mux
	server.Start()
	t.Cleanup(server.Close)
	s.fullBank = open(t, address+"/sim", settings)
	return s
}

func (s *shop) charge(t *testing.T, reference, number string) connector.Charge {
	t.Helper()
	return connector.Charge{Kind: connector.Sale, Reference: reference, Amount: lira(10050), Installments: 3, Card: testCard(t, number)}
}

func (s *shop) enrol(t *testing.T, c connector.Charge) connector.Enrolled {
	t.Helper()
	e, err := s.Enrol(t.Context(), connector.Enrolment{Charge: c, ReturnURL: s.home, Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func post(t *testing.T, f apitest.Form) apitest.Page {
	t.Helper()
	p, err := f.Post(t.Context(), http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func form(t *testing.T, p apitest.Page) apitest.Form {
	t.Helper()
	f, err := apitest.ReadForm(p.Body)
	if p.Status != http.StatusOK || err != nil {
		t.Fatalf("status %d, %v: %s", p.Status, err, p.Body)
	}
	return f
}

// read reads a return as internal/pos does.
func read(t *testing.T, c connector.ThreeDS, fields url.Values) (connector.Authentication, error) {
	t.Helper()
	speaker, ok := c.(connector.Connector)
	if !ok {
		t.Fatalf("%T is no connector", c)
	}
	return c.ReadReturn(t.Context(), connector.DecodeReturn(fields, "", connector.RulesOf(speaker).Charset), connector.Charge{}, nil)
}

// visit posts the form of an enrolment and returns the form of the bank's page.
func visit(t *testing.T, e connector.Enrolled) apitest.Form {
	t.Helper()
	f := apitest.Form{Action: e.Way.Form.Action, Fields: url.Values{}}
	for _, field := range e.Way.Form.Fields {
		f.Fields.Add(field.Name, field.Value)
	}
	return form(t, post(t, f))
}

func TestThreeDS(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		number, password string
		mdStatus         int
		want             connector.Reason // of the charge; empty for an approval
	}{
		"right_password_charges_once_asked":       {number: "5421190122090656", password: "a", mdStatus: 1},
		"refusing_password_fails":                 {number: "5421190122090656", password: "b"},
		"card_that_fails_at_completion":           {number: "5100560000006669", password: "a", mdStatus: 1, want: connector.DoNotHonour},
		"card_that_is_never_authenticated":        {number: "5115830000006669", password: "a"},
		"card_that_is_only_attempted":             {number: "5117280000006665", password: "a", mdStatus: 4},
		"card_that_needs_authentication_gets_it":  {number: "5209320000006668", password: "a", mdStatus: 1},
		"card_that_is_declined_for_other_reasons": {number: "5136620000006669", password: "a", mdStatus: 1, want: connector.LostCard},
	}
	for name, r := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, nil)
			c := s.charge(t, "order", r.number)
			back := form(t, post(t, visit(t, s.enrol(t, c)).With("password", r.password)))
			if back.Action != s.home {
				t.Errorf("the payer is sent to %s", back.Action)
			}
			a, err := read(t, s, back.Fields)
			if err != nil || a.MDStatus != r.mdStatus || a.Reference != "order" || a.Amount != lira(10050) || a.Provisioned {
				t.Fatalf("return = %+v, %v", a, err)
			}
			if r.mdStatus == 0 {
				return
			}
			answer, err := s.AuthorizeAuthenticated(t.Context(), c, a)
			wantReason(t, 0, connector.Sale, answer, err, r.want)
			again, err := s.AuthorizeAuthenticated(t.Context(), c, a)
			wantReason(t, 0, connector.Sale, again, err, connector.OrderIDAlreadyUsed)
		})
	}
}

func TestThreeDSPay(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]struct {
		number string
		want   connector.Outcome
	}{
		"bank_books_while_it_returns":   {"5421190122090656", connector.Approved},
		"bank_declines_while_returning": {"5100560000006669", connector.Declined},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, map[string]string{"model": "3d_pay"})
			c := s.charge(t, "order", r.number)
			page := visit(t, s.enrol(t, c))
			first, second := form(t, post(t, page.With("password", "a"))), form(t, post(t, page.With("password", "b")))
			if first.Fields.Encode() != second.Fields.Encode() {
				t.Error("a page that is posted again leads elsewhere")
			}
			a, err := read(t, s, first.Fields)
			if err != nil || !a.Provisioned || a.Answer.Outcome != r.want {
				t.Fatalf("return = %+v, %v", a, err)
			}
			found, err := s.Inquire(t.Context(), connector.Inquiry{Kind: connector.Sale, Reference: "order", Amount: c.Amount})
			if err != nil || found.Outcome != r.want || found.TransactionID != a.Answer.TransactionID {
				t.Errorf("inquiry = %+v, %v", found, err)
			}
		})
	}
}

func TestEnrolment(t *testing.T) {
	t.Parallel()
	t.Run("card_that_cannot_begin_is_declined", func(t *testing.T) {
		t.Parallel()
		s := newShop(t, nil)
		e := s.enrol(t, s.charge(t, "order", "5117580000006668"))
		if e.Outcome != connector.Declined || e.Reason != connector.ThreeDSInitError || e.Way.Form.Action != "" {
			t.Errorf("enrolment = %+v", e)
		}
	})
	t.Run("form_has_a_token_and_nothing_of_the_card", func(t *testing.T) {
		t.Parallel()
		s := newShop(t, nil)
		e := s.enrol(t, s.charge(t, "order", "5421190122090656"))
		if len(e.Way.Form.Fields) != 1 || e.Way.Form.Fields[0].Name != "token" || len(e.Way.Form.Fields[0].Value) < 22 {
			t.Errorf("fields = %v", e.Way.Form.Fields)
		}
	})
	t.Run("unknown_token_is_told_that_it_is_over", func(t *testing.T) {
		t.Parallel()
		s := newShop(t, nil)
		p := post(t, apitest.Form{Action: s.bank + "/3ds/acs", Fields: url.Values{"token": {"unknown"}}})
		if p.Status != http.StatusGone {
			t.Errorf("status %d", p.Status)
		}
	})
	t.Run("three_wrong_passwords_fail", func(t *testing.T) {
		t.Parallel()
		s := newShop(t, nil)
		page := visit(t, s.enrol(t, s.charge(t, "order", "5421190122090656")))
		for range 2 {
			p := post(t, page.With("password", "wrong"))
			if page = form(t, p); !strings.Contains(p.Body, `role="alert"`) {
				t.Fatal("the payer is not told")
			}
		}
		a, err := read(t, s, form(t, post(t, page.With("password", "wrong"))).Fields)
		if err != nil || a.MDStatus != 0 {
			t.Errorf("return = %+v, %v", a, err)
		}
	})
	t.Run("cancelling_fails", func(t *testing.T) {
		t.Parallel()
		s := newShop(t, nil)
		page := visit(t, s.enrol(t, s.charge(t, "order", "5421190122090656")))
		a, err := read(t, s, form(t, post(t, page.With("cancel", "1"))).Fields)
		if err != nil || a.MDStatus != 0 {
			t.Errorf("return = %+v, %v", a, err)
		}
	})
	t.Run("duplicate_callback_returns_twice", func(t *testing.T) {
		t.Parallel()
		s := newShop(t, nil)
		send(t, http.MethodPut, s.bank+"/_faults", `{"rate":1,"kinds":["duplicate_callback"]}`, "")
		page := visit(t, s.enrol(t, s.charge(t, "order", "5421190122090656")))
		post(t, form(t, post(t, page.With("password", "a"))))
		if n := s.returns.Load(); n != 2 {
			t.Errorf("%d returns", n)
		}
	})
	t.Run("page_is_in_the_language_of_the_payer", func(t *testing.T) {
		t.Parallel()
		s := newShop(t, nil)
		for wanted, want := range map[string]string{"ar": `lang="ar" dir="rtl"`, "de-AT": `lang="de" dir="ltr"`, "xx": `lang="tr"`} {
			e, err := s.Enrol(t.Context(), connector.Enrolment{Charge: s.charge(t, "o-"+wanted, "5421190122090656"), ReturnURL: s.home, Language: wanted})
			if err != nil {
				t.Fatal(err)
			}
			p := post(t, apitest.Form{Action: e.Way.Form.Action, Fields: url.Values{"token": {e.Way.Form.Fields[0].Value}}})
			if !strings.Contains(p.Body, want) {
				t.Errorf("%s: %s", wanted, p.Body)
			}
		}
	})
}

// What a bank is shown at provisioning must be what it said, about the same order.
func TestProvisionOfAnotherIsRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t, nil)
	c := s.charge(t, "order", "5421190122090656")
	a, err := read(t, s, form(t, post(t, visit(t, s.enrol(t, c)).With("password", "a"))).Fields)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*connector.Charge, *connector.Authentication){
		"amount":       func(c *connector.Charge, _ *connector.Authentication) { c.Amount = lira(1) },
		"installments": func(c *connector.Charge, _ *connector.Authentication) { c.Installments = 1 },
		"kind":         func(c *connector.Charge, _ *connector.Authentication) { c.Kind = connector.Authorize },
		"reference":    func(c *connector.Charge, _ *connector.Authentication) { c.Reference = "other" },
		"token":        func(_ *connector.Charge, a *connector.Authentication) { a.Token = "guess" },
		"cavv":         func(_ *connector.Charge, a *connector.Authentication) { a.CAVV = "guess" },
	} {
		changed, proof := c, a
		change(&changed, &proof)
		answer, err := s.AuthorizeAuthenticated(t.Context(), changed, proof)
		if err != nil || answer.Outcome != connector.Declined || answer.Reason != connector.InvalidCAVV {
			t.Errorf("another %s: %+v, %v", name, answer, err)
		}
	}
}

func TestReadReturn(t *testing.T) {
	t.Parallel()
	s := newShop(t, nil)
	good := form(t, post(t, visit(t, s.enrol(t, s.charge(t, "order", "5421190122090656"))).With("password", "a"))).Fields
	if _, err := read(t, s, good); err != nil {
		t.Fatal(err)
	}
	other := open(t, "http://127.0.0.1:1/sim", map[string]string{"terminal": "VZ000002"})
	if _, err := read(t, other, good); !errors.Is(err, connector.ErrForgedReturn) {
		t.Errorf("another terminal's return: %v", err)
	}
	for field := range good {
		t.Run("changed_"+field+"_is_forged", func(t *testing.T) {
			t.Parallel()
			for what, change := range map[string]func(url.Values){
				"changed": func(v url.Values) { v.Set(field, v.Get(field)+"1") },
				"missing": func(v url.Values) { v.Del(field) },
				"doubled": func(v url.Values) { v.Add(field, v.Get(field)) },
				"added":   func(v url.Values) { v.Set(field+"x", "1") },
			} {
				forged := url.Values{}
				for n, v := range good {
					forged[n] = append([]string(nil), v...)
				}
				change(forged)
				if a, err := read(t, s, forged); !errors.Is(err, connector.ErrForgedReturn) {
					t.Errorf("%s: %+v, %v", what, a, err)
				}
			}
		})
	}
}

// A page in windows-1254 posts bytes, and the bank's MAC is over these.
func TestReturnInWindows1254(t *testing.T) {
	t.Parallel()
	c := open(t, "http://127.0.0.1:1/sim", nil)
	fields := url.Values{
		"model": {"3d_pay"}, "terminal": {sandbox.DefaultTerminal}, "reference": {"order"}, "kind": {"sale"}, "amount": {"10050"},
		"currency": {"949"}, "md_status": {"1"}, "md": {"m"}, "xid": {"x"}, "eci": {"05"}, "cavv": {"c"}, "outcome": {"approved"},
		"code": {"SUCCESS"}, "message": {"\xdd\xfelem onayland\xfd"}, "transaction_id": {"T1"}, "rrn": {"600000000001"}, "auth_code": {"100001"},
	}
	fields.Set("mac", sandbox.ReturnMAC(fields))
	a, err := read(t, c, fields)
	if err != nil || a.Answer.BankMessage != "İşlem onaylandı" || a.Answer.Outcome != connector.Approved {
		t.Errorf("return = %+v, %v", a, err)
	}
	fields.Set("message", "İşlem onaylandı")
	if a, err := read(t, c, fields); !errors.Is(err, connector.ErrForgedReturn) {
		t.Errorf("the same text as other bytes: %+v, %v", a, err)
	}
}

// FuzzReadReturn holds that nothing without the bank's MAC is ever believed.
func FuzzReadReturn(f *testing.F) {
	f.Add("md_status=1&reference=order&amount=1&currency=949&mac=00")
	f.Add("mac=&mac=&%zz")
	c := open(f, "http://127.0.0.1:1/sim", nil)
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		if a, err := read(t, c, values); err == nil {
			t.Errorf("believed %+v", a)
		}
	})
}
