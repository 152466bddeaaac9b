package webhook

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/vezne/vezne/internal/secret"
)

const (
	// secretPrefix marks a symmetric secret (Standard Webhooks, "Signature scheme").
	secretPrefix = "whsec_"
	// keyBytes is the length of a key: the specification asks for 24 to 64.
	keyBytes = 32
)

// newKey draws a signing key.
func newKey() []byte {
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key) // crypto/rand.Read never fails since Go 1.24
	return key
}

// secretText is a signing key as its owner sees it.
func secretText(key []byte) secret.Bytes {
	return secret.New(base64.StdEncoding.AppendEncode([]byte(secretPrefix), key))
}

// sign returns the headers of a message: its id, the time of sending, and a
// signature by each key that is valid at that time.
func (s *Service) sign(
	ctx context.Context, e Endpoint, messageID string, at time.Time, body []byte,
) (map[string]string, error) {
	sealed := [][]byte{e.SealedSecret}
	if len(e.SealedPrevious) > 0 && at.Before(e.PreviousUntil) {
		sealed = append(sealed, e.SealedPrevious)
	}
	var signatures [][]byte
	for _, value := range sealed {
		key, err := s.sealer.Open(ctx, e.SecretSubject(), value)
		if err != nil {
			return nil, fmt.Errorf("open signing key: %w", err)
		}
		signature, err := signature(key, messageID, at, body)
		clear(key)
		if err != nil {
			return nil, err
		}
		signatures = append(signatures, []byte(signature))
	}
	return map[string]string{
		standardwebhooks.HeaderWebhookID:        messageID,
		standardwebhooks.HeaderWebhookTimestamp: strconv.FormatInt(at.Unix(), 10),
		standardwebhooks.HeaderWebhookSignature: string(bytes.Join(signatures, []byte(" "))),
		"content-type":                          "application/json; charset=utf-8",
		"user-agent":                            "Vezne-Webhooks/1",
	}, nil
}

func signature(key []byte, messageID string, at time.Time, body []byte) (string, error) {
	signer, err := standardwebhooks.NewWebhookRaw(key)
	if err != nil {
		return "", fmt.Errorf("read signing key: %w", err)
	}
	text, err := signer.Sign(messageID, at, body)
	if err != nil {
		return "", fmt.Errorf("sign event: %w", err)
	}
	return text, nil
}
