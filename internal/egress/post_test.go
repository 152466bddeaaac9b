package egress_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/egress"
	"github.com/vezne/vezne/internal/egress/egresstest"
)

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
		o.Timeout = 3 * time.Second // of which only the hanging receiver needs all
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
		if status, _, err := post(t, demo, egress.PosterOptions{}, target.URL+"/moved"); status != http.StatusFound ||
			err != nil {
			t.Errorf("status %d, %v", status, err)
		}
	})
	t.Run("only_the_beginning_of_an_answer_is_read", func(t *testing.T) {
		t.Parallel()
		if status, head, err := post(t, demo, egress.PosterOptions{}, target.URL+"/long"); status != http.StatusOK ||
			len(head) != 512 || err != nil {
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

	names := egresstest.NewNames("127.0.0.1", "169.254.169.254", "10.0.0.1")
	poster := egress.NewPoster(egress.Policy{Demo: true}, egress.PosterOptions{Resolver: names.Resolver(t), Timeout: 2 * time.Second})
	url := "http://rebinding.example:" + port + "/"
	if status, _, err := poster.Post(t.Context(), url, nil, nil); status != http.StatusOK || err != nil {
		t.Fatalf("first call: status %d, %v", status, err)
	}
	for range 3 {
		if _, _, err := poster.Post(t.Context(), url, nil, nil); !errors.Is(err, egress.ErrAddress) {
			t.Errorf("later call: %v, want %v", err, egress.ErrAddress)
		}
	}
	if reached.Load() != 1 || names.Asked() < 4 {
		t.Errorf("reached %d times after %d questions", reached.Load(), names.Asked())
	}

	outside := egress.NewPoster(egress.Policy{}, egress.PosterOptions{Resolver: egresstest.NewNames("127.0.0.1").Resolver(t), Timeout: 2 * time.Second})
	if _, _, err := outside.Post(t.Context(), "https://rebinding.example/", nil, nil); !errors.Is(err, egress.ErrAddress) {
		t.Errorf("name of this machine: %v, want %v", err, egress.ErrAddress)
	}
}
