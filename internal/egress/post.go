package egress

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// Why nothing came back from an address. The texts may be shown to the merchant:
// they say nothing of the network that this server stands in, and the causes,
// which may, are dropped.
var (
	ErrName    = errors.New("the host's name could not be resolved")
	ErrConnect = errors.New("the host could not be connected to")
	ErrTLS     = errors.New("the host has no certificate that is valid for its name")
	ErrTimeout = errors.New("no answer came in time")
	ErrBroken  = errors.New("the connection ended without an answer")
)

// headSize is how much of an answer a Poster reads.
const headSize = 512

// PosterOptions change how a Poster calls. The zero value is production's.
type PosterOptions struct {
	// Timeout bounds a call; zero is ten seconds.
	Timeout time.Duration
	// Resolver resolves names; nil is the system's.
	Resolver *net.Resolver
}

// Poster sends documents to addresses that merchants chose. It is safe for
// concurrent use.
type Poster struct {
	policy Policy
	client *http.Client
}

// NewPoster returns a Poster under the policy.
func NewPoster(p Policy, o PosterOptions) *Poster {
	client := newClient(p, o.Resolver)
	if o.Timeout > 0 {
		client.Timeout = o.Timeout
	}
	return &Poster{policy: p, client: client}
}

// Post sends a body and returns the status of the answer, whatever it is, and the
// beginning of its body. Redirects are not followed. An error means that there
// was no answer, and is one of ErrForm, ErrLength, ErrHost, ErrAddress, ErrName,
// ErrConnect, ErrTLS, ErrTimeout and ErrBroken.
func (p *Poster) Post(
	ctx context.Context, url string, header map[string]string, body []byte,
) (status int, head []byte, err error) {
	if err := p.policy.Check(url); err != nil { // the policy may be another than when the address was given
		return 0, nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, ErrForm
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := p.client.Do(request)
	if err != nil {
		return 0, nil, explain(err)
	}
	// The rest is not read: closing ends the connection of an endless answer.
	defer func() { _ = response.Body.Close() }()
	// A body that breaks off is none the less an answer: the status says it all.
	head, _ = io.ReadAll(io.LimitReader(response.Body, headSize))
	return response.StatusCode, head, nil
}

// explain returns the reason that may be shown.
func explain(err error) error {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var operation *net.OpError
	switch {
	case errors.Is(err, ErrAddress):
		return ErrAddress
	case errors.As(err, &name):
		return ErrName
	case errors.As(err, &certificate):
		return ErrTLS
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return ErrTimeout
	case errors.As(err, &operation) && operation.Op == "dial":
		return ErrConnect
	}
	return ErrBroken
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}
