package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"github.com/vezne/vezne/internal/secret"
)

// macHeader carries the MAC of a request and of an answer, lower-case hex.
const macHeader = "Sandbox-Mac"

// The first line of what a MAC covers keeps requests and answers apart.
const (
	requestDomain = "sandbox-request-1\n"
	answerDomain  = "sandbox-answer-1\n"
)

// requestMAC is HMAC-SHA256 over the path and the body, so that a body sent to
// one path is worth nothing at another.
func requestMAC(key secret.Bytes, path string, body []byte) string {
	return mac(key, requestDomain, path, body)
}

// answerMAC is HMAC-SHA256 over the request's MAC and the body, so that an
// answer is good for one request only.
func answerMAC(key secret.Bytes, request string, body []byte) string {
	return mac(key, answerDomain, request, body)
}

func mac(key secret.Bytes, domain, line string, body []byte) string {
	h := hmac.New(sha256.New, key.Reveal())
	h.Write([]byte(domain))
	h.Write([]byte(line))
	h.Write([]byte{'\n'})
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// macEqual compares in constant time.
func macEqual(got, want string) bool { return hmac.Equal([]byte(got), []byte(want)) }
