package egress_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/egress"
)

// nameServer is a DNS server that gives each next question for an address the
// next of its answers, and the last one for ever: what an attacker's does to pass
// a check with one address and be connected to at another.
type nameServer struct {
	answers []netip.Addr
	asked   atomic.Int32
}

// resolver returns a resolver that asks the server.
func (n *nameServer) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	socket, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, 1500)
		for {
			size, peer, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			if _, err := socket.WriteTo(n.answer(buffer[:size]), peer); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = socket.Close() // ends the loop
		<-done
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
}

// answer writes the answer to a question (RFC 1035, section 4): none for types
// other than A.
func (n *nameServer) answer(question []byte) []byte {
	const header, typeA = 12, 1
	end := header + bytes.IndexByte(question[header:], 0) + 5 // name, type, class
	out := append([]byte(nil), question[:end]...)
	out[2], out[3] = 0x84, 0x00 // an authoritative answer without error
	binary.BigEndian.PutUint16(out[6:], 0)
	binary.BigEndian.PutUint32(out[8:], 0)
	if binary.BigEndian.Uint16(question[end-4:]) != typeA {
		return out
	}
	turn := min(int(n.asked.Add(1))-1, len(n.answers)-1)
	binary.BigEndian.PutUint16(out[6:], 1)
	out = append(out, 0xc0, header, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4)
	return append(out, n.answers[turn].AsSlice()...)
}

func addresses(all ...string) *nameServer {
	n := &nameServer{}
	for _, a := range all {
		n.answers = append(n.answers, netip.MustParseAddr(a))
	}
	return n
}

func TestPost(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		w.Header().Set("Connection", "close") // so that every call connects anew
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		case "/long":
			_, _ = w.Write(bytes.Repeat([]byte("x"), 1<<20)) // the caller may be gone
		case "/hang":
			_, _ = io.Copy(io.Discard, r.Body) // only then the server notices that the caller is gone
			<-r.Context().Done()
		}
	}))
	t.Cleanup(target.Close)
	demo := egress.Policy{Demo: true}
	post := func(t *testing.T, p egress.Policy, o egress.PosterOptions, url string) (int, []byte, error) {
		t.Helper()
		o.Timeout = 500 * time.Millisecond
		return egress.NewPoster(p, o).Post(t.Context(), url, map[string]string{"x": "y"}, []byte("{}"))
	}
	refuses := func(rule string, p egress.Policy, url string, want error) {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			if _, _, err := post(t, p, egress.PosterOptions{}, url); err != want { //nolint:errorlint // no cause may hang on it
				t.Errorf("error = %v, want %v", err, want)
			}
		})
	}
	refuses("this_machine_is_refused_outside_of_the_demo", egress.Policy{}, "https://127.0.0.1/hook", egress.ErrAddress)
	refuses("name_of_this_machine_is_refused_outside_of_the_demo", egress.Policy{}, "https://localhost/hook", egress.ErrAddress)
	refuses("metadata_address_is_refused", demo, "http://169.254.169.254/latest", egress.ErrAddress)
	refuses("plain_http_is_refused_outside_of_the_demo", egress.Policy{}, "http://shop.example.com/", egress.ErrForm)
	refuses("nobody_there", demo, "http://127.0.0.1:1/", egress.ErrConnect)
	refuses("hanging_receiver_is_left", demo, target.URL+"/hang", egress.ErrTimeout)

	t.Run("redirect_is_an_answer_and_not_followed", func(t *testing.T) {
		t.Parallel()
		if status, _, err := post(t, demo, egress.PosterOptions{}, target.URL+"/moved"); status != http.StatusFound || err != nil {
			t.Errorf("status %d, %v", status, err)
		}
	})
	t.Run("only_the_beginning_of_an_answer_is_read", func(t *testing.T) {
		t.Parallel()
		if status, head, err := post(t, demo, egress.PosterOptions{}, target.URL+"/long"); status != http.StatusOK || len(head) != 512 || err != nil {
			t.Errorf("status %d, %d bytes, %v", status, len(head), err)
		}
	})
	t.Run("certificate_of_nobody_is_refused", func(t *testing.T) {
		t.Parallel()
		secure := httptest.NewTLSServer(http.NotFoundHandler())
		t.Cleanup(secure.Close)
		if _, _, err := post(t, demo, egress.PosterOptions{}, secure.URL); !errors.Is(err, egress.ErrTLS) {
			t.Errorf("error = %v", err)
		}
	})
}

// TestRebinding has names whose address changes between one question and the
// next: what counts is the address that is connected to.
func TestRebinding(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reached.Add(1)
		w.Header().Set("Connection", "close")
	}))
	t.Cleanup(target.Close)
	_, port, _ := strings.Cut(strings.TrimPrefix(target.URL, "http://"), ":")

	names := addresses("127.0.0.1", "169.254.169.254", "10.0.0.1")
	poster := egress.NewPoster(egress.Policy{Demo: true}, egress.PosterOptions{Resolver: names.resolver(t), Timeout: 2 * time.Second})
	url := "http://rebinding.example:" + port + "/"
	if status, _, err := poster.Post(t.Context(), url, nil, nil); status != http.StatusOK || err != nil {
		t.Fatalf("first call: status %d, %v", status, err)
	}
	for range 3 {
		if _, _, err := poster.Post(t.Context(), url, nil, nil); !errors.Is(err, egress.ErrAddress) {
			t.Errorf("later call: %v, want %v", err, egress.ErrAddress)
		}
	}
	if reached.Load() != 1 || names.asked.Load() < 4 {
		t.Errorf("reached %d times after %d questions", reached.Load(), names.asked.Load())
	}

	outside := egress.NewPoster(egress.Policy{}, egress.PosterOptions{Resolver: addresses("127.0.0.1").resolver(t), Timeout: 2 * time.Second})
	if _, _, err := outside.Post(t.Context(), "https://rebinding.example/", nil, nil); !errors.Is(err, egress.ErrAddress) {
		t.Errorf("name of this machine: %v, want %v", err, egress.ErrAddress)
	}
}
