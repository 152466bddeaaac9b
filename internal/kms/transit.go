// Package kms speaks to key management services that seal the keyset, so that a
// stolen keyset file opens nothing by itself. It knows one: the transit secrets
// engine of HashiCorp Vault, by its HTTP API
// (developer.hashicorp.com/vault/api-docs/secret/transit).
package kms

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/vault"
)

const (
	// DefaultTimeout is how long one request may take.
	DefaultTimeout = 10 * time.Second
	// maxAnswer bounds what is read of an answer; a keyset of a hundred keys is
	// 30 KiB.
	maxAnswer = 1 << 20
	// maxTokenFile bounds what is read of a token's file; Vault's longest are 1 KiB.
	maxTokenFile = 1 << 14
)

// Why the service gave no key. The texts hold neither token nor key.
var (
	// ErrRefused means that the service answered and said no: the token is wrong or
	// may not do this, the key does not exist, or the ciphertext is not its own.
	ErrRefused = errors.New("the key management service refuses")
	// ErrUnreachable means that there was no answer, or none that says yes or no.
	ErrUnreachable = errors.New("the key management service cannot be reached")
	// ErrToken means that the token's file cannot be used.
	ErrToken = errors.New("the token of the key management service cannot be read")
)

// Options say which key is used, and as whom.
type Options struct {
	// Key is the URL of the key: https://HOST/v1/transit/keys/NAME. A namespace may
	// stand after v1.
	Key string
	// TokenFile holds the token. It is read for every request, so that an agent may
	// renew it.
	TokenFile string
	// Timeout bounds one request; zero means DefaultTimeout.
	Timeout time.Duration
}

// Transit is a key of a transit secrets engine. It implements Tink's
// AEADWithContext and is safe for concurrent use.
type Transit struct {
	engine, key string
	tokenFile   string
	client      *http.Client
}

// NewTransit returns the key. It fails if the URL is none of a key, or would send
// the token in the clear to another machine; nothing is asked yet.
func NewTransit(o Options) (*Transit, error) {
	engine, key, err := split(o.Key)
	if err != nil {
		return nil, err
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSHandshakeTimeout: o.Timeout, DisableKeepAlives: true}
	return &Transit{
		engine: engine, key: key, tokenFile: o.TokenFile,
		client: &http.Client{Transport: transport, Timeout: o.Timeout, CheckRedirect: refuseRedirect},
	}, nil
}

// refuseRedirect keeps the token with the host that it was meant for.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// split cuts the URL of a key into that of its engine and its name.
func split(address string) (engine, key string, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", "", errors.New("want https://HOST/v1/transit/keys/NAME")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return "", "", errors.New("want https, or http on this machine alone: the token travels with each request")
	}
	engine, key, found := strings.Cut(address, "/keys/")
	if !found || !strings.HasPrefix(u.Path, "/v1/") || key == "" || strings.Contains(key, "/") {
		return "", "", errors.New("want https://HOST/v1/transit/keys/NAME")
	}
	return engine, key, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// exchange is the body of requests and of the data in answers. Bytes travel as
// base64, ciphertexts as Vault's own text "vault:v1:…".
type exchange struct {
	Plaintext      string `json:"plaintext,omitzero"`
	Ciphertext     string `json:"ciphertext,omitzero"`
	AssociatedData string `json:"associated_data,omitzero"`
}

// EncryptWithContext implements tink.AEADWithContext.
func (t *Transit) EncryptWithContext(ctx context.Context, plain, data []byte) ([]byte, error) {
	answer, err := t.ask(ctx, "encrypt", exchange{
		Plaintext: base64.StdEncoding.EncodeToString(plain), AssociatedData: base64.StdEncoding.EncodeToString(data),
	})
	if err != nil {
		return nil, err
	}
	if answer.Ciphertext == "" {
		return nil, fmt.Errorf("encrypt: %w: the answer has no ciphertext", ErrUnreachable)
	}
	return []byte(answer.Ciphertext), nil
}

// DecryptWithContext implements tink.AEADWithContext.
func (t *Transit) DecryptWithContext(ctx context.Context, ciphertext, data []byte) ([]byte, error) {
	answer, err := t.ask(ctx, "decrypt", exchange{
		Ciphertext: string(ciphertext), AssociatedData: base64.StdEncoding.EncodeToString(data),
	})
	if err != nil {
		return nil, err
	}
	plain, err := base64.StdEncoding.DecodeString(answer.Plaintext)
	if err != nil || len(plain) == 0 {
		return nil, fmt.Errorf("decrypt: %w: the answer has no plaintext", ErrUnreachable)
	}
	return plain, nil
}

func (t *Transit) ask(ctx context.Context, what string, body exchange) (exchange, error) {
	token, err := t.token()
	if err != nil {
		return exchange{}, err
	}
	sent, err := json.Marshal(body)
	if err != nil {
		return exchange{}, fmt.Errorf("%s: %w", what, err)
	}
	defer clear(sent)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.engine+"/"+what+"/"+t.key, bytes.NewReader(sent))
	if err != nil {
		return exchange{}, fmt.Errorf("%s: %w", what, err)
	}
	r.Header.Set("X-Vault-Token", token)
	r.Header.Set("X-Vault-Request", "true") // agents and proxies want to see it
	r.Header.Set("Content-Type", "application/json")
	answer, err := t.client.Do(r)
	if err != nil {
		return exchange{}, fmt.Errorf("%s: %w: %w", what, ErrUnreachable, err)
	}
	defer func() { _ = answer.Body.Close() }() // it was read as far as it matters
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return exchange{}, fmt.Errorf("%s: %w: %w", what, ErrUnreachable, err)
	}
	defer clear(text)
	return read(what, answer.StatusCode, text)
}

// read tells a refusal from a service that is down: it is sealed, in standby or
// overloaded with 5xx, 429 and 472 to 473 (Vault's API, "HTTP status codes").
func read(what string, status int, text []byte) (exchange, error) {
	if status != http.StatusOK {
		reason := ErrRefused
		if status >= http.StatusInternalServerError || status == http.StatusTooManyRequests || status == 472 ||
			status == 473 || status < 400 {
			reason = ErrUnreachable
		}
		return exchange{}, fmt.Errorf("%s: %w: status %d%s", what, reason, status, said(text))
	}
	var answer struct {
		Data exchange `json:"data"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return exchange{}, fmt.Errorf("%s: %w: the answer is not Vault's", what, ErrUnreachable) // err may quote a key
	}
	return answer.Data, nil
}

// said returns what an error answer tells, which is Vault's own words about the
// request and holds nothing of its body.
func said(text []byte) string {
	var answer struct {
		Errors []string `json:"errors"`
	}
	if err := json.Unmarshal(text, &answer); err != nil || len(answer.Errors) == 0 {
		return ""
	}
	all := strings.Join(answer.Errors, "; ")
	return ": " + strings.Map(printable, all[:min(len(all), 200)])
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}

// token reads the token. The file must be its owner's alone, like the keyset.
func (t *Transit) token() (string, error) {
	f, err := os.Open(t.tokenFile)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrToken, err)
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrToken, err)
	}
	if vault.Exposed(info) {
		return "", fmt.Errorf("%w: %s is readable by group or others; allow its owner only (chmod 600)",
			ErrToken, t.tokenFile)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxTokenFile))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrToken, err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("%w: %s holds no token", ErrToken, t.tokenFile)
	}
	return token, nil
}
