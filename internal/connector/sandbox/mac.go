package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sync"

	"github.com/vezne/vezne/internal/secret"
)

// macHeader carries the MAC of a request and of an answer, lower-case hex.
const macHeader = "Sandbox-Mac"

// The first line of what a MAC covers keeps requests and answers apart.
const (
	requestDomain = "sandbox-request-1\n"
	answerDomain  = "sandbox-answer-1\n"
)

// authenticator makes the MACs of one key. It is safe for concurrent use.
type authenticator struct {
	keyed sync.Pool // of hash.Hash; hashing the key anew costs as much as a message
}

func newAuthenticator(key secret.Bytes) *authenticator {
	return &authenticator{keyed: sync.Pool{New: func() any { return hmac.New(sha256.New, key.Reveal()) }}}
}

// request is HMAC-SHA256 over the path and the body, so that a body sent to one
// path is worth nothing at another.
func (a *authenticator) request(path string, body []byte) string {
	return a.mac(requestDomain+path+"\n", body)
}

// answer is HMAC-SHA256 over the request's MAC and the body, so that an answer is
// good for one request only.
func (a *authenticator) answer(request string, body []byte) string {
	return a.mac(answerDomain+request+"\n", body)
}

func (a *authenticator) mac(head string, body []byte) string {
	h := a.keyed.Get().(hash.Hash) // New gives nothing else
	defer a.keyed.Put(h)
	h.Reset()
	h.Write([]byte(head))
	h.Write(body)
	var sum [sha256.Size]byte
	return hex.EncodeToString(h.Sum(sum[:0]))
}

// macEqual compares in constant time.
func macEqual(got, want string) bool { return hmac.Equal([]byte(got), []byte(want)) }
