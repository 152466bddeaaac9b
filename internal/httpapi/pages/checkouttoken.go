package pages

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/secret"
)

// formToken proves that a form was made by us for a checkout as it was at one
// version: another site cannot send one, and one that is sent twice says so.
func formToken(key secret.Bytes, u id.UUID, version int) string {
	mac := hmac.New(sha256.New, key.Reveal())
	_, _ = mac.Write(u[:])                                 // a hash never fails
	_, _ = mac.Write([]byte("\n" + strconv.Itoa(version))) // a hash never fails
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// versionOf returns the version for which a form was made, and whether its token
// is right; it compares in constant time.
func versionOf(key secret.Bytes, u id.UUID, version, token string) (int, bool) {
	n, err := strconv.Atoi(version)
	if err != nil {
		return 0, false
	}
	return n, hmac.Equal([]byte(formToken(key, u, n)), []byte(token))
}
