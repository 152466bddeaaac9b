package chaos

import (
	"bufio"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// broken is an answer that no server may give, whatever happens to it: an error
// of its own, or "not now" without a word of when.
type broken struct {
	method  string
	pattern string
	status  int
	// request is its X-Request-Id, by which the server's log tells the cause.
	request string
}

// brokenAnswers gathers them while clients ask.
type brokenAnswers struct {
	mu  sync.Mutex
	all []broken
}

// watched is the transport of every client: it passes answers on, and notes those
// of servers that are broken, whichever door they came from.
type watched struct {
	next    http.RoundTripper
	ours    func(*url.URL) bool
	answers *brokenAnswers
	tally   *tally
}

// RoundTrip sends the request.
func (t watched) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(r)
	if err != nil || !t.ours(r.URL) || !isBroken(response) {
		return response, err
	}
	t.tally.count(fmt.Sprintf("answers %d that must not be", response.StatusCode))
	t.answers.add(broken{r.Method, pattern(r.URL.Path), response.StatusCode, response.Header.Get("X-Request-Id")})
	return response, nil
}

// CloseIdleConnections lets http.Client close those of the transport below.
func (t watched) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func isBroken(r *http.Response) bool {
	if r.StatusCode == http.StatusServiceUnavailable {
		return r.Header.Get("Retry-After") == ""
	}
	return r.StatusCode >= http.StatusInternalServerError
}

func (b *brokenAnswers) add(a broken) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, a)
}

// ours reports whether an address is one of the servers'; the bank may answer what
// it likes.
func (w *World) ours(u *url.URL) bool {
	return slices.ContainsFunc(w.servers, func(s *process) bool { return s.url == u.Scheme+"://"+u.Host })
}

// namePart is a part of a path that names one thing: a UUID, a number, a key.
var namePart = regexp.MustCompile(`^([0-9]+|[0-9a-f-]{36}|[A-Za-z0-9_-]{20,})$`)

// pattern returns a path without what names one thing in it.
func pattern(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if namePart.MatchString(p) {
			parts[i] = "{}"
		}
	}
	return strings.Join(parts, "/")
}

// checkBroken makes a finding of each kind of broken answer, with the cause that
// the servers logged for it.
func (w *World) checkBroken(f *findings) {
	w.broken.mu.Lock()
	defer w.broken.mu.Unlock()
	if len(w.broken.all) == 0 {
		return
	}
	wanted := make(map[string]bool, len(w.broken.all))
	for _, a := range w.broken.all {
		wanted[a.request] = true
	}
	causes := make(map[string]string)
	for _, p := range w.servers {
		if err := readCauses(p.logPath, wanted, causes); err != nil {
			f.add("read log: %v", err)
		}
	}
	f.addBroken(w.broken.all, causes)
}

// addBroken adds a finding for each method, pattern, status and cause.
func (f *findings) addBroken(all []broken, causes map[string]string) {
	kinds := make(map[string]int)
	for _, a := range all {
		cause := causes[a.request]
		if cause == "" {
			cause = "no cause was logged"
		}
		kinds[fmt.Sprintf("%s %s answers %d: %s", a.method, a.pattern, a.status, cause)]++
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		f.add("%s (%d times)", kind, kinds[kind])
	}
}

// readCauses reads from a log in text form what was said of the wanted requests.
func readCauses(path string, wanted map[string]bool, causes map[string]string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	const longest = 1 << 20             // of a line, with the stack of a panic in it
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 0, 1<<16), longest)
	for lines.Scan() {
		line := lines.Text()
		if request := attribute(line, "request_id"); wanted[request] && request != "" {
			if cause := attribute(line, "error"); cause != "" {
				causes[request] = withoutNames(cause)
			}
		}
	}
	return lines.Err()
}

// attribute returns the value of an attribute of a line of log/slog's text form.
func attribute(line, name string) string {
	_, rest, found := strings.Cut(line, " "+name+"=")
	if !found {
		return ""
	}
	if quoted, err := strconv.QuotedPrefix(rest); err == nil {
		if text, err := strconv.Unquote(quoted); err == nil {
			return text
		}
	}
	value, _, _ := strings.Cut(rest, " ")
	return value
}

// numberOrID is what differs between two causes of one kind.
var numberOrID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9]{4,}\b`)

func withoutNames(cause string) string { return numberOrID.ReplaceAllString(cause, "…") }
