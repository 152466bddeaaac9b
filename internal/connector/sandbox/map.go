package sandbox

import (
	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/connector"
)

// parseReply reads an answer whose MAC is right. Its error holds nothing of it.
func parseReply(body []byte) (reply, error) {
	var r reply
	if err := json.Unmarshal(body, &r); err != nil {
		return reply{}, errReply
	}
	switch {
	case r.Outcome == approved && r.TransactionID != "":
	case r.Outcome == declined && r.Code != "" && r.Code != string(connector.Success):
	case r.Outcome == missing:
	default:
		return reply{}, errReply
	}
	return r, nil
}

func toAnswer(r reply) connector.Answer {
	a := connector.Answer{
		Outcome:       connector.Declined,
		Reason:        toReason(r.Code),
		BankCode:      r.Code,
		BankMessage:   r.Message,
		TransactionID: r.TransactionID,
		HostReference: r.RRN,
		AuthCode:      r.AuthCode,
	}
	if r.Outcome == approved {
		a.Outcome, a.Reason = connector.Approved, connector.Success
	}
	return a
}

// toReason takes the bank's code, which is a reason's name; one that nobody has
// heard of is UnknownReason, so that no surface shows a code that is not in its list.
func toReason(code string) connector.Reason {
	if r := connector.Reason(code); r.OfBank() {
		return r
	}
	return connector.UnknownReason
}
