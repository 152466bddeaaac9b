package sandbox_test

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/connectortest"
	"github.com/vezne/vezne/internal/connector/sandbox"
	"github.com/vezne/vezne/internal/money"
)

func TestConnector(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, sandbox.Registration, connectortest.Cases{
		Settings:       map[string]string{"terminal": "VZ000042"},
		WrongKey:       map[string]string{"key": "not-the-banks-key"},
		Currency:       money.TRY,
		Approved:       testCard(t, "5421190122090656"),
		Declined:       testCard(t, "5100050000006661"),
		DeclinedReason: connector.NotSufficientFunds,
		Bank: connectortest.Bank{
			Rules: connector.Rules{
				OwnReference: true, RefundBeforeDayEnd: true, CaptureAbove: 50_000_000, Charset: connector.Windows1254,
			},
			SignsAnswers: true,
		},
		ThreeDS: &connectortest.ThreeDS{
			Provision: map[string]string{"model": "3d"}, Pay: map[string]string{"model": "3d_pay"},
			Again: map[string]string{"card_again": "yes"},
			Right: map[string]string{"password": "a"}, Refuse: map[string]string{"password": "b"},
			HalfSecure: testCard(t, "5117280000006665"), Never: testCard(t, "5115830000006669"),
			InitFails: testCard(t, "5117580000006668"), InitFailsReason: connector.ThreeDSInitError,
			CompleteFails: testCard(t, "5100560000006669"), CompleteFailsReason: connector.DoNotHonour,
		},
	})
}

func testCard(t testing.TB, number string) card.Card {
	t.Helper()
	pan, err := card.ParsePAN(number)
	if err != nil {
		t.Fatal(err)
	}
	code := "916"
	if len(number) == 15 {
		code = "9160"
	}
	cvv, err := card.ParseCVV(code)
	if err != nil {
		t.Fatal(err)
	}
	return card.Card{PAN: pan, CVV: cvv, Expiry: card.Expiry{Year: 2068, Month: time.April}, Holder: "Ada Test"}
}
