package webhook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/vezne/vezne/internal/id"
)

// Describer tells merchants more of an event than the facts that were queued with
// it.
type Describer interface {
	// Describe adds to data, which are the facts of an event of a merchant, or
	// replaces a member of them. Errors hold nothing of the data.
	Describe(ctx context.Context, m id.Merchant, data map[string]jsontext.Value) error
}

// message is the body of a webhook, in the form that Standard Webhooks
// recommends ("Payload structure").
type message struct {
	Type      string                    `json:"type"`
	Timestamp time.Time                 `json:"timestamp"`
	Data      map[string]jsontext.Value `json:"data"`
}

// body writes what the endpoint gets: the facts of the event as they were, with what
// its Describer adds.
func (s *Service) body(ctx context.Context, d Delivery) ([]byte, error) {
	m := message{Type: string(d.Type), Timestamp: d.OccurredAt.UTC()}
	if err := json.Unmarshal(d.Data, &m.Data); err != nil {
		return nil, errors.New("event data is not a JSON object") // its own text may quote the data
	}
	if describer := s.events[d.Type]; describer != nil {
		if err := describer.Describe(ctx, d.MerchantID, m.Data); err != nil {
			return nil, fmt.Errorf("describe %s: %w", d.Type, err)
		}
	}
	body, err := json.Marshal(&m, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("write event: %w", err)
	}
	return body, nil
}
