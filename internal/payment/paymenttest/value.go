package paymenttest

import (
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/operation"
)

// Rate reads a rate in percent.
func Rate(t *testing.T, s string) money.Rate {
	t.Helper()
	r, err := money.ParseRate(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Lira reads an amount of Turkish lira.
func Lira(t *testing.T, s string) money.Amount {
	t.Helper()
	a, err := money.ParseAmount(s, money.TRY)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The cards of docs/sandbox.md that the tests pay with.
const (
	GoodCard      = "5421190122090656"
	PoorCard      = "5100050000006661" // NOT_SUFFICIENT_FUNDS
	SoftCard      = "5100560000006669" // DO_NOT_HONOUR
	StrangeCard   = "4242424242424242" // outside of the bank's list
	HoldOnlyCard  = "4043150000006662" // its capture is refused
	KeepMoneyCard = "6501700000006664" // its refund is refused
)

// Typed is a card as a payer types it.
func (w *World) Typed(t *testing.T, number string) card.Card {
	t.Helper()
	pan, err := card.ParsePAN(number)
	if err != nil {
		t.Fatal(err)
	}
	cvv, err := card.ParseCVV("916")
	if err != nil {
		t.Fatal(err)
	}
	return card.Card{PAN: pan, CVV: cvv, Expiry: card.Expiry{Year: 2028, Month: time.April}, Holder: "John Doe"}
}

// ByHand is what a person says of an operation.
func ByHand(o id.Operation, approved bool) operation.Resolve {
	return operation.Resolve{MerchantID: 1, Actor: "user:1", Operation: o, Approved: approved, BankReference: "RRN-1", Note: "by telephone"}
}

// Race runs f in n goroutines at once and returns how many said true.
func Race(n int, f func() bool) int {
	var wg sync.WaitGroup
	results := make([]bool, n)
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			results[i] = f()
		})
	}
	close(start)
	wg.Wait()
	won := 0
	for _, ok := range results {
		if ok {
			won++
		}
	}
	return won
}

// RefusalOf is the code of an error, empty for none.
func RefusalOf(err error) fault.Code {
	if err == nil {
		return ""
	}
	return fault.CodeOf(err)
}

// The cards that fail in 3-D Secure (docs/sandbox.md).
const (
	InitFailsCard     = "5117580000006668" // THREEDS_INIT_ERROR
	NeverSecureCard   = "5115830000006669" // mdStatus 0
	HalfSecureCard    = "5117280000006665" // mdStatus 4
	CompleteFailsCard = "5100050000006661" // NOT_SUFFICIENT_FUNDS
)

// KeyNamed is an idempotency key whose request is told by its name.
func KeyNamed(name string) idempotency.Key { return idempotency.Own(name) }

// KeyAsking is a key of that name, sent with a request that is told by a number.
func KeyAsking(name string, request byte) idempotency.Key {
	k := idempotency.Own(name)
	k.Request = [32]byte{request}
	return k
}
