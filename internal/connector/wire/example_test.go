package wire_test

import (
	"fmt"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/wire"
)

func ExampleElement_XML() {
	request := wire.Node("posnetRequest", wire.Leaf("mid", "6706598320"), wire.Node("agreement", wire.Leaf("orderID", "TDS_YKB_0000191010111730")))
	body, err := request.XML(connector.ISO88599)
	fmt.Println(string(body), err)
	// Output: <?xml version="1.0" encoding="ISO-8859-9"?><posnetRequest><mid>6706598320</mid><agreement><orderID>TDS_YKB_0000191010111730</orderID></agreement></posnetRequest> <nil>
}

func ExampleParseXML() {
	body := []byte("<?xml version=\"1.0\" encoding=\"ISO-8859-9\"?><posnetResponse><approved>0</approved><respText>Hatal\xfd</respText></posnetResponse>")
	r, err := wire.ParseXML(body, wire.Charset("text/xml", body, connector.ISO88599))
	fmt.Println(r.Value("approved"), r.Value("respText"), err)
	// Output: 0 Hatalı <nil>
}

func ExampleEncodeForm() {
	body, err := wire.EncodeForm([]connector.Field{{Name: "TxnType", Value: "Auth"}, {Name: "CardHolderName", Value: "Şule Işık"}}, connector.ISO88599)
	fmt.Println(string(body), err)
	// Output: TxnType=Auth&CardHolderName=%DEule+I%FE%FDk <nil>
}

// Kuveyt Türk's HashData of a provisioning (reference, section 8).
func ExampleSHA1() {
	password := wire.SHA1("Api123").Base64()
	fmt.Println(wire.SHA1("80", "ORDER-123", "7256", "", "", "apiuser", password).Base64())
	// Output: Bf+hZf2c1gf1pTXnEaSGxDpGRr0=
}
