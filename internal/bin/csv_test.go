package bin_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
)

const header = "prefix,bank_code,bank,scheme,type,program,brand,commercial,domestic\n"

var bonus = bin.Info{
	Prefix: "520922", BankCode: "0062", Bank: "T. GARANTİ BANKASI A.Ş.", Scheme: card.Mastercard, Type: card.Credit,
	Program: "Bonus", Brand: "Bonus Flexi", Domestic: true,
}

const bonusRow = "520922,0062,T. GARANTİ BANKASI A.Ş.,MASTERCARD,CREDIT,Bonus,Bonus Flexi,false,true\n"

func TestParseCSV(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in   string
		rows []bin.Info
		bad  []bin.BadRow
	}{
		"documented_columns": {in: header + bonusRow, rows: []bin.Info{bonus}},
		"other_order_other_case_and_extra_columns": {
			in:   "Type, SCHEME ,country,prefix\nDebit,Visa,TR,411111\n",
			rows: []bin.Info{{Prefix: "411111", Scheme: card.Visa, Type: card.Debit}},
		},
		"byte_order_mark_and_CRLF": {
			in:   "\xef\xbb\xbf" + strings.ReplaceAll(header+bonusRow, "\n", "\r\n"),
			rows: []bin.Info{bonus},
		},
		"semicolons":             {in: strings.ReplaceAll(header+bonusRow, ",", ";"), rows: []bin.Info{bonus}},
		"blank_lines_are_passed": {in: header + "\n\r\n,,,,,,,,\n  \n" + bonusRow + "\n", rows: []bin.Info{bonus}},
		"last_line_without_end":  {in: header + strings.TrimSuffix(bonusRow, "\n"), rows: []bin.Info{bonus}},
		"names_as_banks_write_them": {
			in: "prefix,scheme,type\n4132260,master card,CREDIT_CARD\n41322600,MASTER_CARD,Debit Card\n413226,union-pay,prepaid\n",
			rows: []bin.Info{
				{Prefix: "4132260", Scheme: card.Mastercard, Type: card.Credit},
				{Prefix: "41322600", Scheme: card.Mastercard, Type: card.Debit},
				{Prefix: "413226", Scheme: card.UnionPay, Type: card.Prepaid},
			},
		},
		"capitals_of_a_Turkish_spreadsheet": {
			in: "PREFİX;SCHEME;TYPE;DOMESTİC;COMMERCİAL\n411111;VİSA;DEBİT;DOĞRU;YANLIŞ\n411112;dıscover;credıt card;EVET;HAYIR\n" +
				"411113;DİNERS CLUB;PREPAİD;TRUE;NO\n411114;UNİON-PAY;CREDİT_CARD;yes;false\n",
			rows: []bin.Info{
				{Prefix: "411111", Scheme: card.Visa, Type: card.Debit, Domestic: true},
				{Prefix: "411112", Scheme: card.Discover, Type: card.Credit, Domestic: true},
				{Prefix: "411113", Scheme: card.Diners, Type: card.Prepaid, Domestic: true},
				{Prefix: "411114", Scheme: card.UnionPay, Type: card.Credit, Domestic: true},
			},
		},
		"quotation_mark_that_nothing_closes_costs_its_line": {
			in: "prefix,scheme,type,bank\n411111,VISA,CREDIT,\"One\n411112,VISA,CREDIT,\"Two\"\n411113,VISA,CREDIT,Three\n",
			rows: []bin.Info{
				{Prefix: "411112", Scheme: card.Visa, Type: card.Credit, Bank: "Two"},
				{Prefix: "411113", Scheme: card.Visa, Type: card.Credit, Bank: "Three"},
			},
			bad: []bin.BadRow{{Line: 2, Column: "bank", Why: "a quoted field must end in its line"}},
		},
		"row_of_too_many_fields": {
			in:   "prefix,scheme,type\n" + strings.Repeat(",", 8_000_000) + "\n411111,VISA,CREDIT\n",
			rows: []bin.Info{{Prefix: "411111", Scheme: card.Visa, Type: card.Credit}},
			bad:  []bin.BadRow{{Line: 2, Why: "is longer than 16384 bytes"}},
		},
		"quoted_fields_may_hold_commas": {
			in:   "prefix,scheme,type,bank\n411111,VISA,CREDIT,\"One, Two\"\n",
			rows: []bin.Info{{Prefix: "411111", Scheme: card.Visa, Type: card.Credit, Bank: "One, Two"}},
		},
		"bank_code_means_domestic_unless_said_otherwise": {
			in: "prefix,scheme,type,bank_code,domestic\n411111,VISA,CREDIT,0062,\n411112,VISA,CREDIT,,\n411113,VISA,CREDIT,0062,no\n",
			rows: []bin.Info{
				{Prefix: "411111", Scheme: card.Visa, Type: card.Credit, BankCode: "0062", Domestic: true},
				{Prefix: "411112", Scheme: card.Visa, Type: card.Credit},
				{Prefix: "411113", Scheme: card.Visa, Type: card.Credit, BankCode: "0062"},
			},
		},
		"bad_rows_are_reported_and_the_rest_is_kept": {
			in: header + "52092,,,VISA,CREDIT,,,,\n" + // 2
				"520923,62,,VISA,CREDIT,,,,\n" + // 3
				"520924,,,VASI,CREDIT,,,,\n" + // 4
				"520925,,,VISA,GIFT,,,,\n" + // 5
				"520926,,,VISA,CREDIT,,,maybe,\n" + // 6
				"520927,,,VISA,CREDIT,,,,2\n" + // 7
				"520928,,a\x01b,VISA,CREDIT,,,,\n" + // 8
				"520929,,,VISA,CREDIT,,\xff,,\n" + // 9
				"520930\n" + // 10
				"520931,,say \"no\",VISA,CREDIT,,,,\n" + // 11
				bonusRow + // 12
				bonusRow, // 13
			rows: []bin.Info{bonus},
			bad: []bin.BadRow{
				{Line: 2, Column: "prefix", Why: "must be 6 to 8 digits"},
				{Line: 3, Column: "bank_code", Why: "must be four digits"},
				{Line: 4, Column: "scheme", Why: "must be the name of a card scheme"},
				{Line: 5, Column: "type", Why: "must be credit, debit or prepaid"},
				{Line: 6, Column: "commercial", Why: "must be true or false"},
				{Line: 7, Column: "domestic", Why: "must be true or false"},
				{Line: 8, Column: "bank", Why: "must be at most 100 characters of UTF-8 without control characters"},
				{Line: 9, Column: "brand", Why: "must be at most 100 characters of UTF-8 without control characters"},
				{Line: 10, Column: "scheme", Why: "must be the name of a card scheme"},
				{Line: 11, Column: "bank", Why: "a quotation mark stands in a field that does not begin with one"},
				{Line: 13, Column: "prefix", Why: "stands in line 12 already"},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := bin.ParseCSV(strings.NewReader(tt.in), bin.MaxRows)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.rows, s.Rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.bad, s.Bad); diff != "" {
				t.Errorf("bad rows (-want +got):\n%s", diff)
			}
			if s.Lines != 1+s.Blank+len(s.Rows)+len(s.Bad) {
				t.Errorf("%d lines: a header, %d blank, %d rows, %d bad", s.Lines, s.Blank, len(s.Rows), len(s.Bad))
			}
		})
	}
}

func TestParseCSVRefusesTheFile(t *testing.T) {
	t.Parallel()
	torn := errors.New("torn")
	tests := map[string]struct {
		in   io.Reader
		want error
	}{
		"empty_file":   {strings.NewReader(""), bin.ErrNoHeader},
		"header_alone": {strings.NewReader(header + "\n"), bin.ErrNoRows},
		"more_rows_than_allowed": {
			strings.NewReader("prefix,scheme,type\n411111,VISA,CREDIT\n411112,VISA,CREDIT\n411113,VISA,CREDIT\n"), bin.ErrTooBig,
		},
		"header_in_a_quoted_field": {strings.NewReader("\"" + header + bonusRow), bin.ErrNoHeader},
		"no_header":                {strings.NewReader(bonusRow), bin.ErrNoHeader},
		"required_column_lacks":    {strings.NewReader("prefix,scheme\n411111,VISA\n"), bin.ErrNoHeader},
		"torn_file":                {io.MultiReader(strings.NewReader(header+bonusRow), iotest.ErrReader(torn)), torn},
		"too_many_bad_rows":        {strings.NewReader(header + strings.Repeat("x\n", 1001)), bin.ErrTooManyBad},
		"too_many_bytes": {
			io.MultiReader(strings.NewReader(header), strings.NewReader(strings.Repeat(strings.Repeat("x", 1<<20)+"\n", 65))), bin.ErrTooBig,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := bin.ParseCSV(tt.in, 2)
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if s.Rows != nil {
				t.Errorf("%d rows of a refused file", len(s.Rows))
			}
		})
	}
}

func TestBadRowString(t *testing.T) {
	t.Parallel()
	if got, want := (bin.BadRow{Line: 7, Column: "type", Why: "is wrong"}).String(), "line 7, type: is wrong"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := (bin.BadRow{Line: 7, Why: "is wrong"}).String(), "line 7: is wrong"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// FuzzParseCSV holds that whatever was accepted makes a table in which every row
// finds itself.
func FuzzParseCSV(f *testing.F) {
	f.Add(header + bonusRow)
	f.Add("\xef\xbb\xbfprefix;scheme;type\r\n411111;visa;debit card\r\n")
	f.Add(header + "\"torn")
	f.Fuzz(func(t *testing.T, in string) {
		s, err := bin.ParseCSV(strings.NewReader(in), bin.MaxRows)
		if err != nil {
			return
		}
		table, err := bin.NewTable(s.Rows)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range s.Rows {
			if found, ok := table.Lookup(row.Prefix); !ok || *found != row {
				t.Errorf("prefix %s does not find its row", row.Prefix)
			}
		}
	})
}
