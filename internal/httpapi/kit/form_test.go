package kit_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
)

// order is what the cookie surface reads, by one set of rules for JSON and forms.
type order struct {
	Name   string   `json:"name"`
	Amount string   `json:"amount"`
	Count  int      `json:"count"`
	Save   bool     `json:"save"`
	Tags   []string `json:"tags"`
	Note   string   `json:"note"`
}

type fieldAnswer struct {
	Code   string   `json:"code"`
	Fields []string `json:"fields"`
}

const csrf = "csrf-token-of-the-session"

// cookieSurface is one of browsers: a session's cookie, a token against other
// sites in a header or in the form, bodies as JSON and as forms.
func cookieSurface(t *testing.T) http.Handler {
	t.Helper()
	return kit.Handler(newKit(t, io.Discard), kit.Surface[string]{
		Name: "shop",
		Authenticator: kit.AuthFunc[string](func(_ context.Context, r kit.AuthRequest) (string, error) {
			if session, _ := r.Cookie("osessionid"); session == "abc" {
				return "shopper", nil
			}
			return "", fault.New(fault.Unauthenticated, fault.Unauthorized, "not logged in")
		}),
		Challenge: "Session",
		Merchant:  func(string) id.Merchant { return 1 },
		Guard: func(_ context.Context, r *kit.Request[string]) error {
			r.Body.Know("csrfmiddlewaretoken")
			sent := r.Header("X-Csrftoken")
			if sent == "" {
				sent, _ = r.Body.OptionalText("csrfmiddlewaretoken", 64)
			}
			if sent != csrf {
				return fault.New(fault.Forbidden, fault.ForbiddenAction, "CSRF Failed")
			}
			return nil
		},
		Forms: true,
		Form: func(f *fault.Error, _ string, _ language.Tag) kit.Response {
			v := fieldAnswer{Code: string(f.Code)}
			for _, w := range f.Fields {
				v.Fields = append(v.Fields, w.Name+": "+w.Message)
			}
			return kit.Response{Body: v}
		},
		Language: language.Turkish,
		Routes: []kit.Route[string]{
			{Method: http.MethodPost, Pattern: "/orders/", Strict: true, Handle: readOrder},
			{Method: http.MethodPost, Pattern: "/login/", Open: true, Handle: readOrder},
		},
	})
}

func readOrder(_ context.Context, r *kit.Request[string]) (kit.Response, error) {
	var o order
	o.Name, _ = r.Body.Text("name", 2, 10)
	n, _ := r.Body.Number("amount")
	o.Amount = string(n)
	o.Count, _ = r.Body.Int("count", 1, 12)
	o.Save = r.Body.OptionalBool("save", false)
	o.Tags = r.Body.Strings("tags", 2, 5)
	o.Note, _ = r.Body.OptionalText("note", 10)
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	return kit.OK(o), nil
}

func multipartBody(pairs ...string) string {
	var b strings.Builder
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		b.WriteString("--edge\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n")
	}
	return b.String() + "--edge--\r\n"
}

func TestForms(t *testing.T) {
	t.Parallel()
	const (
		inJSON    = "application/json"
		inForm    = "application/x-www-form-urlencoded"
		multipart = "multipart/form-data; boundary=edge"
	)
	send := func(t *testing.T, media, body string) (int, string) {
		t.Helper()
		r := newRequest(t, http.MethodPost, "/orders/", body)
		r.Header.Set("Content-Type", media)
		r.Header.Set("Cookie", "osessionid=abc")
		r.Header.Set("X-Csrftoken", csrf)
		w := serve(t, cookieSurface(t), r)
		return w.Code, w.Body.String()
	}
	t.Run("a_form_reads_as_the_JSON_that_says_the_same", func(t *testing.T) {
		t.Parallel()
		for name, tt := range map[string]struct{ object, form string }{
			"right":      {`{"name":"Çağla","amount":10.50,"count":3,"save":true,"tags":["a","b"]}`, "name=%C3%87a%C4%9Fla&amount=10.50&count=3&save=on&tags=a&tags=b"},
			"one_tag":    {`{"name":"Ada","amount":1,"count":1,"save":false,"tags":["a"],"note":"a b"}`, "name=Ada&amount=1&count=1&save=false&tags=a&note=a+b"},
			"empty":      {`{}`, ""},
			"null":       {`{"name":null,"amount":null,"count":null,"note":null,"save":null,"tags":null}`, "name=&amount=&count=&note=&save=&tags="},
			"bad_values": {`{"name":"A","amount":1e3,"count":13,"save":"yes","tags":["a","b","c"]}`, "name=A&amount=1e3&count=13&save=yes&tags=a&tags=b&tags=c"},
			"unknown":    {`{"name":"Ada","amount":1,"count":1,"nickname":"x"}`, "name=Ada&amount=1&count=1&nickname=x"},
			"not_number": {`{"name":"Ada","amount":"x","count":true}`, "name=Ada&amount=x&count=true"},
			"quoted":     {`{"name":"Ada","amount":"1","count":"1"}`, "name=Ada&amount=%221%22&count=%221%22"},
			"control":    {`{"name":"A\u0000a","amount":1,"count":1}`, "name=A%00a&amount=1&count=1"},
		} {
			wantCode, want := send(t, inJSON, tt.object)
			if code, got := send(t, inForm, tt.form); code != wantCode || got != want {
				t.Errorf("%s: form = %d %s, JSON = %d %s", name, code, got, wantCode, want)
			}
			var pairs []string
			for pair := range strings.SplitSeq(tt.form, "&") {
				if pair != "" {
					pairs = append(pairs, unescape(t, pair))
				}
			}
			if code, got := send(t, multipart, multipartBody(pairs...)); code != wantCode || got != want {
				t.Errorf("%s: multipart = %d %s, JSON = %d %s", name, code, got, wantCode, want)
			}
		}
	})
	t.Run("a_field_of_one_value_is_given_once", func(t *testing.T) {
		t.Parallel()
		code, got := send(t, inForm, "name=Ada&name=Eve&amount=1&count=1&count=2")
		want := `{"code":"VALIDATION_ERROR","fields":["name: must be given once","count: must be given once"]}`
		if code != http.StatusBadRequest || got != want {
			t.Errorf("answer = %d %s", code, got)
		}
	})
	t.Run("what_is_no_form_is_malformed", func(t *testing.T) {
		t.Parallel()
		for name, tt := range map[string]struct{ media, body string }{
			"escape": {inForm, "name=%4"}, "semicolon": {inForm, "name=a;b=c"}, "charset": {inForm, "name=%DD%FElem"},
			"name": {inForm, "%FF=a"}, "list": {inForm, "a=b&a=%FF"}, "torn": {multipart, "--edge\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb"},
			"no_name": {multipart, "--edge\r\n\r\nb\r\n--edge--\r\n"},
			"file":    {multipart, "--edge\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\n\r\nb\r\n--edge--\r\n"},
			"many":    {multipart, multipartBody(slices.Repeat([]string{"a=b"}, 300)...)},
			"bytes":   {multipart, multipartBody("name=\xdd")},
		} {
			if code, got := send(t, tt.media, tt.body); code != http.StatusBadRequest || got != `{"code":"MALFORMED_JSON","fields":[]}` {
				t.Errorf("%s: answer = %d %s", name, code, got)
			}
		}
	})
	t.Run("other_media_types_are_refused", func(t *testing.T) {
		t.Parallel()
		for _, media := range []string{"text/plain", inForm + "; charset=windows-1254", "multipart/form-data", "multipart/mixed; boundary=edge", ""} {
			if code, got := send(t, media, "name=Ada"); code != http.StatusUnsupportedMediaType {
				t.Errorf("%s: answer = %d %s", media, code, got)
			}
		}
	})
	t.Run("a_surface_without_forms_takes_none", func(t *testing.T) {
		t.Parallel()
		h := surface(newKit(t, io.Discard), func(context.Context, *kit.Request[int]) (kit.Response, error) { return kit.OK(answer{}), nil })
		r := newRequest(t, http.MethodPost, "/t/things/1", "a=b")
		r.Header.Set("Content-Type", inForm)
		if w := serve(t, h, r); w.Code != http.StatusUnsupportedMediaType {
			t.Errorf("answer = %d %s", w.Code, w.Body)
		}
	})
}

func unescape(t *testing.T, pair string) string {
	t.Helper()
	r := newRequest(t, http.MethodGet, "/?"+pair, "")
	for name, values := range r.URL.Query() {
		return name + "=" + values[0]
	}
	t.Fatalf("%q is no pair", pair)
	return ""
}

func TestCookieCaller(t *testing.T) {
	t.Parallel()
	const good = "name=Ada&amount=1&count=1"
	tests := map[string]struct {
		path, cookie, header, body string
		status                     int
	}{
		"token_in_header": {"/orders/", "abc", csrf, good, 200},
		"token_in_form":   {"/orders/", "abc", "", good + "&csrfmiddlewaretoken=" + csrf, 200},
		"no_token":        {"/orders/", "abc", "", good, 403},
		"wrong_token_in_header_and_right_one_in_form": {"/orders/", "abc", "x", good + "&csrfmiddlewaretoken=" + csrf, 403},
		"no_session":                 {"/orders/", "", csrf, good, 401},
		"no_session_and_broken_form": {"/orders/", "", csrf, "%4", 401},
		"open_route_needs_neither":   {"/login/", "", "", good, 200},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRequest(t, http.MethodPost, tt.path, tt.body)
			r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
			if tt.cookie != "" {
				r.Header.Set("Cookie", "osessionid="+tt.cookie)
			}
			if tt.header != "" {
				r.Header.Set("X-Csrftoken", tt.header)
			}
			w := serve(t, cookieSurface(t), r)
			if w.Code != tt.status || (w.Code == 401) != (w.Header().Get("WWW-Authenticate") == "Session") {
				t.Errorf("answer = %d %s %v, want %d", w.Code, w.Body, w.Header(), tt.status)
			}
		})
	}
}

// FuzzForm holds that whatever is sent as a form is read as the texts that it
// says, or refused.
func FuzzForm(f *testing.F) {
	f.Add("a=1&b=2", false)
	f.Add("a=%DD%FE", false)
	f.Add("=&=&a", false)
	f.Add(multipartBody("a=1", "a=2"), true)
	f.Fuzz(func(t *testing.T, body string, parts bool) {
		h := kit.Handler(newKit(t, io.Discard), kit.Surface[int]{
			Name: "test", Forms: true, Form: form, Language: language.English,
			Routes: []kit.Route[int]{{Method: http.MethodPost, Pattern: "/", Open: true, Handle: func(_ context.Context, r *kit.Request[int]) (kit.Response, error) {
				read := make(map[string][]string)
				for _, name := range r.Body.Names() {
					read[name] = r.Body.Strings(name, len(body), len(body))
				}
				return kit.OK(read), nil
			}}},
		})
		r := newRequest(t, http.MethodPost, "/", body)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if parts {
			r.Header.Set("Content-Type", "multipart/form-data; boundary=edge")
		}
		w := serve(t, h, r)
		if w.Code == http.StatusBadRequest || w.Code == http.StatusRequestEntityTooLarge {
			return
		}
		var read map[string][]string
		if err := json.Unmarshal(w.Body.Bytes(), &read); err != nil || w.Code != http.StatusOK {
			t.Fatalf("answer = %d %s: %v", w.Code, w.Body, err)
		}
		sent, err := url.ParseQuery(body)
		for name, values := range read {
			if !parts && (err != nil || (len(values) > 0 && !slices.Equal(values, sent[name]))) {
				t.Fatalf("%q was read as %q", sent[name], values)
			}
		}
	})
}
