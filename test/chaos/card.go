package chaos

// cardData is what a payer types. None is the card of the greeting that a demo
// prints. The codes are no round numbers, so that finding one in a file beside
// its name is no accident.
type cardData struct{ Number, Month, Year, CVV string }

// Cards of the demo's bank: these are approved in lira,
var domesticCards = []cardData{
	{"5526080000000006", "04", "28", "851"},
	{"5258640000000001", "11", "29", "739"},
	{"5406670000000009", "07", "30", "482"},
	{"5209222154820003", "02", "31", "657"},
}

// these in any currency,
var foreignCards = []cardData{
	{"4111111111111111", "09", "29", "273"},
	{"5555555555554444", "10", "30", "864"},
	{"378282246310005", "12", "28", "7351"},
}

// these are refused, the second in a way that another bank may see differently,
var refusedCards = []cardData{
	{"5100050000006661", "03", "29", "518"},
	{"5100560000006669", "05", "29", "386"},
	{"4242424242424242", "06", "30", "794"},
}

// and of these the money is held, but not taken, or taken, but not given back.
var stubbornCards = []cardData{
	{"4043150000006662", "08", "29", "625"},
	{"6501700000006664", "01", "30", "947"},
}

func allCards() []cardData {
	var all []cardData
	for _, some := range [][]cardData{domesticCards, foreignCards, refusedCards, stubbornCards} {
		all = append(all, some...)
	}
	return all
}
