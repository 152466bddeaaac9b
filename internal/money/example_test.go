package money_test

import (
	"fmt"

	"github.com/vezne/vezne/internal/money"
)

// What callers send is read in the currency's own digits, and refused if it has more.
func ExampleParseAmount() {
	a, err := money.ParseAmount("1035.00", money.TRY)
	fmt.Println(a, a.Minor(), err)
	_, err = money.ParseAmount("1035.005", money.TRY)
	fmt.Println(err != nil)
	// Output:
	// 1035.00 TRY 103500 <nil>
	// true
}

// A commission of 2.89 % is rounded half up, once.
func ExampleRate_Of() {
	rate, err := money.ParseRate("2.89")
	fmt.Println(rate.Of(money.FromMinor(103_500, money.TRY)), err)
	// Output: 29.91 TRY <nil>
}

// A discount of 10.00 over three items of a basket: nothing is lost to rounding.
func ExampleAmount_Share() {
	for _, part := range money.FromMinor(10_00, money.TRY).Share(1, 1, 1) {
		fmt.Println(part)
	}
	// Output:
	// 3.34 TRY
	// 3.33 TRY
	// 3.33 TRY
}
