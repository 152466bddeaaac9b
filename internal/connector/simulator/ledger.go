package simulator

import (
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/money"
)

// Row is one approved request in a simulator's ledger, as _ledger shows it.
type Row struct {
	// Reference is the caller's own reference of the request.
	Reference string         `json:"reference"`
	Kind      connector.Kind `json:"kind"`
	// Amount is shown as a JSON number in units of the currency: 100.50.
	Amount   money.Amount `json:"amount"`
	Currency string       `json:"currency"`
	Status   RowStatus    `json:"status"`
	// Original is the reference that a capture, void or refund is about; empty
	// otherwise.
	Original   string    `json:"original"`
	CardLast4  string    `json:"card_last4"`
	ApprovedAt time.Time `json:"approved_at"` // UTC
}

// RowStatus says whether a request still counts.
type RowStatus string

// The statuses of a row.
const (
	RowApproved RowStatus = "approved"
	// RowReversed was undone by a void, which has a row of its own.
	RowReversed RowStatus = "reversed"
)

// WriteLedger answers with the rows, oldest first.
func WriteLedger(w http.ResponseWriter, rows []Row) {
	WriteJSON(w, struct {
		Transactions []Row `json:"transactions"`
	}{rows})
}

// WriteJSON answers 200 with v as JSON.
func WriteJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.MarshalWrite(w, v) // the reader is gone, there is nobody to tell
}
