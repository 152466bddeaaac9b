package sandbox

import (
	"net/url"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/secret"
)

// RequestMAC is a request's MAC under the demo's key.
func RequestMAC(path, body string) string {
	return newAuthenticator(secret.FromString(DefaultKey)).request(path, []byte(body))
}

// AnswerMAC is an answer's MAC under the demo's key.
func AnswerMAC(request, body string) string {
	return newAuthenticator(secret.FromString(DefaultKey)).answer(request, []byte(body))
}

// ReturnMAC is a return's MAC under the demo's key.
func ReturnMAC(fields url.Values) string {
	values := map[string]string{}
	for _, name := range returnFields {
		values[name] = fields.Get(name)
	}
	return newAuthenticator(secret.FromString(DefaultKey)).back(values)
}

// ReadReply reads an answer as a connector does.
func ReadReply(body []byte) (connector.Answer, error) {
	r, err := parseReply(body)
	if err != nil {
		return connector.Answer{}, err
	}
	return toAnswer(r), nil
}
