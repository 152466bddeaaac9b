package kuveyt_test

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/connectortest"
	"github.com/vezne/vezne/internal/money"
)

func TestConnector(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, registration, connectortest.Cases{
		WrongKey: map[string]string{"password": "another"}, Currency: money.TRY,
		Approved: testCard(t, "5421190122090656"), Declined: testCard(t, "5100050000006661"), DeclinedReason: connector.NotSufficientFunds,
		Bank: connectortest.Bank{Rules: rules(), SignsAnswers: true, Charset: connector.Windows1254},
		ThreeDS: &connectortest.ThreeDS{
			Provision: map[string]string{}, Right: map[string]string{"password": "a"}, Refuse: map[string]string{"password": "b"},
			Never:     testCard(t, "5115830000006669"),
			InitFails: testCard(t, "5117580000006668"), InitFailsReason: connector.ThreeDSInitError,
			CompleteFails: testCard(t, "5100560000006669"), CompleteFailsReason: connector.DoNotHonour,
		},
	})
}

func testCard(t *testing.T, number string) card.Card {
	t.Helper()
	pan, err := card.ParsePAN(number)
	if err != nil {
		t.Fatal(err)
	}
	cvv, err := card.ParseCVV("916")
	if err != nil {
		t.Fatal(err)
	}
	return card.Card{PAN: pan, CVV: cvv, Expiry: card.Expiry{Year: 2068, Month: time.April}, Holder: "Şule Işık"}
}

// The vectors are those of the reference.
func TestHashVectors(t *testing.T) {
	t.Parallel()
	b := bank{merchant: "80", user: "apiuser", password: testPassword}
	if got := b.hash("ORDER-123", "7256", "", ""); got != "Bf+hZf2c1gf1pTXnEaSGxDpGRr0=" {
		t.Errorf("hash without addresses = %s", got)
	}
	const home = "http://localhost:44785/Home/"
	if got := b.hash("ORDER-123", "7256", home+"Success", home+"Fail"); got != "P3a0zjAklu2g8XDJfTx2qvwHH8g=" {
		t.Errorf("hash with addresses = %s", got)
	}
}
