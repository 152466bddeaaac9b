package bench_test

import (
	"fmt"
	"strings"

	"github.com/vezne/vezne/internal/storage"
)

// statements returns what fills in the payments of a range of numbers.
func (s *store) statements(from, to int) []string {
	e := expressions{s.engine, s.end.UnixMicro() - 5_000_000*years.Microseconds()}
	numbers := fmt.Sprintf("generate_series(%d, %d) AS s(n)", from, to)
	if s.engine == storage.SQLite {
		numbers = fmt.Sprintf("(WITH RECURSIVE c(n) AS (SELECT %d UNION ALL SELECT n + 1 FROM c WHERE n < %d) SELECT n FROM c) AS s", from, to)
	}
	fill := func(table string, columns ...string) string {
		var names, values []string
		for _, c := range columns {
			name, value, _ := strings.Cut(c, " = ")
			names, values = append(names, name), append(values, value)
		}
		return "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") SELECT " + strings.Join(values, ", ") + " FROM " + numbers
	}
	all := []string{
		fill("payment", e.payment()...),
		fill("payment_item", "merchant_id = "+e.merchant(), "payment_id = "+e.id(), "id = "+e.id(), "position = 0", "name = "+e.order(),
			"external_id = "+e.order(), "currency = 'TRY'", "price = "+e.amount(), "paid = "+e.amount(), "wallet = 0", "taken = "+e.amount(), "commission = 200",
			"refunded = "+e.refunded(), "refunding = 0", "sub_merchant_id = 0", "sub_merchant_price = 0"),
		fill("operation", e.operation()...),
		fill("audit_record", "merchant_id = "+e.merchant(), "id = "+e.id(), "at = "+e.at(), "actor = 'credential:1'", "action = 'payment.sale'",
			"subject = 'payment:' || "+e.uuidText(), "detail = '{\"kind\":\"sale\",\"status\":\"approved\",\"reason\":\"SUCCESS\",\"amount\":100.50,\"currency\":\"TRY\"}'",
			"address = ''", "agent = ''"),
	}
	for position, account := range []string{"pos_receivable:3", "sales", "bank_commission"} {
		sum := []string{e.amount() + " - 200", "-" + e.amount(), "200"}[position]
		all = append(all, fill("ledger_entry", "merchant_id = "+e.merchant(), "payment_id = "+e.id(), "source_kind = 'operation'",
			"source_id = "+e.id(), "source_event = 'approved'", fmt.Sprintf("position = %d", position), "posting_id = "+e.id(), "account = '"+account+"'", "currency = 'TRY'", "amount = "+sum, "posted_at = "+e.at())+
			" WHERE "+e.state()+" NOT IN ('declined', 'authorized')")
	}
	return all
}

// expressions writes the columns of payment n in the SQL of an engine.
type expressions struct {
	engine storage.Engine
	start  int64 // microseconds
}

func (expressions) id() string { return fmt.Sprintf("(%d + n)", firstSeeded) }

// merchant gives most payments to the demo's first merchant, some to its second,
// and the rest to fifty others.
func (expressions) merchant() string {
	return "(CASE WHEN n % 10 < 7 THEN 1 WHEN n % 10 < 9 THEN 2 ELSE 100 + n % 50 END)"
}

func (e expressions) at() string {
	return fmt.Sprintf("(%d + CAST(n AS BIGINT) * %d)", e.start, years.Microseconds())
}

// amount is between 1.00 and 5,000.00, and much more for every hundred thousandth.
func (expressions) amount() string {
	return "(CASE WHEN n % 100000 = 1 THEN 98765400 + n % 100 ELSE 100 + (CAST(n AS BIGINT) * 7919) % 499900 END)"
}

func (expressions) order() string { return "('seed-' || n)" }

func (expressions) state() string {
	return "(CASE WHEN n % 100 < 84 THEN 'captured' WHEN n % 100 < 94 THEN 'declined' WHEN n % 100 < 97 THEN 'refunded' WHEN n % 100 < 99 THEN 'voided' ELSE 'authorized' END)"
}

func (e expressions) refunded() string {
	return "(CASE WHEN " + e.state() + " = 'refunded' THEN " + e.amount() + " ELSE 0 END)"
}

func (e expressions) reason() string {
	return "(CASE WHEN " + e.state() + " <> 'declined' THEN 'SUCCESS' WHEN n % 10000 = 90 THEN 'LOST_CARD' ELSE 'NOT_SUFFICIENT_FUNDS' END)"
}

// hex writes a number in hexadecimal digits.
func (e expressions) hex(number string, digits int) string {
	if e.engine == storage.PostgreSQL {
		return fmt.Sprintf("lpad(to_hex(%s), %d, '0')", number, digits)
	}
	return fmt.Sprintf("printf('%%0%dx', %s)", digits, number)
}

func (e expressions) decimal(number string, digits int) string {
	if e.engine == storage.PostgreSQL {
		return fmt.Sprintf("lpad(CAST(%s AS TEXT), %d, '0')", number, digits)
	}
	return fmt.Sprintf("printf('%%0%dd', %s)", digits, number)
}

// uuidHex is of version 7: it begins with the time.
func (e expressions) uuidHex() string {
	return e.hex(e.at()+" / 1000", 12) + " || '7000b000' || " + e.hex("CAST(n AS BIGINT)", 12)
}

func (e expressions) uuid() string {
	if e.engine == storage.PostgreSQL {
		return "decode(" + e.uuidHex() + ", 'hex')"
	}
	return "unhex(" + e.uuidHex() + ")"
}

func (e expressions) uuidText() string {
	return e.hex(e.at()+" / 65536000", 8) + " || '-0000-7000-b000-' || " + e.hex("CAST(n AS BIGINT)", 12)
}

// bin is one of a hundred, and a rare one for every hundred thousandth.
func (e expressions) bin() string {
	return "(CASE WHEN n % 100000 = 3 THEN '97920999' ELSE '5421' || " + e.decimal("n % 100", 2) + " || '01' END)"
}

func (e expressions) last4() string { return e.decimal("(n % 1000000) * 31 % 10000", 4) }

func (e expressions) instrument() string {
	return `'{"masked":"' || substr(` + e.bin() + `, 1, 6) || '******' || ` + e.last4() + ` || '","bin":"' || ` + e.bin() + ` || '","last4":"' || ` + e.last4() +
		` || '","holder":"John Doe","fingerprint":"-aduoHRrYqj0lRunTzJ9c5Q9S5Cp-rAC-' || (n % 1000000)` +
		` || '","bank":"AKBANK T.A.Ş.","scheme":"MASTERCARD","type":"CREDIT","program":"Axess","brand":"Axess","known":true,"domestic":true}'`
}

// alias is one of eight POSes, one of which is hardly used.
func (expressions) alias() string {
	return "(CASE WHEN n % 100000 = 5 THEN 'teb' ELSE CASE n % 4 WHEN 0 THEN 'akbank' WHEN 1 THEN 'garanti' WHEN 2 THEN 'yapikredi' ELSE 'isbank' END END)"
}

// yes writes a condition as each engine stores it.
func (e expressions) yes(condition string) string { return "(" + condition + ")" }

func (e expressions) payment() []string {
	return []string{
		"merchant_id = " + e.merchant(), "id = " + e.id(), "uuid = " + e.uuid(), "version = 1", "surface = 'gateway'", "phase = 'sale'",
		"payment_group = 'product'", "state = " + e.state(), "order_ref = " + e.order(), "holds_order = " + e.yes(e.state()+" IN ('captured', 'authorized')"),
		"three_ds = FALSE", "conversation_id = CASE WHEN n % 10 = 0 THEN 'talk-' || (n / 30) ELSE '' END", "external_id = CASE WHEN n % 5 = 0 THEN 'ext-' || n ELSE '' END",
		"channel = ''", "customer_ref = CASE WHEN n % 2 = 0 THEN 'customer-' || ((n % 1000) * (n % 1000)) ELSE '' END", "buyer_id = 0", "currency = 'TRY'",
		"price = " + e.amount(), "paid = " + e.amount(), "wallet = 0", "installments = 1", "interest_payer = 0", "customer_rate = 0",
		"commission_rate = 1990000", "commission = 200",
		"authorized = CASE WHEN " + e.state() + " = 'authorized' THEN " + e.amount() + " ELSE 0 END",
		"captured = CASE WHEN " + e.state() + " IN ('captured', 'refunded', 'voided') THEN " + e.amount() + " ELSE 0 END",
		"refunded = " + e.refunded(), "refunding = 0", "open_ask = 0", "instrument = " + e.instrument(), "requested_pos_alias = ''", "pos_id = 3",
		"pos_alias = " + e.alias(), "routing = " + seededRouting, "result_reason = " + e.reason(), "result_transaction_id = 'SB' || n",
		"result_host_reference = '600000000001'", "result_auth_code = '711953'", "result_at = " + e.at(), "client_ip = '192.168.1.1'",
		"created_at = " + e.at(), "updated_at = " + e.at() + " + 3000",
	}
}

// seededRouting is the decision of a merchant with two POSes.
const seededRouting = `'{"candidates":[{"pos_id":3,"alias":"akbank","name":"Akbank","bank_code":"0046","connector":"sandbox","plan_id":16,"program":"Axess","count":1,"commission_rate":1990000,"reason":"on_us"}],"rejected":[{"pos_id":9,"alias":"international","reason":"no_domestic_cards"}]}'`

func (e expressions) operation() []string {
	return []string{
		"merchant_id = " + e.merchant(), "payment_id = " + e.id(), "id = " + e.id(), "version = 1", "ask_id = " + e.id(), "attempt = 1", "kind = 'sale'",
		"pos_id = 3", "reference = 'SEED' || n", "original = ''", "currency = 'TRY'", "amount = " + e.amount(),
		"status = CASE WHEN " + e.state() + " = 'declined' THEN 'declined' ELSE 'approved' END", "result_reason = " + e.reason(),
		"result_transaction_id = 'SB' || n", "result_host_reference = '600000000001'", "result_auth_code = '711953'", "result_at = " + e.at(),
		"bank_code = 'SUCCESS'", "bank_message = 'Approved'", "actor = 'credential:1'", "started_at = " + e.at(), "finished_at = " + e.at() + " + 3000",
		"next_inquiry = " + e.at() + " + 15000000", "inquiries = 0", "escalated_at = 0",
	}
}
