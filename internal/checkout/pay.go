package checkout

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/threeds"
)

// Attempt is a card that a shopper typed or chose.
type Attempt struct {
	Checkout id.UUID
	// Version is that of the checkout for which the form was made. A form that is
	// sent twice has the same, so the second one changes nothing.
	Version int
	Card    card.Card
	// Saved is the token of a saved card, of which everything but the security code
	// is taken; empty for a card that was typed.
	Saved string
	// Save asks us to keep the card for the customer once it has paid.
	Save         bool
	Installments int
	// Agreed is the total that the page showed for these installments. The zero Amount
	// is of a form that was made elsewhere and says none: a single payment is of the
	// checkout's amount, and what installments cost is the maker's to know.
	Agreed   money.Amount
	ClientIP netip.Addr
	Language string // BCP 47, for the bank's page
	// ReturnURL is where the shopper's browser is sent after authentication.
	ReturnURL string
}

// Quote returns the installments that a card may have on the page, counts
// ascending from 2, by its 6 to 8 leading digits.
func (s *Service) Quote(ctx context.Context, c Checkout, binDigits string) ([]routing.Option, error) {
	options, err := s.payments.Offer(ctx, charge.Quote{
		MerchantID: c.MerchantID, Amount: c.Amount, BINDigits: binDigits,
		Terms: routing.Terms{Payer: c.InterestPayer, MaxCount: c.MaxInstallments},
	})
	if err != nil {
		return nil, fmt.Errorf("offer installments: %w", err)
	}
	return options, nil
}

// Pay tries a card. Of any number of attempts at once one is carried out; the
// others, and forms made for an earlier version, are fault.StaleVersion. A fault
// of kind Invalid is the shopper's to correct and no attempt; so is
// OrderInProgress, a card that was declined too often, which is TooManyRequests, another
// total than the one that was shown, which is TotalChanged, and a saved card that is not
// the customer's, which is NoSuchThing. Any other error leaves an attempt whose end
// settles later. How the attempt went is for Page to tell.
func (s *Service) Pay(ctx context.Context, a Attempt) error {
	ctx = context.WithoutCancel(ctx)
	v, err := s.Page(ctx, a.Checkout)
	switch {
	case err != nil:
		return err
	case v.State != Open || v.Version != a.Version || v.Payment.Unclear:
		return stale()
	case a.Installments > v.MaxInstallments:
		return notOffered(v.MaxInstallments)
	}
	if a.Card, err = s.cardOf(ctx, v, a); err != nil {
		return err
	}
	begun := v.began(s.clock.Now())
	keep, err := s.keep(ctx, v, a, &begun)
	if err != nil {
		return err
	}
	watch, err := s.newJob(ctx, JobWatch, begun, begun.AttemptAt.Add(firstWatch))
	if err != nil {
		return err
	}
	begun, err = s.save(ctx, begun, payment.Payment{}, keep, func(tx Tx) { tx.Enqueue(watch) })
	if err != nil {
		return err
	}
	return s.attempt(ctx, begun, a, v.Merchant.Checkout.Without3DS)
}

func notOffered(most int) error {
	e := fault.Validation(fault.Field{
		Name: "installmentCount", Code: fault.FieldOutOfRange, Message: "must be at most " + strconv.Itoa(most),
	})
	e.Code = fault.InstallmentUnavailable
	return e
}

// attempt asks for the money and stores what came of it.
func (s *Service) attempt(ctx context.Context, c Checkout, a Attempt, without3DS bool) error {
	if !without3DS {
		return s.enrol(ctx, c, a)
	}
	o, forced, err := s.payments.PayDirectly(ctx, s.command(c, a, byCard))
	switch {
	case err != nil:
		return s.refused(ctx, c, err)
	case forced != "":
		return s.enrol(ctx, c, a)
	case o.Replayed:
		// Another payment of the same card has paid the order; ours asked nobody.
		return s.moveOn(ctx, c.ended(Failed, connector.OrderAlreadyPaid, s.clock.Now()), payment.Payment{})
	case wants3DS(o.Payment):
		return s.enrol(ctx, c, a)
	}
	return s.conclude(ctx, c, o.Payment)
}

// wants3DS reports whether a bank would take the card from a payer who was
// authenticated.
func wants3DS(p payment.Payment) bool {
	return p.State == payment.Declined &&
		(p.Result.Reason == connector.Requires3DS || p.Result.Reason == connector.DebitCardsRequires3DS)
}

func (s *Service) command(c Checkout, a Attempt, how string) charge.Pay {
	return charge.Pay{
		Caller: payment.Caller{
			MerchantID: c.MerchantID, Actor: systemActor, Surface: payment.SurfaceCheckout, Key: c.attemptKey(how),
		},
		Phase: payment.PhaseSale, Group: payment.GroupProduct, OrderRef: c.Ref, OnePerOrder: true,
		CustomerRef: c.CustomerRef, Price: c.Amount, Installments: a.Installments, InterestPayer: c.InterestPayer,
		ExpectedTotal: a.agreed(c), Card: a.Card, ClientIP: a.ClientIP,
	}
}

// agreed is the total that the shopper has agreed to, the zero Amount if nobody says.
func (a Attempt) agreed(c Checkout) money.Amount {
	if a.Agreed.IsZero() && a.Installments == 1 {
		return c.Amount
	}
	return a.Agreed
}

func (s *Service) enrol(ctx context.Context, c Checkout, a Attempt) error {
	e, err := s.threeDS.Enrol(ctx, threeds.Enrol{
		Pay: s.command(c, a, bySecure), SuccessURL: a.ReturnURL, FailureURL: a.ReturnURL, Language: a.Language,
	})
	if err != nil {
		return s.refused(ctx, c, err)
	}
	if e.Form.Action == "" {
		return s.conclude(ctx, c, e.Payment)
	}
	c.State, c.PaymentID = Authenticating, e.Payment.ID
	return s.moveOn(ctx, c, e.Payment)
}

// refused stores what an error of package payment means for the checkout.
func (s *Service) refused(ctx context.Context, c Checkout, cause error) error {
	if fault.CodeOf(cause) == fault.OrderAlreadyPaid {
		return s.moveOn(ctx, c.ended(Failed, connector.OrderAlreadyPaid, s.clock.Now()), payment.Payment{})
	}
	switch fault.CodeOf(cause) {
	case fault.OrderInProgress, fault.TooManyRequests, fault.TotalChanged: // nothing was stored and no bank was asked
		return s.takeBack(ctx, c, cause)
	}
	if fault.KindOf(cause) != fault.Invalid {
		return fmt.Errorf("attempt to pay: %w", cause) // what happened is for settle to find out
	}
	return s.takeBack(ctx, c, cause)
}

// takeBack makes an attempt none, and returns why.
func (s *Service) takeBack(ctx context.Context, c Checkout, cause error) error {
	if err := s.moveOn(ctx, c.undone(), payment.Payment{}); err != nil {
		return err
	}
	return cause
}

// conclude stores how a payment ended, if it has.
func (s *Service) conclude(ctx context.Context, c Checkout, p payment.Payment) error {
	next, changed := s.next(c, p)
	if !changed {
		return nil
	}
	return s.moveOn(ctx, next, p)
}

// moveOn saves a change, unless whoever looked at the checkout meanwhile has
// settled it already.
func (s *Service) moveOn(ctx context.Context, c Checkout, p payment.Payment) error {
	_, err := s.save(ctx, c, p)
	if fault.CodeOf(err) == fault.StaleVersion {
		return nil
	}
	return err
}
