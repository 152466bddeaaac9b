package e2e_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/httpapi/apitest"
	"github.com/vezne/vezne/test/servertest"
)

// seeds is how many rows of each list there are at least: more than two pages.
const seeds = 5

// adminList is a list of the admin API with rows in it.
type adminList struct {
	path  string     // without placeholders
	query url.Values // narrows the list to rows that nothing adds to meanwhile
	as    servertest.Credential
	// builtIn says that the rows are part of the program, however few.
	builtIn bool
}

// wholeAnswers are answers that are made of one list and not paged, and why.
func wholeAnswers() map[string]string {
	return map[string]string{"showTimeline": "the life of one payment"}
}

// isList reports whether the answer of an operation is a list: it says so by its
// name or by the member next, or holds nothing but a list of objects.
func isList(o *openapi3.Operation) bool {
	if _, whole := wholeAnswers()[o.OperationID]; whole {
		return false
	}
	if strings.HasPrefix(o.OperationID, "list") || strings.HasPrefix(o.OperationID, "search") {
		return true
	}
	ok := o.Responses.Status(http.StatusOK)
	if ok == nil || ok.Value.Content.Get("application/json") == nil {
		return false
	}
	answer := ok.Value.Content.Get("application/json").Schema.Value
	if answer.Properties["next"] != nil || answer.Type.Is("array") {
		return true
	}
	for _, member := range answer.Properties {
		if !member.Value.Type.Is("array") {
			return false
		}
	}
	return len(answer.Properties) > 0
}

// documentedLists returns the query parameters of all GET routes of the admin
// document that are lists, by operation.
func documentedLists(t *testing.T) map[string][]string {
	t.Helper()
	document, err := apitest.Parse("admin.yaml")
	if err != nil {
		t.Fatal(err)
	}
	lists := map[string][]string{}
	for _, item := range document.Paths.Map() {
		if item.Get == nil || !isList(item.Get) {
			continue
		}
		lists[item.Get.OperationID] = nil
		for _, p := range slices.Concat(item.Parameters, item.Get.Parameters) {
			if p.Value.In == openapi3.ParameterInQuery {
				lists[item.Get.OperationID] = append(lists[item.Get.OperationID], p.Value.Name)
			}
		}
	}
	return lists
}

// TestAdminLists reads every list of the admin API page by page. A list that the
// document has and that is not seeded here, that pays no heed to its limit, that
// does not know a parameter of the document, or takes a misspelled one, fails it.
func TestAdminLists(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *servertest.Server) {
		lists := seedLists(t, s)
		documented := documentedLists(t)
		if diff := cmp.Diff(slices.Sorted(maps.Keys(documented)), slices.Sorted(maps.Keys(lists))); diff != "" {
			t.Errorf("seeded lists differ from those of the document (-document +seeded):\n%s", diff)
		}
		for operation, parameters := range documented {
			list, seeded := lists[operation]
			if !seeded {
				continue
			}
			t.Run(operation, func(t *testing.T) {
				want := list.walk(t, s, 100)
				if len(want) < seeds && !list.builtIn {
					t.Fatalf("%d rows, want at least %d", len(want), seeds)
				}
				if twice := firstTwice(want); twice != "" {
					t.Errorf("row %s stands in the list twice", twice)
				}
				for _, limit := range []int{2, 3} {
					if diff := cmp.Diff(want, list.walk(t, s, limit)); diff != "" {
						t.Errorf("pages of %d (-in one page +in pages):\n%s", limit, diff)
					}
				}
				if got := list.walk(t, s, min(len(want), 100)); len(got) != len(want) {
					t.Errorf("a page of the whole list has %d of %d rows", len(got), len(want))
				}
				list.with(parameters).refuses(t, s, "limt", "5", "")
				list.refuses(t, s, "limit", "0", "101", "-1", "two", "2.0")
				list.refuses(t, s, "cursor", "AAAA", "!", "WzFd", "-5", strings.Repeat("A", 1025))
			})
		}
	})
}

func (l adminList) get(t *testing.T, s *servertest.Server, want int, more url.Values) servertest.Answer {
	t.Helper()
	query := maps.Clone(more)
	maps.Copy(query, l.query)
	a, ok := s.Send(t, servertest.Request{Method: http.MethodGet, Path: l.path + "?" + query.Encode(), As: l.as})
	if !ok || a.Status != want {
		t.Fatalf("GET %s?%s: status %d, want %d: %s", l.path, query.Encode(), a.Status, want, a.Body)
	}
	return a
}

// walk reads all pages and returns what its rows are known by, in order.
func (l adminList) walk(t *testing.T, s *servertest.Server, limit int) []string {
	t.Helper()
	var all []string
	query := url.Values{"limit": {strconv.Itoa(limit)}}
	for {
		a := l.get(t, s, http.StatusOK, query)
		page := rowsOf(t, a)
		all = append(all, page...)
		if len(all) > 5000 {
			t.Fatalf("the pages of %d have no end", limit)
		}
		next := a.Text("next")
		if len(page) > limit || (next != "" && len(page) != limit) || len(page) == 0 && len(all) > 0 {
			t.Fatalf("a page of %d has %d rows, and next is %q", limit, len(page), next)
		}
		if next == "" {
			if string(a.Members["next"]) != "null" {
				t.Fatalf("next is %s at the end", a.Members["next"])
			}
			return all
		}
		query.Set("cursor", next)
	}
}

// with returns the list with all parameters in its query: those that it does not
// narrow by are empty, which is none.
func (l adminList) with(parameters []string) adminList {
	all := url.Values{}
	for _, parameter := range parameters {
		all.Set(parameter, "")
	}
	maps.Copy(all, l.query)
	l.query = all
	return l
}

// refuses holds that values of a parameter are refused by its name, and nothing
// else.
func (l adminList) refuses(t *testing.T, s *servertest.Server, parameter string, values ...string) {
	t.Helper()
	for _, value := range values {
		a := l.get(t, s, http.StatusBadRequest, url.Values{parameter: {value}})
		wrong := member[[]struct {
			Field string `json:"field"`
		}](t, a, "errors")
		if len(wrong) != 1 || wrong[0].Field != parameter {
			t.Errorf("%s=%s: %s", parameter, value, a.Body)
		}
	}
}

// rowsOf returns what the objects in the list of an answer are known by.
func rowsOf(t *testing.T, a servertest.Answer) []string {
	t.Helper()
	type row struct {
		ID        jsontext.Value `json:"id"`
		Name      string         `json:"name"`
		Prefix    string         `json:"prefix"`
		Own       bool           `json:"own"`
		Operation struct {
			ID int64 `json:"id"`
		} `json:"operation"`
	}
	var rows []row
	found := 0
	for _, value := range a.Members {
		var of []row
		if value.Kind() == '[' && json.Unmarshal(value, &of) == nil { // not a list of words
			rows, found = of, found+1
		}
	}
	if found != 1 {
		t.Fatalf("%d lists in %s", found, a.Body)
	}
	var keys []string
	for _, r := range rows {
		key := string(r.ID)
		switch {
		case r.Operation.ID > 0:
			key = number(r.Operation.ID)
		case r.Prefix != "":
			key = fmt.Sprint(r.Prefix, r.Own)
		case key == "":
			key = r.Name
		}
		keys = append(keys, key)
	}
	return keys
}

func firstTwice(keys []string) string {
	seen := map[string]bool{}
	for _, k := range keys {
		if seen[k] {
			return k
		}
		seen[k] = true
	}
	return ""
}

// seedLists puts rows into every list, and returns the lists by operation.
func seedLists(t *testing.T, s *servertest.Server) map[string]adminList {
	t.Helper()
	var owner login
	for i := range seeds {
		n := strconv.Itoa(i)
		staff(t, s, 201, http.MethodPut, "/admin/v1/poses/listed-"+n, `{"connector":"sandbox","currencies":["TRY"],"settings":{"key":"quietsealedvalue"},"priority":`+strconv.Itoa(50-i)+`}`)
		staff(t, s, 200, http.MethodPut, "/admin/v1/plans/listed-"+n+":*:1", `{"commission_rate":1.5,"customer_rate":0}`)
		staff(t, s, 200, http.MethodPut, "/admin/v1/rules/listed-"+n, `{"targets":[{"pos":"teb"}],"active":false,"position":`+strconv.Itoa(50-i/2)+`}`)
		staff(t, s, 201, http.MethodPost, "/admin/v1/credentials", `{"name":"listed-`+n+`"}`)
		staff(t, s, 201, http.MethodPost, "/admin/v1/tokens", `{"name":"listed-`+n+`","role":"viewer"}`)
		staff(t, s, 201, http.MethodPost, "/admin/v1/team", `{"email":"listed-`+n+`@shop.example","name":"Listed","role":"viewer"}`)
		staff(t, s, 201, http.MethodPost, "/admin/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/listed-`+n+`","events":["payment.expired"]}`)
		staff(t, s, 202, http.MethodPost, "/admin/v1/webhook-endpoints/1/test", `{}`)
		if a, ok := s.Send(t, payment(charge("orderId", quoted(fmt.Sprintf("%s-%d", t.Name(), i))), "")); !ok ||
			a.Text("status") != "SUCCESS" {
			t.Fatalf("payment: %d %s", a.Status, a.Body)
		}
		owner = logIn(t, s, 200, ownersLogin)
	}
	leaveUnknown(t, s)
	me := member[struct {
		ID int64 `json:"id"`
	}](t, owner.send(t, s, 200, http.MethodGet, "/admin/v1/me", ""), "user")
	browser := servertest.Credential{"Cookie": owner.cookie}
	lists := map[string]adminList{
		"searchPayments":        {path: "/admin/v1/payments"},
		"searchAudit":           {path: "/admin/v1/audit", query: url.Values{"action": {"token.create"}}},
		"listCredentials":       {path: "/admin/v1/credentials"},
		"listTokens":            {path: "/admin/v1/tokens"},
		"listTeam":              {path: "/admin/v1/team"},
		"listMySessions":        {path: "/admin/v1/me/sessions", as: browser},
		"listUserSessions":      {path: "/admin/v1/team/" + number(me.ID) + "/sessions"},
		"listPOSes":             {path: "/admin/v1/poses"},
		"listConnectors":        {path: "/admin/v1/connectors", builtIn: true},
		"listPlans":             {path: "/admin/v1/plans"},
		"listRules":             {path: "/admin/v1/rules"},
		"listBINs":              {path: "/admin/v1/bins", builtIn: true},
		"listEndpoints":         {path: "/admin/v1/webhook-endpoints"},
		"listUnknownOperations": {path: "/admin/v1/unknown-operations"},
		"listDeliveries":        {path: "/admin/v1/webhook-deliveries", query: url.Values{"type": {"webhook.test"}}},
	}
	for operation, l := range lists {
		if l.as == nil {
			l.as = servertest.Admin()
			lists[operation] = l
		}
	}
	return lists
}

// leaveUnknown makes the database say of every operation that a person has to find
// its outcome out, which would take a bank that is silent for ten minutes. The
// resolver is kept from asking.
func leaveUnknown(t *testing.T, s *servertest.Server) {
	t.Helper()
	d := openDatabase(t, s.Engine, s.DSN)
	const farAway = "4000000000000000" // microseconds: the year 2096
	_, err := d.pool.ExecContext(context.WithoutCancel(t.Context()),
		"UPDATE operation SET status = 'unknown', escalated_at = started_at, next_inquiry = "+farAway)
	if err != nil {
		t.Fatal(err)
	}
}
