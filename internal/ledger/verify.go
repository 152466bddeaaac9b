package ledger

import (
	"context"
	"fmt"
	"strconv"
)

// verifyPage is how many rows are read at once: few enough for any memory, and
// many enough that round trips do not matter.
const verifyPage = 500

// Proof is what Verify looked at and how much of it contradicts.
type Proof struct {
	Payments, Postings, Findings int
}

// Verify proves the books: that every posting balances and has its source, every
// approved operation its posting, and that payments, items, operations and postings
// agree in sums, states, commissions and accounts. It calls found for each
// contradiction; an error means that not all could be read. It holds one page in
// memory, however much there is, and may run beside servers.
func Verify(ctx context.Context, r Reader, found func(Finding)) (Proof, error) {
	v := verifier{reader: r, found: found}
	for _, step := range []func(context.Context) error{v.records, v.otherPostings, v.strays, v.sharedOrders} {
		if err := step(ctx); err != nil {
			return v.proof, fmt.Errorf("verify ledger: %w", err)
		}
	}
	return v.proof, nil
}

type verifier struct {
	reader Reader
	found  func(Finding)
	proof  Proof
}

func (v *verifier) tell(f Finding) {
	v.proof.Findings++
	v.found(f)
}

// pages calls each for everything that read returns, page by page. each returns the
// place of what it was given.
func pages[K, T any](
	ctx context.Context, read func(ctx context.Context, after K, limit int) ([]T, error), each func(*T) K,
) error {
	var after K
	for {
		page, err := read(ctx, after, verifyPage)
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			after = each(&page[i])
		}
	}
}

func (v *verifier) records(ctx context.Context) error {
	return pages(ctx, v.reader.Records, func(r *Record) RecordKey {
		v.proof.Payments++
		v.proof.Postings += len(r.Postings)
		c := newComparison(r, v.tell)
		c.compare()
		return RecordKey{r.MerchantID, r.UUID}
	})
}

// otherPostings checks what is no payment's. A posting of an operation is always a
// payment's.
func (v *verifier) otherPostings(ctx context.Context) error {
	var last SourceKey
	return pages(ctx, v.reader.OtherPostings, func(p *Posting) SourceKey {
		v.proof.Postings++
		subject, key := "posting "+strconv.FormatInt(int64(p.ID), 10), SourceKey{p.MerchantID, p.Source}
		if key == last {
			v.tell(Finding{PostingDoubled, p.MerchantID, subject, "the posting before is of " + p.Source.String() + " too"})
		}
		last = key
		if err := balance(p.Entries); err != nil {
			v.tell(Finding{PostingUnbalanced, p.MerchantID, subject, err.Error()})
		}
		if !p.Source.known() || p.Source.Kind == OfOperation {
			v.tell(Finding{PostingUnfounded, p.MerchantID, subject, "without a payment, of " + p.Source.String()})
		}
		return key
	})
}

func (v *verifier) strays(ctx context.Context) error {
	for _, kind := range StrayKinds() {
		read := func(ctx context.Context, after Stray, limit int) ([]Stray, error) {
			return v.reader.Strays(ctx, kind, after, limit)
		}
		err := pages(ctx, read, func(s *Stray) Stray {
			if kind == StrayPosting {
				v.proof.Postings++
			}
			v.tell(Finding{
				PaymentMissing, s.MerchantID, string(kind) + " " + strconv.FormatInt(s.ID, 10),
				fmt.Sprintf("there is no payment %d", s.PaymentID),
			})
			return *s
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) sharedOrders(ctx context.Context) error {
	return pages(ctx, v.reader.SharedOrders, func(o *Order) Order {
		v.tell(Finding{OrderShared, o.MerchantID, "order " + strconv.Quote(o.Ref), "more than one payment holds it"})
		return *o
	})
}
