package bin

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/keyword"
	"github.com/vezne/vezne/internal/sheet"
)

// maxName bounds the names in a row, in characters; the longest bank name of the
// public lists has 60.
const maxName = 100

// parseRow reads one record; problem says what is wrong with it, without its line.
func parseRow(columns sheet.Columns, fields []string) (info Info, problem *BadRow) {
	field := func(column string) string {
		i := columns.Of(column)
		if i < 0 || i >= len(fields) {
			return ""
		}
		return fields[i]
	}
	refuse := func(column, format string, args ...any) {
		if problem == nil {
			problem = &BadRow{Column: column, Why: fmt.Sprintf(format, args...)}
		}
	}
	flag := func(column string, byDefault bool) bool {
		value, ok := parseFlag(field(column), byDefault)
		if !ok {
			refuse(column, "must be true or false")
		}
		return value
	}
	var ok bool
	info.Prefix = field("prefix")
	if _, ok = parsePrefix(info.Prefix); !ok {
		refuse("prefix", "must be %d to %d digits", minPrefix, maxPrefix)
	}
	info.BankCode = field("bank_code")
	if _, ok = parseDigits(info.BankCode); info.BankCode != "" && (!ok || len(info.BankCode) != 4) {
		refuse("bank_code", "must be four digits")
	}
	if info.Scheme, ok = parseScheme(field("scheme")); !ok {
		refuse("scheme", "must be the name of a card scheme")
	}
	if info.Type, ok = parseType(field("type")); !ok {
		refuse("type", "must be credit, debit or prepaid")
	}
	info.Bank, info.Program, info.Brand = field("bank"), field("program"), field("brand")
	for _, column := range []string{"bank", "program", "brand"} {
		if !printable(field(column)) {
			refuse(column, "must be at most %d characters of UTF-8 without control characters", maxName)
		}
	}
	info.Commercial = flag("commercial", false)
	info.Domestic = flag("domestic", info.BankCode != "")
	return info, problem
}

// parseScheme reads a scheme's name in any case, with or without separators:
// lists write MASTER_CARD, Master Card and MasterCard.
func parseScheme(s string) (card.Scheme, bool) {
	for _, scheme := range card.Schemes() {
		if letters(s) == letters(string(scheme)) {
			return scheme, true
		}
	}
	return "", false
}

func parseType(s string) (card.Type, bool) {
	for _, t := range card.Types() {
		if strings.TrimSuffix(letters(s), "card") == letters(string(t)) {
			return t, true
		}
	}
	return "", false
}

// parseFlag reads yes and no, and what a Turkish spreadsheet writes for true and
// false.
func parseFlag(s string, byDefault bool) (value, ok bool) {
	switch keyword.Fold(s) {
	case "":
		return byDefault, true
	case "true", "yes", "1", "doğru", "evet":
		return true, true
	case "false", "no", "0", "yanliş", "hayir":
		return false, true
	}
	return false, false
}

// separators are what lists write between the words of a name, or leave out.
var separators = strings.NewReplacer(" ", "", "_", "", "-", "")

// letters returns a folded name without its separators.
func letters(s string) string { return separators.Replace(keyword.Fold(s)) }

func printable(name string) bool {
	return utf8.ValidString(name) && utf8.RuneCountInString(name) <= maxName &&
		!strings.ContainsFunc(name, unicode.IsControl)
}
