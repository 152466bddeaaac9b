package sandbox

import (
	"strconv"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/simulator"
)

// answerOf is what the bank says about a booking, at once and to every inquiry.
func answerOf(b simulator.Booking) reply {
	r := reply{
		Terminal: b.Order.Terminal, Kind: b.Order.Kind, Reference: b.Order.Reference,
		Outcome: declined, Code: string(b.Decline), Message: simulator.Words(b.Decline),
		Amount: b.Order.Amount.Minor(), Currency: uint16(b.Order.Amount.Currency()),
	}
	if b.Approved() {
		r.Outcome, r.Code, r.Reversed = approved, string(connector.Success), b.Reversed
		r.TransactionID, r.RRN, r.AuthCode = transactionID(b), b.RRN(), b.AuthCode()
	}
	return r
}

func transactionID(b simulator.Booking) string {
	return "SB" + strconv.Itoa(1_000_000_000_000+b.Number)
}

// refusal declines an order without a trace in the ledger.
func refusal(o order, why connector.Reason) reply {
	return reply{
		Terminal: o.Terminal, Kind: o.Kind, Reference: o.Reference,
		Outcome: declined, Code: string(why), Message: simulator.Words(why),
		Amount: o.Amount, Currency: o.Currency,
	}
}

// back makes the form of a return.
func (s *simulatedBank) back(r simulator.Return) []connector.Field {
	o := r.Order
	values := map[string]string{
		"model": model3D, "terminal": o.Terminal, "reference": o.Reference, "kind": string(o.Kind),
		"amount": strconv.FormatInt(o.Amount.Minor(), 10), "currency": strconv.Itoa(int(o.Amount.Currency())),
		"md_status": strconv.Itoa(r.MDStatus), "md": r.Proof.MD, "xid": r.Proof.XID, "eci": r.Proof.ECI, "cavv": r.Proof.CAVV,
	}
	if r.Pay {
		values["model"] = model3DPay
	}
	if !r.Booking.IsZero() {
		said := answerOf(r.Booking)
		values["outcome"], values["code"], values["message"] = string(said.Outcome), said.Code, r.Message
		values["transaction_id"], values["rrn"], values["auth_code"] = said.TransactionID, said.RRN, said.AuthCode
	}
	// The MAC is over the bytes that the browser posts.
	bytes := make(map[string]string, len(values))
	for name, value := range values {
		bytes[name], _ = r.Charset.Encode(value) // the bank's own words are in its own charset
	}
	fields := make([]connector.Field, 0, len(returnFields)+1)
	for _, name := range returnFields {
		fields = append(fields, connector.Field{Name: name, Value: values[name]})
	}
	return append(fields, connector.Field{Name: macField, Value: r.MAC(s.macs.back(bytes))})
}
