package sqlstore

import (
	"errors"

	"github.com/vezne/vezne/internal/payment"
)

// Documents writes the documents of a payment and reads them again.
func Documents(p payment.Payment) (instrument, routing string, read payment.Payment, err error) {
	instrument, routing = putInstrument(&p), putDecision(&p)
	err = errors.Join(takeInstrument(&read, instrument), takeDecision(&read, routing))
	return instrument, routing, read, err
}
