package webhook_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/vezne/vezne/internal/webhook"
)

// FuzzSignature holds that a receiver takes what was signed, whatever it says, and
// nothing that was changed on the way: another body, another id, another key, or a
// header of somebody's own making.
func FuzzSignature(f *testing.F) {
	const id = "msg_1"
	key := []byte(strings.Repeat("k", 32))
	for _, seed := range []struct{ body, other, header string }{
		{`{"type":"payment.captured"}`, `{"type":"payment.voided"}`, "v1,AAAA"},
		{"", " ", ""}, {".", "..", "v1,"}, {"\x00", "\x00\x00", "v1"}, {"a", "b", "v1a,x v1,y"}, {"x", "y", " , ,v1,===="},
	} {
		f.Add([]byte(seed.body), []byte(seed.other), seed.header)
	}
	f.Fuzz(func(t *testing.T, body, other []byte, header string) {
		now := time.Now()
		text, err := webhook.Signature(key, id, now, body)
		if err != nil {
			t.Fatal(err)
		}
		signed := func(messageID, signature string) http.Header {
			h := make(http.Header)
			h.Set(standardwebhooks.HeaderWebhookID, messageID)
			h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
			h.Set(standardwebhooks.HeaderWebhookSignature, signature)
			return h
		}
		receiver, err := standardwebhooks.NewWebhookRaw(key)
		if err != nil {
			t.Fatal(err)
		}
		stranger, err := standardwebhooks.NewWebhookRaw([]byte(strings.Repeat("x", 32)))
		if err != nil {
			t.Fatal(err)
		}
		if err := receiver.Verify(body, signed(id, text)); err != nil {
			t.Fatalf("what was signed is refused: %v", err)
		}
		if err := receiver.Verify(body, signed(id, "v1,AAAA "+text)); err != nil {
			t.Fatalf("beside a signature by another key it is refused: %v", err)
		}
		if receiver.Verify(body, signed("msg_2", text)) == nil || stranger.Verify(body, signed(id, text)) == nil {
			t.Fatal("another id or key is taken")
		}
		if string(other) != string(body) && receiver.Verify(other, signed(id, text)) == nil {
			t.Fatal("another body is taken")
		}
		if !strings.Contains(header, text) && receiver.Verify(body, signed(id, header)) == nil {
			t.Fatalf("%q is taken", header)
		}
	})
}
