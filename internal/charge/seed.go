package charge

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
)

// routingSeed returns the number by which weighted rules choose for a payment. A
// single payment costs the same everywhere, so each has a new one; a payment in
// installments has that of its quote, or else the payer would be charged another
// price.
func routingSeed(c Pay) uint32 {
	if c.Installments > 1 {
		return quoteSeed(c.MerchantID, c.Card.PAN.BIN(8), c.Price)
	}
	return randomSeed()
}

// randomSeed returns a random number.
func randomSeed() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails since Go 1.24
	return binary.BigEndian.Uint32(b[:])
}

// quoteSeed depends on nothing that a quote does not know: of the card, six
// digits are all that every caller gives. Weights hold over cards and amounts.
func quoteSeed(m id.Merchant, digits string, amount money.Amount) uint32 {
	var facts []byte
	facts = binary.BigEndian.AppendUint64(facts, uint64(m))              //nolint:gosec // a hash's input
	facts = binary.BigEndian.AppendUint64(facts, uint64(amount.Minor())) //nolint:gosec // a hash's input
	facts = append(facts, amount.Currency().String()...)
	facts = append(facts, digits[:min(len(digits), 6)]...)
	sum := sha256.Sum256(facts)
	return binary.BigEndian.Uint32(sum[:4])
}
