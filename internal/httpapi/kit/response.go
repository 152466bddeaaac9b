package kit

import (
	"maps"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"
)

// Response is an answer that was not written yet.
type Response struct {
	Status int // zero means 200
	Header http.Header
	// Body is written as JSON; nil means no body.
	Body any
	// MediaType replaces application/json.
	MediaType string
}

// OK returns an answer of status 200.
func OK(body any) Response { return Response{Body: body} }

// WithHeader returns a copy of the answer with one more header.
func (r Response) WithHeader(name, value string) Response {
	r.Header = r.Header.Clone()
	r.setHeader(name, value)
	return r
}

func (r *Response) setHeader(name, value string) {
	if r.Header == nil {
		r.Header = make(http.Header)
	}
	r.Header.Set(name, value)
}

// TextOrNull returns what an answer has for a text that may be missing: null for
// the empty one, so that no caller takes "" for a value.
func TextOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// write sends the answer. It is encoded first, so that a mistake in a wire type
// becomes a clean 500 and not half an answer.
func (r Response) write(w http.ResponseWriter) error {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = json.Marshal(r.Body); err != nil {
			return err
		}
	}
	h := w.Header()
	maps.Copy(h, r.Header)
	if body != nil {
		h.Set("Content-Type", r.mediaType())
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	if r.Status == 0 {
		r.Status = http.StatusOK
	}
	w.WriteHeader(r.Status)
	_, _ = w.Write(body) // the caller may be gone; its answer stays in the database
	return nil
}

func (r Response) mediaType() string {
	if r.MediaType != "" {
		return r.MediaType
	}
	return "application/json; charset=utf-8"
}
