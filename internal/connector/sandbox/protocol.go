// Package sandbox speaks the protocol of the sandbox bank, a bank that exists
// only as the simulator in this package. The protocol is described in
// docs/sandbox.md: JSON over HTTP, amounts as integers of minor units with ISO
// 4217 numeric currencies, and a MAC over every request and answer.
package sandbox

import (
	"time"

	"github.com/vezne/vezne/internal/connector"
)

// The paths below the bank's address.
const (
	transactionsPath = "/transactions"
	inquiriesPath    = "/inquiries"
	enrolmentsPath   = "/enrolments"
)

// The models of 3-D Secure that the bank knows.
const (
	// model3D: the shop asks for the money after the payer's return.
	model3D = "3d"
	// model3DPay: the bank books by itself while it sends the payer back.
	model3DPay = "3d_pay"
)

// order is a request that moves money.
type order struct {
	Terminal string `json:"terminal"`
	// SentAt makes every request unlike all others, and with it the answer's MAC.
	SentAt    time.Time      `json:"sent_at"`
	Kind      connector.Kind `json:"kind"`
	Reference string         `json:"reference"`
	// Amount is in minor units; zero for a void that leaves it to the bank.
	Amount   int64  `json:"amount"`
	Currency uint16 `json:"currency"`
	// Original is the reference that a follow-up is about.
	Original     string    `json:"original,omitzero"`
	Installments int       `json:"installments,omitzero"`
	Card         orderCard `json:"card,omitzero"`
	ClientIP     string    `json:"client_ip,omitzero"`
	// Authentication stands for the card of a payer who came back from 3-D Secure.
	Authentication orderAuthentication `json:"authentication,omitzero"`
}

// orderAuthentication is what the bank's return said.
type orderAuthentication struct {
	MD   string `json:"md"`
	XID  string `json:"xid"`
	ECI  string `json:"eci"`
	CAVV string `json:"cavv"`
}

// enrolmentOrder asks to authenticate the payer of an order before it is booked.
type enrolmentOrder struct {
	Order order  `json:"order"`
	Model string `json:"model"`
	// CardAgain asks for the card once more at the booking.
	CardAgain bool   `json:"card_again,omitzero"`
	ReturnURL string `json:"return_url"`
	Language  string `json:"language,omitzero"`
}

// enrolmentReply answers an enrolmentOrder. An approved one has a page to which
// the payer's browser posts the token.
type enrolmentReply struct {
	Reply reply  `json:"reply"`
	Page  string `json:"page,omitzero"`
	Token string `json:"token,omitzero"`
}

// orderCard is the card of a sale or a pre-authorization.
type orderCard struct {
	Number string `json:"number"`
	Expiry string `json:"expiry"` // YYMM
	CVV    string `json:"cvv,omitzero"`
	Holder string `json:"holder,omitzero"`
}

// question asks what became of an order.
type question struct {
	Terminal  string         `json:"terminal"`
	SentAt    time.Time      `json:"sent_at"`
	Kind      connector.Kind `json:"kind"`
	Reference string         `json:"reference"`
}

// outcome is what the bank says to an order or a question.
type outcome string

const (
	approved outcome = "approved"
	declined outcome = "declined"
	missing  outcome = "missing" // no such order; to a question only
)

// reply answers an order or a question.
type reply struct {
	Terminal  string         `json:"terminal"`
	Kind      connector.Kind `json:"kind"`
	Reference string         `json:"reference"`
	Outcome   outcome        `json:"outcome"`
	// Reversed says that the order was approved and voided since.
	Reversed      bool   `json:"reversed,omitzero"`
	Code          string `json:"code"`
	Message       string `json:"message,omitzero"`
	Amount        int64  `json:"amount"`
	Currency      uint16 `json:"currency"`
	TransactionID string `json:"transaction_id,omitzero"`
	RRN           string `json:"rrn,omitzero"`
	AuthCode      string `json:"auth_code,omitzero"`
}
