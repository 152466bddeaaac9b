package kit_test

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/httpapi/kit"
)

// answers sends bytes over one connection and returns how many answers came until
// the server closed it.
func answers(t *testing.T, sent string) (count int, rest string) {
	t.Helper()
	k := newKit(t, io.Discard)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := k.NewServer(surface(k, func(context.Context, *kit.Request[int]) (kit.Response, error) {
		return kit.OK(answer{Code: "FINE"}), nil
	}))
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(l) // it only says that the server was closed
	}()
	defer func() {
		_ = server.Close() // nothing of it is needed any more
		<-served
	}()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, sent); err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(conn) // a reset is an end like another
	return strings.Count(string(text), "HTTP/1."), string(text)
}

func TestRequestsWithTwoEnds(t *testing.T) {
	t.Parallel()
	const (
		chunk = "2\r\n{}\r\n0\r\n\r\n"
		last  = "GET /t/things/1 HTTP/1.1\r\nHost: v\r\nConnection: close\r\n\r\n"
	)
	post := func(version, headers, body string) string {
		return "POST /t/things/1 HTTP/" + version + "\r\nHost: v\r\nContent-Type: application/json\r\n" +
			headers + "\r\n" + body
	}
	for name, tt := range map[string]struct {
		first string
		want  int // answers, of two requests
	}{
		"length_alone":                      {post("1.1", "Content-Length: 2\r\n", "{}"), 2},
		"no_body":                           {"GET /t/things/1 HTTP/1.1\r\nHost: v\r\n\r\n", 2},
		"chunked_and_length":                {post("1.1", "Transfer-Encoding: chunked\r\nContent-Length: 17\r\n", chunk), 1},
		"length_and_chunked":                {post("1.1", "Content-Length: 2\r\nTransfer-Encoding: Chunked\r\n", chunk), 1},
		"two_lengths_of_one_value":          {post("1.1", "Content-Length: 2\r\nContent-Length: 2\r\n", "{}"), 2},
		"two_lengths":                       {post("1.1", "Content-Length: 2\r\nContent-Length: 3\r\n", "{}"), 1},
		"another_coding":                    {post("1.1", "Transfer-Encoding: identity\r\nContent-Length: 2\r\n", "{}"), 1},
		"chunked_in_HTTP/1.0":               {post("1.0", "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n", "{}"), 1},
		"HTTP/1.0_that_would_keep_its_line": {"GET /t/things/1 HTTP/1.0\r\nHost: v\r\nConnection: keep-alive\r\n\r\n", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if count, text := answers(t, tt.first+last); count != tt.want {
				t.Errorf("%d answers, want %d:\n%s", count, tt.want, text)
			}
		})
	}
}
