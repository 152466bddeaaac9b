package money

import "strings"

// retired are codes that ISO 4217 withdrew (list three), by the code that took their
// place: since 1999, and those before that people still write.
var retired = [...]struct{ successor, codes string }{
	{"EUR", "ATS BEF BGL BGN CYP DEM EEK ESP FIM FRF GRD HRK IEP ITL LTL LUF LVL MTL NLG PTE SIT SKK XEU ADP"},
	{"TRY", "TRL"},
	{"AZN", "AZM"},
	{"RON", "ROL"},
	{"RUB", "RUR"},
	{"BYN", "BYB BYR"},
	{"RSD", "CSD YUM"},
	{"BAM", "BAD"},
	{"PLN", "PLZ"},
	{"UAH", "UAK"},
	{"MXN", "MXP"},
	{"BRL", "BRR"},
	{"XCG", "ANG"},
	{"CUP", "CUC"},
	{"SRD", "SRG"},
	{"VES", "VEB VEF"},
	{"AFN", "AFA"},
	{"TMT", "TMM"},
	{"TJS", "TJR"},
	{"AOA", "AOK AON AOR"},
	{"CDF", "ZRN ZRZ"},
	{"GHS", "GHC"},
	{"MGA", "MGF"},
	{"MRU", "MRO"},
	{"MZN", "MZM"},
	{"SDG", "SDD SDP"},
	{"SLE", "SLL"},
	{"STN", "STD"},
	{"USD", "ECS TPE"},
	{"XOF", "GWP"},
	{"ZMW", "ZMK"},
	{"ZWG", "ZWD ZWL ZWN ZWR"},
}

// successorOf returns the currency that took the place of a retired one, for a code of
// three letters.
func successorOf(code string) (Currency, bool) {
	for _, r := range retired {
		if strings.Contains(r.codes, code) {
			successor, err := ParseCurrency(r.successor)
			return successor, err == nil
		}
	}
	return 0, false
}
