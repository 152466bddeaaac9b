// Package kmstest plays HashiCorp Vault's transit secrets engine for tests, by its
// HTTP API (developer.hashicorp.com/vault/api-docs/secret/transit): encrypt and
// decrypt with associated data, tokens, key versions, and the ways in which it
// says no or nothing.
package kmstest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
)

// Token is the token that the service takes.
const Token = "hvs.CAESIJ-test-token" //nolint:gosec // of this service alone

// Mood is how the service behaves.
type Mood string

// The moods.
const (
	Well    Mood = ""
	Sealed  Mood = "sealed"  // 503, as before an unseal
	Garbage Mood = "garbage" // 200 with a page of a proxy
	Silent  Mood = "silent"  // takes the request and never answers
	Moved   Mood = "moved"   // redirects elsewhere
)

// Service is a running service.
type Service struct {
	server *httptest.Server

	mu    sync.Mutex
	mood  Mood
	keys  map[string]cipher.AEAD
	asked int
	done  chan struct{}
}

// Start starts a service with a key of the name given; it ends with the test.
func Start(t testing.TB, key string) *Service {
	t.Helper()
	s := &Service{keys: map[string]cipher.AEAD{}, done: make(chan struct{})}
	s.AddKey(t, key)
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(func() {
		close(s.done)
		s.server.Close()
	})
	return s
}

// AddKey makes another key.
func (s *Service) AddKey(t testing.TB, name string) {
	t.Helper()
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // it never fails
	block, err := aes.NewCipher(raw)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[name] = gcm
}

// Key returns the URL of a key.
func (s *Service) Key(name string) string { return s.server.URL + "/v1/transit/keys/" + name }

// Be sets how the service behaves.
func (s *Service) Be(m Mood) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mood = m
}

// Stop ends the service, so that nothing listens any more.
func (s *Service) Stop() { s.server.Close() }

// Asked returns how many requests came with the right token.
func (s *Service) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// TokenFile writes a token to a file of the test that is its owner's alone.
func TokenFile(t testing.TB, token string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

type body struct {
	Plaintext      []byte `json:"plaintext,omitzero"` // base64
	Ciphertext     string `json:"ciphertext,omitzero"`
	AssociatedData []byte `json:"associated_data,omitzero"`
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	mood := s.mood
	s.mu.Unlock()
	switch mood {
	case Well:
		s.answer(w, r)
	case Sealed:
		refuse(w, http.StatusServiceUnavailable, "Vault is sealed")
	case Garbage:
		_, _ = w.Write([]byte("<html>welcome</html>")) // the client sees to it
	case Silent:
		select {
		case <-r.Context().Done():
		case <-s.done:
		}
		return
	case Moved:
		http.Redirect(w, r, "http://127.0.0.1:1/elsewhere", http.StatusTemporaryRedirect)
	}
}

func (s *Service) answer(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Vault-Token") != Token {
		refuse(w, http.StatusForbidden, "permission denied")
		return
	}
	what, name, found := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/transit/"), "/")
	s.mu.Lock()
	key := s.keys[name]
	s.asked++
	s.mu.Unlock()
	var sent body
	if err := json.UnmarshalRead(r.Body, &sent); err != nil || r.Method != http.MethodPost || !found {
		refuse(w, http.StatusBadRequest, "failed to parse JSON input")
		return
	}
	if key == nil {
		refuse(w, http.StatusBadRequest, "encryption key not found")
		return
	}
	switch what {
	case "encrypt":
		//nolint:gosec // no nonce is passed because this AEAD draws its own
		sealed := key.Seal(nil, nil, sent.Plaintext, sent.AssociatedData)
		give(w, body{Ciphertext: "vault:v1:" + base64.StdEncoding.EncodeToString(sealed)})
	case "decrypt":
		open(w, key, sent)
	default:
		refuse(w, http.StatusNotFound, "no handler for route")
	}
}

func open(w http.ResponseWriter, key cipher.AEAD, sent body) {
	text, found := strings.CutPrefix(sent.Ciphertext, "vault:v1:")
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil || !found {
		refuse(w, http.StatusBadRequest, "invalid ciphertext: no prefix")
		return
	}
	plain, err := key.Open(nil, nil, sealed, sent.AssociatedData)
	if err != nil {
		refuse(w, http.StatusBadRequest, "cipher: message authentication failed")
		return
	}
	give(w, body{Plaintext: plain})
}

func give(w http.ResponseWriter, b body) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.MarshalWrite(w, map[string]body{"data": b}) // the client sees to it
}

func refuse(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.MarshalWrite(w, map[string][]string{"errors": {why}}) // the client sees to it
}
