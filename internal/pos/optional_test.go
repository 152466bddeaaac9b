package pos_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
)

type stillClock struct{}

func (stillClock) Now() time.Time         { return time.Unix(0, 0) }
func (stillClock) Elapsed() time.Duration { return 0 }

// richBank has points, keeps cards and tells its rates.
type richBank struct {
	*fakeBank
	points  connector.PointsFound
	saved   connector.SavedCard
	rates   []connector.InstallmentRate
	rateErr error
}

func (r richBank) QueryPoints(context.Context, connector.PointsQuery) (connector.PointsFound, error) {
	return r.points, nil
}

func (r richBank) SaveCard(context.Context, connector.SaveCard) (connector.SavedCard, error) {
	return r.saved, nil
}

func (r richBank) ForgetCard(ctx context.Context, _ connector.CardToken) (connector.Answer, error) {
	return r.authorize(ctx)
}

func (r richBank) Rates(context.Context, connector.RateQuery) ([]connector.InstallmentRate, error) {
	return r.rates, r.rateErr
}

func TestWhatIsNotOfferedIsNotSent(t *testing.T) {
	t.Parallel()
	r, _ := registry(t, &fakeBank{}, nil)
	b := bankOf(t, r, fakePOS)
	points, pointsErr := b.QueryPoints(t.Context(), connector.PointsQuery{})
	saved, savedErr := b.SaveCard(t.Context(), connector.SaveCard{})
	forgotten, forgottenErr := b.ForgetCard(t.Context(), connector.CardToken{})
	_, ratesErr := b.Rates(t.Context(), connector.RateQuery{})
	for _, err := range []error{pointsErr, savedErr, forgottenErr, ratesErr} {
		if !errors.Is(err, pos.ErrNotOffered) {
			t.Errorf("error %v", err)
		}
	}
	for _, a := range []connector.Answer{points.Answer, saved.Answer, forgotten} {
		if a.Outcome != connector.Unsent {
			t.Errorf("outcome %d", a.Outcome)
		}
	}
}

func TestOptional(t *testing.T) {
	t.Parallel()
	approved := connector.Answer{Outcome: connector.Approved, Reason: connector.Success}
	amount := money.FromMinor(500, money.TRY)
	bank := func(t *testing.T, rich richBank) *pos.Bank {
		t.Helper()
		rich.fakeBank = &fakeBank{authorize: approve}
		r, _ := registry(t, rich, func(o *pos.Options) { o.Environment.Clock = stillClock{} })
		return bankOf(t, r, fakePOS)
	}
	t.Run("points_are_told", func(t *testing.T) {
		t.Parallel()
		found, err := bank(t, richBank{points: connector.PointsFound{
			Answer: approved, Balances: []connector.PointsUse{{Type: "BNS\x00", Amount: amount}},
		}}).QueryPoints(t.Context(), connector.PointsQuery{})
		if err != nil || len(found.Balances) != 1 || found.Balances[0] != (connector.PointsUse{Type: "BNS", Amount: amount}) {
			t.Errorf("%+v, %v", found, err)
		}
	})
	t.Run("points_without_an_approval_are_none", func(t *testing.T) {
		t.Parallel()
		found, err := bank(t, richBank{points: connector.PointsFound{
			Answer: connector.Answer{Outcome: connector.Declined, Reason: connector.CardNotPermitted}, Balances: []connector.PointsUse{{Amount: amount}},
		}}).QueryPoints(t.Context(), connector.PointsQuery{})
		if err != nil || len(found.Balances) != 0 || found.Outcome != connector.Declined {
			t.Errorf("%+v, %v", found, err)
		}
	})
	for name, tt := range map[string]struct {
		token connector.CardToken
		want  connector.Outcome
	}{
		"card_is_kept_by_its_token":       {connector.CardToken{User: "u", Card: "c"}, connector.Approved},
		"approval_without_token":          {connector.CardToken{User: "u"}, connector.Unknown},
		"token_that_is_no_text_is_unsure": {connector.CardToken{Card: "\xff"}, connector.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			saved, err := bank(t, richBank{saved: connector.SavedCard{Answer: approved, Token: tt.token}}).SaveCard(t.Context(), connector.SaveCard{})
			if saved.Outcome != tt.want || (err == nil) != (tt.want == connector.Approved) ||
				saved.Token.IsZero() == (err == nil) {
				t.Errorf("%+v, %v", saved, err)
			}
		})
	}
	t.Run("card_is_forgotten", func(t *testing.T) {
		t.Parallel()
		if a, err := bank(t, richBank{}).ForgetCard(t.Context(), connector.CardToken{Card: "c"}); err != nil ||
			a.Outcome != connector.Approved {
			t.Errorf("%+v, %v", a, err)
		}
	})
	t.Run("rates_are_told_with_clean_names", func(t *testing.T) {
		t.Parallel()
		rates, err := bank(t, richBank{rates: []connector.InstallmentRate{{Program: "Bonus\n", Count: 3}}}).Rates(t.Context(), connector.RateQuery{})
		if diff := cmp.Diff([]connector.InstallmentRate{{Program: "Bonus", Count: 3}}, rates); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
	t.Run("rates_without_an_answer_are_an_error", func(t *testing.T) {
		t.Parallel()
		if rates, err := bank(t, richBank{rateErr: errNoAnswer}).Rates(t.Context(), connector.RateQuery{}); !errors.Is(err, errNoAnswer) || rates != nil {
			t.Errorf("%v, %v", rates, err)
		}
	})
}
