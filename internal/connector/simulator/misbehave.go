package simulator

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/vezne/vezne/internal/connector"
)

// maxRequest is the largest request that a faulty simulator keeps in memory.
const maxRequest = 1 << 20

// garbage is neither text nor any protocol's answer.
const garbage = "\x00\xff\xfe{<\x80vezne\x00"

// serve carries a request out with the fault.
func (f *Faults) serve(w http.ResponseWriter, r *http.Request, next http.Handler, fault Fault) {
	switch fault {
	case ResetBeforeRead:
		reset(w)
	case HTTP500:
		http.Error(w, "internal error", http.StatusInternalServerError)
	case Slow:
		f.serveSlowly(w, r, next)
	case TimeoutAfterApprove:
		if book(r, next) {
			f.pause(r.Context(), f.maxHang)
		}
		reset(w)
	case ResetAfterApprove:
		book(r, next)
		reset(w)
	case Garbage:
		if !book(r, next) {
			reset(w)
			return
		}
		_, _ = io.WriteString(w, garbage) // whoever asked may be gone
	case WrongMAC, Windows1254:
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), struckKey{}, fault)))
	default:
		next.ServeHTTP(w, r)
	}
}

// struckKey finds the fault that the answer itself is to show.
type struckKey struct{}

// MAC returns the MAC of an answer to the request, or another one if the bank is
// told to err.
func MAC(r *http.Request, mac string) string {
	return spoil(mac, r.Context().Value(struckKey{}) == WrongMAC)
}

// Charset returns the charset of an answer to the request: the bank's own, unless
// it is told to write in another. Text is Words in letters that show it then.
func Charset(r *http.Request, own connector.Charset) connector.Charset {
	if r.Context().Value(struckKey{}) == Windows1254 {
		return connector.Windows1254
	}
	return own
}

// Text returns a bank's words for a decision, in letters that differ from charset to
// charset unless it is UTF-8.
func Text(why connector.Reason, c connector.Charset) string {
	if c == connector.UTF8 || c == "" {
		return Words(why)
	}
	return turkishWords(why)
}

// spoil changes the first letter.
func spoil(mac string, wrong bool) string {
	switch {
	case !wrong || mac == "":
		return mac
	case mac[0] == '0':
		return "1" + mac[1:]
	}
	return "0" + mac[1:]
}

// serveSlowly reads the request before it waits, so that it is carried out even
// when the client has left by then: a bank does not hear a caller hang up.
func (f *Faults) serveSlowly(w http.ResponseWriter, r *http.Request, next http.Handler) {
	whole, ok := readWhole(r)
	if !ok {
		reset(w)
		return
	}
	f.pause(context.WithoutCancel(r.Context()), time.Duration(f.plan.Load().SlowMillis)*time.Millisecond)
	next.ServeHTTP(w, whole)
}

// book carries the request out and drops the answer; false means that the
// request could not be read.
func book(r *http.Request, next http.Handler) bool {
	whole, ok := readWhole(r)
	if ok {
		next.ServeHTTP(nowhere{}, whole)
	}
	return ok
}

func readWhole(r *http.Request) (*http.Request, bool) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if err != nil {
		return nil, false
	}
	whole := r.Clone(context.WithoutCancel(r.Context()))
	whole.Body = io.NopCloser(bytes.NewReader(body))
	return whole, true
}

// nowhere is an answer that nobody gets.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) WriteHeader(int)             {}

// reset ends the connection with a TCP reset, as a crashed peer would.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // no connection of its own: the next best tear
	}
	raw := conn
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		raw = t.NetConn()
	}
	if tcp, ok := raw.(interface{ SetLinger(sec int) error }); ok {
		_ = tcp.SetLinger(0) // on failure the close is an orderly one: torn all the same
	}
	_ = raw.Close() // gone either way
}
