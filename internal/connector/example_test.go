package connector_test

import (
	"fmt"
	"net/url"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/money"
)

// A bank that keeps no reference of ours lists three refunds of an order. Two are
// known by the bank's own numbers, so the third is the one whose answer was lost.
func ExampleInquiry_Among() {
	amount := money.FromMinor(5000, money.TRY)
	q := connector.Inquiry{
		Kind: connector.Refund, Reference: "06EV2RW4QK0000000003", Amount: amount,
		Siblings: []connector.Sibling{
			{Kind: connector.Refund, Reference: "06EV2RW4QK0000000001", TransactionID: "801", Amount: amount, Outcome: connector.Approved},
			{Kind: connector.Refund, Reference: "06EV2RW4QK0000000002", TransactionID: "802", Amount: amount, Outcome: connector.Approved},
		},
	}
	standing, mine := q.Among([]connector.Movement{
		{Amount: amount, TransactionID: "801"}, {Amount: amount, TransactionID: "802"}, {Amount: amount, TransactionID: "803"},
	})
	fmt.Println(standing == connector.Present, mine.TransactionID)
	// Output: true 803
}

// A page in windows-1254 posts its letters as bytes of that charset.
func ExampleDecodeReturn() {
	fields, err := url.ParseQuery("mdStatus=1&mdErrorMessage=%DD%FElem+onayland%FD")
	if err != nil {
		fmt.Println(err)
		return
	}
	f := connector.DecodeReturn(fields, "", connector.Windows1254)
	fmt.Println(f.Get("mdErrorMessage"))
	fmt.Printf("% x\n", f.Bytes.Get("mdErrorMessage")[:6])
	// Output:
	// İşlem onaylandı
	// dd fe 6c 65 6d 20
}

func ExampleCleanWords() {
	fmt.Println(connector.CleanWords("Kart 5421 1901 2209 0656\x00\r\nreddedildi ", connector.MaxText))
	// Output: Kart **** **** **** **** reddedildi
}

func ExampleDay_Open() {
	day := connector.Day{Zone: connector.Istanbul(), End: 22 * time.Hour}
	booked := time.Date(2026, time.November, 30, 12, 0, 0, 0, time.UTC)
	fmt.Println(day.Open(booked, booked.Add(6*time.Hour)), day.Open(booked, booked.Add(8*time.Hour)))
	// Output: true false
}
