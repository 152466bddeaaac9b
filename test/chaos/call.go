package chaos

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// callLimit is above the 60 seconds in which a server must have answered.
const callLimit = 70 * time.Second

// reply is an answer as it came over the wire.
type reply struct {
	status   int
	replayed bool
	members  map[string]jsontext.Value
	body     []byte
}

// text returns a member that is a string, and nothing for any other.
func (r reply) text(name string) string {
	v := r.members[name]
	if v.Kind() != '"' {
		return ""
	}
	s, err := jsontext.AppendUnquote(nil, []byte(v))
	if err != nil {
		return ""
	}
	return string(s)
}

// minor returns a member that is an amount with two places, in minor units.
func (r reply) minor(name string) int64 { return minorOf(r.members[name]) }

// minorOf reads an amount with two places; -1 is none.
func minorOf(v jsontext.Value) int64 {
	whole, cents, found := strings.Cut(string(v), ".")
	if !found || len(cents) != 2 {
		return -1
	}
	var n int64
	for _, digit := range whole + cents {
		if digit < '0' || digit > '9' {
			return -1
		}
		n = n*10 + int64(digit-'0')
	}
	return n
}

// question is a request to a server.
type question struct{ method, path, body, key string }

func get(path string) question { return question{method: http.MethodGet, path: path} }

// call sends a request to one of the servers. An error means that the
// connection gave no answer.
func (w *World) call(ctx context.Context, rng *rand.Rand, q question) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	server := w.servers[rng.IntN(len(w.servers))]
	request, err := http.NewRequestWithContext(ctx, q.method, server.url+q.path, strings.NewReader(q.body))
	if err != nil {
		return reply{}, err
	}
	request.Header.Set("X-API-KEY", "api-key")
	request.Header.Set("X-API-SECRET", "secret-key")
	request.Header.Set("Authorization", "Bearer demo-admin-token")
	if q.method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
	}
	if q.key != "" {
		request.Header.Set("Idempotency-Key", q.key)
	}
	return w.exchange(request)
}

func (w *World) exchange(request *http.Request) (reply, error) {
	response, err := w.http.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = response.Body.Close() }() // it was read to its end, or is given up
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return reply{}, err
	}
	r := reply{status: response.StatusCode, body: body, replayed: response.Header.Get("Idempotent-Replayed") == "true"}
	if bytes.HasPrefix(body, []byte("{")) {
		if err := json.Unmarshal(body, &r.members); err != nil {
			w.fail("answer of %s is no JSON: %v", request.URL.Path, err)
		}
	}
	return r, nil
}

// simulator talks to the bank's own pages.
func (w *World) simulator(ctx context.Context, method, path, body string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, w.bank.url+"/sim/sandbox/"+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	response, err := w.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // it was read to its end
	answer, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return err
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("%s %s: %d %s", method, path, response.StatusCode, answer)
	case into == nil:
		return nil
	}
	return json.Unmarshal(answer, into)
}
