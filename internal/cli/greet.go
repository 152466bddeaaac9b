package cli

import (
	"fmt"
	"io"

	"github.com/vezne/vezne/internal/fixture"
)

// greet says where the demo is, what opens it and how to pay. Everything that it
// prints is public demo data.
func greet(w io.Writer, url, database string, set *fixture.Set) {
	fmt.Fprintf(w, "\nVezne demo at %s\n", url)
	fmt.Fprintf(w, "  documents  %s/docs\n", url)
	fmt.Fprintf(w, "  banks      %s/sim/\n", url)
	fmt.Fprintf(w, "  database   %s\n", database)
	fmt.Fprintf(w, "  fixtures   %s\n\n", set)
	for _, m := range set.Merchants {
		fmt.Fprintf(w, "Merchant %d, %s\n", m.Merchant.ID, m.Merchant.Name)
		for _, c := range m.Credentials {
			fmt.Fprintf(w, "  X-API-KEY: %s   X-API-SECRET: %s\n", c.Key, c.Secret.Reveal())
		}
	}
	if len(set.Merchants) > 0 && len(set.Merchants[0].Credentials) > 0 {
		first := set.Merchants[0].Credentials[0]
		fmt.Fprintf(w, "\nPay:\n\n"+payment, url, first.Key, first.Secret.Reveal())
	}
}

// payment is the curl of the README, with the address and the credential open.
const payment = `curl -X POST %s/api/payment \
  -H "Content-Type: application/json" \
  -H "X-API-KEY: %s" \
  -H "X-API-SECRET: %s" \
  -d '{"orderId":"ORD-12345","amount":100.50,"currency":"TRY","cardHolderName":"John Doe","pan":"5421190122090656","expiryMonth":"04","expiryYear":"28","cvv":"916","requestIp":"192.168.1.1","requestPort":8080}'

`
