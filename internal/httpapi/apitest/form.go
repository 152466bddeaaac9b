package apitest

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Form is the first HTML form of a page, as a program reads it.
type Form struct {
	Action string
	Fields url.Values // hidden inputs; those that a person fills in are absent
	Names  []string   // of all inputs, in order
}

// ErrNoForm is a page without a form that is posted.
var ErrNoForm = errors.New("the page has no form to post")

var (
	formTag  = regexp.MustCompile(`(?s)<form\s([^>]*)>(.*?)</form>`)
	inputTag = regexp.MustCompile(`<input\s([^>]*)>`)
	attrib   = regexp.MustCompile(`([a-z-]+)="([^"]*)"`)
)

// ReadForm reads the first form of a page.
func ReadForm(page string) (Form, error) {
	found := formTag.FindStringSubmatch(page)
	if found == nil {
		return Form{}, ErrNoForm
	}
	head := attributes(found[1])
	if !strings.EqualFold(head["method"], http.MethodPost) {
		return Form{}, ErrNoForm
	}
	f := Form{Action: head["action"], Fields: url.Values{}}
	for _, input := range inputTag.FindAllStringSubmatch(found[2], -1) {
		a := attributes(input[1])
		f.Names = append(f.Names, a["name"])
		if a["type"] == "hidden" {
			f.Fields.Add(a["name"], a["value"])
		}
	}
	return f, nil
}

func attributes(tag string) map[string]string {
	all := map[string]string{}
	for _, a := range attrib.FindAllStringSubmatch(tag, -1) {
		all[a[1]] = html.UnescapeString(a[2])
	}
	return all
}

// With returns a copy of the form with a field filled in.
func (f Form) With(name, value string) Form {
	fields := url.Values{}
	for n, v := range f.Fields {
		fields[n] = append([]string(nil), v...)
	}
	fields.Set(name, value)
	f.Fields = fields
	return f
}

// Page is what a browser got.
type Page struct {
	Status int
	Header http.Header
	Body   string
}

// Post submits the form as a browser does and returns the page that follows.
func (f Form) Post(ctx context.Context, c *http.Client) (Page, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.Action, strings.NewReader(f.Fields.Encode()))
	if err != nil {
		return Page{}, fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return visit(request, c)
}

// Visit gets a page as a browser does.
func Visit(ctx context.Context, c *http.Client, address string) (Page, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Page{}, fmt.Errorf("make request: %w", err)
	}
	return visit(request, c)
}

func visit(request *http.Request, c *http.Client) (Page, error) {
	response, err := c.Do(request)
	if err != nil {
		return Page{}, fmt.Errorf("ask for page: %w", err)
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return Page{}, fmt.Errorf("read page: %w", err)
	}
	return Page{Status: response.StatusCode, Header: response.Header, Body: string(body)}, nil
}
