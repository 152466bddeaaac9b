package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"
	"sync"

	"github.com/vezne/vezne/internal/secret"
)

// macHeader carries the MAC of a request and of an answer, lower-case hex.
const macHeader = "Sandbox-Mac"

// The first line of what a MAC covers keeps requests and answers apart.
const (
	requestDomain = "sandbox-request-1\n"
	answerDomain  = "sandbox-answer-1\n"
	returnDomain  = "sandbox-return-1\n"
)

// macField carries the MAC of a return.
const macField = "mac"

// returnFields are the fields of a return, in the order in which its MAC covers
// them. All are always there; those of a bank that booked nothing are empty.
var returnFields = [...]string{
	"model", "terminal", "reference", "kind", "amount", "currency", "md_status", "md", "xid", "eci", "cavv",
	"outcome", "code", "message", "transaction_id", "rrn", "auth_code",
}

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

// back is HMAC-SHA256 over every field of a return as name, length and value, so
// that nothing can be moved from one value into its neighbour.
func (a *authenticator) back(values map[string]string) string {
	var fields []byte
	for _, name := range returnFields {
		v := values[name]
		fields = append(fields, name+"="+strconv.Itoa(len(v))+":"+v+"\n"...)
	}
	return a.mac(returnDomain, fields)
}

func (a *authenticator) mac(head string, body []byte) string {
	h, ok := a.keyed.Get().(hash.Hash)
	if !ok {
		panic("sandbox: the pool of MACs holds something else") // New gives nothing else
	}
	defer a.keyed.Put(h)
	h.Reset()
	h.Write([]byte(head))
	h.Write(body)
	var sum [sha256.Size]byte
	return hex.EncodeToString(h.Sum(sum[:0]))
}

// macEqual compares in constant time.
func macEqual(got, want string) bool { return hmac.Equal([]byte(got), []byte(want)) }
