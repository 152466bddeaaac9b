package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vezne/vezne/internal/id"
)

// ErrHeads is a text of heads that was not written under this keyset, or was
// changed since.
var ErrHeads = errors.New("the noted heads are not what was written under this keyset")

// headsTitle is the first line of a text of heads.
const headsTitle = "vezne audit heads 1"

// Note writes heads as text, a line each, sealed under the key of the chain:
// without it nobody can write one that Noted takes. An older text stays valid, so
// it protects as much as the place that it is kept in.
func (s *Sealer) Note(h Heads) string {
	var b strings.Builder
	b.WriteString(headsTitle + "\n")
	for _, m := range slices.Sorted(maps.Keys(h)) {
		fmt.Fprintf(&b, "merchant %d block %d %x\n", m, h[m].Number, h[m].Hash)
	}
	return b.String() + "seal " + s.sealOf(b.String()) + "\n"
}

// Noted reads what Note wrote; anything else is ErrHeads.
func (s *Sealer) Noted(text string) (Heads, error) {
	body, seal, found := strings.Cut(text, "seal ")
	if !found || subtle.ConstantTimeCompare([]byte(strings.TrimSuffix(seal, "\n")), []byte(s.sealOf(body))) != 1 {
		return nil, ErrHeads
	}
	heads := Heads{}
	for line := range strings.Lines(strings.TrimPrefix(body, headsTitle+"\n")) {
		var m id.Merchant
		var h Head
		var hash []byte
		if _, err := fmt.Sscanf(line, "merchant %d block %d %x\n", &m, &h.Number, &hash); err != nil ||
			len(hash) != len(h.Hash) {
			return nil, ErrHeads
		}
		h.Hash = [32]byte(hash)
		heads[m] = h
	}
	return heads, nil
}

func (s *Sealer) sealOf(body string) string {
	mac := hmac.New(sha256.New, s.key.Reveal())
	_, _ = mac.Write([]byte(body)) // a hash never fails
	return hex.EncodeToString(mac.Sum(nil))
}
