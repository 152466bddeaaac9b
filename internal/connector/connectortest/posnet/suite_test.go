package posnet_test

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
		WrongKey: map[string]string{"mid": "1111111111"}, Currency: money.TRY,
		Approved: testCard(t, "5421190122090656"), Declined: testCard(t, "5100050000006661"), DeclinedReason: connector.NotSufficientFunds,
		Bank: connectortest.Bank{Rules: rules(), RepeatsApproval: true, ForgetsDeclines: true, Charset: connector.ISO88599},
		ThreeDS: &connectortest.ThreeDS{
			Provision: map[string]string{}, Right: map[string]string{"password": "a"}, Refuse: map[string]string{"password": "b"},
			HalfSecure: testCard(t, "5117280000006665"), Never: testCard(t, "5115830000006669"),
			InitFails: testCard(t, "5117580000006668"), InitFailsReason: connector.ThreeDSInitError,
			CompleteFails: testCard(t, "5100560000006669"), CompleteFailsReason: connector.DoNotHonour,
			Asks:      true,
			Uncovered: []string{"CCPrefix", "TranType", "Amount", "Xid", "MerchantId", "Message"},
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

// The vectors are those of the reference; the second was produced by the bank.
func TestMACVectors(t *testing.T) {
	t.Parallel()
	b := bank{mid: "6706598320", tid: "67005551", key: testKey}
	if got := b.mac("TST_190620093100_024", "175", "TL"); got != "nyeFSQ4J9NZVeCcEGCDomM8e2YIvoeIa/IDh2D3qaL4=" {
		t.Errorf("request mac = %s", got)
	}
}
