package wire

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what banks sign with; see SHA1
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strings"

	"github.com/vezne/vezne/internal/secret"
)

// Sum is a hash or a MAC, to be written as the bank's document says.
type Sum []byte

// Base64 is the standard encoding, with padding.
func (s Sum) Base64() string { return base64.StdEncoding.EncodeToString(s) }

// Hex is lower-case, and UpperHex upper-case.
func (s Sum) Hex() string { return hex.EncodeToString(s) }

// UpperHex is hexadecimal in upper case.
func (s Sum) UpperHex() string { return strings.ToUpper(s.Hex()) }

// SHA1 hashes parts one after another, as SHA256 and SHA512 do, without anything between
// them unless it is a part. That makes "1"+"23" and "12"+"3" equal: it is for
// protocols that sign so, whose connector compares every field with its own record.
// The parts are the bytes that the bank hashes, which for text in another charset
// than UTF-8 are those of Charset.Encode.
//
// SHA-1 is broken for signatures of what an attacker may write freely. Banks use it
// with a secret among the parts; there is no choice in it.
func SHA1(parts ...string) Sum { return sum(sha1.New(), parts) } //nolint:gosec // see above

// SHA256 is described with SHA1.
func SHA256(parts ...string) Sum { return sum(sha256.New(), parts) }

// SHA512 is described with SHA1.
func SHA512(parts ...string) Sum { return sum(sha512.New(), parts) }

// HMACSHA256 is the HMAC of parts one after another; see SHA1.
func HMACSHA256(key secret.Bytes, parts ...string) Sum {
	return sum(hmac.New(sha256.New, key.Reveal()), parts)
}

// HMACSHA512 is the HMAC of parts one after another; see SHA1.
func HMACSHA512(key secret.Bytes, parts ...string) Sum {
	return sum(hmac.New(sha512.New, key.Reveal()), parts)
}

func sum(h hash.Hash, parts []string) Sum {
	for _, p := range parts {
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}

// SameMAC compares a MAC that came with the right one, in constant time. An empty
// one is never the same: a bank that signs nothing says so in its connector.
func SameMAC(got, want string) bool {
	return want != "" && hmac.Equal([]byte(got), []byte(want))
}
