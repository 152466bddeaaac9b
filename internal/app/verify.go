package app

import (
	"context"
	"fmt"
	"io"

	"github.com/vezne/vezne/internal/config"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
)

// verifyPage is how many rows are read at once: few enough for any memory, and
// many enough that round trips do not matter.
const verifyPage = 1000

// VerifyLedger proves the books: every posting balances, what the books say of each
// payment is what the payment says of itself, and its items add up to it. It writes
// what it found to w and returns an error if anything contradicts. A server may be
// running.
func VerifyLedger(ctx context.Context, database config.DSN, w io.Writer) error {
	db, err := storage.Open(ctx, database.Reveal(), storage.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it was only read
	v := verifier{ledger: sqlstore.NewLedger(db), out: w}
	if err := v.postings(ctx); err != nil {
		return fmt.Errorf("verify ledger: %w", err)
	}
	if err := v.payments(ctx); err != nil {
		return fmt.Errorf("verify ledger: %w", err)
	}
	fmt.Fprintf(w, "%d postings, %d payments, %d contradictions\n", v.postingCount, v.paymentCount, v.contradictions)
	if v.contradictions > 0 {
		return fmt.Errorf("verify ledger: %d contradictions", v.contradictions)
	}
	return nil
}

type verifier struct {
	ledger *sqlstore.Ledger
	out    io.Writer

	postingCount, paymentCount, contradictions int
}

func (v *verifier) contradict(format string, args ...any) {
	v.contradictions++
	fmt.Fprintf(v.out, format+"\n", args...)
}

func (v *verifier) postings(ctx context.Context) error {
	var after sqlstore.PostingKey
	for {
		page, err := v.ledger.Postings(ctx, after, verifyPage)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, p := range page {
			if err := p.Check(); err != nil {
				v.contradict("merchant %d: %v", p.MerchantID, err)
			}
			after = sqlstore.PostingKey{MerchantID: p.MerchantID, OperationID: p.OperationID}
		}
		v.postingCount += len(page)
	}
}

func (v *verifier) payments(ctx context.Context) error {
	var after sqlstore.PaymentKey
	for {
		page, err := v.ledger.BookedPayments(ctx, after, verifyPage)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, p := range page {
			v.payment(p)
			after = sqlstore.PaymentKey{MerchantID: p.MerchantID, UUID: p.UUID}
		}
		v.paymentCount += len(page)
	}
}

// payment compares both sides of the books with what the payer really paid: the
// debits are what the banks owe and keep of it, the credits what was sold and
// its interest.
func (v *verifier) payment(p sqlstore.BookedPayment) {
	if !p.Itemised {
		v.contradict("payment %s: its items do not add up to it", p.UUID)
	}
	paid := p.Captured.Sub(p.Refunded)
	if p.State == payment.Voided {
		paid = money.Zero(paid.Currency())
	}
	debits, credits := money.Zero(paid.Currency()), money.Zero(paid.Currency())
	for _, e := range p.Balances {
		if e.Amount.Currency() != paid.Currency() {
			v.contradict("payment %s: entries in %s and the payment in %s", p.UUID, e.Amount.Currency(), paid.Currency())
			return
		}
		if e.Account.OfBank() {
			debits = debits.Add(e.Amount)
		} else {
			credits = credits.Add(e.Amount)
		}
	}
	if debits != paid || credits != paid.Neg() {
		v.contradict("payment %s: %s is %s, the books say %s and %s", p.UUID, p.State, paid, debits, credits)
	}
}
