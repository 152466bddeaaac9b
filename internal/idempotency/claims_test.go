package idempotency_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
)

const (
	buyer id.Merchant      = 1
	other id.Merchant      = 2
	payee idempotency.Kind = "payout"
)

// shelf keeps claims in memory, by the rule of storage.
type shelf struct {
	claims map[id.Merchant]map[[32]byte]idempotency.Record
	err    error
	asked  int
}

func (s *shelf) ClaimKey(r idempotency.Record) {
	if s.claims == nil {
		s.claims = make(map[id.Merchant]map[[32]byte]idempotency.Record)
	}
	if s.claims[r.MerchantID] == nil {
		s.claims[r.MerchantID] = make(map[[32]byte]idempotency.Record)
	}
	s.claims[r.MerchantID][r.Key.Value] = r
}

func (s *shelf) ClaimedKey(_ context.Context, m id.Merchant, value [32]byte) (idempotency.Record, error) {
	s.asked++
	if s.err != nil {
		return idempotency.Record{}, s.err
	}
	r, ok := s.claims[m][value]
	if !ok {
		return r, fault.New(fault.NotFound, fault.NoSuchThing, "none")
	}
	return r, nil
}

var epoch = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// replay is a way to be answered again.
type replay func(context.Context, idempotency.Claims, id.Merchant, idempotency.Key) (idempotency.Subject, bool, error)

func replays() map[string]replay {
	load := func(_ context.Context, s idempotency.Subject) (idempotency.Subject, error) { return s, nil }
	return map[string]replay{
		"replay": func(ctx context.Context, c idempotency.Claims, m id.Merchant, k idempotency.Key) (idempotency.Subject, bool, error) {
			return idempotency.Replay(ctx, c, m, k, load)
		},
		"taken": func(ctx context.Context, c idempotency.Claims, m id.Merchant, k idempotency.Key) (idempotency.Subject, bool, error) {
			s, err := idempotency.ReplayTaken(ctx, c, m, k, load)
			return s, err == nil, err
		},
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	subject := idempotency.Subject{Number: 7, UUID: id.NewUUID(), Result: "9"}
	key := idempotency.Own("key")
	another := key
	another.Request[0]++
	const reused, running, none = fault.IdempotencyKeyReused, fault.IdempotencyInProgress, fault.Code("")
	// An answer is expected where no code and not free is; taken says what ReplayTaken
	// tells where that is something else.
	tests := map[string]struct {
		merchant id.Merchant
		kind     idempotency.Kind
		key      idempotency.Key
		age      time.Duration
		code     fault.Code
		free     bool
		taken    *fault.Code
	}{
		"the_same_request_is_answered_again":            {merchant: buyer, kind: payee, key: key},
		"just_within_the_window_it_still_is":            {merchant: buyer, kind: payee, key: key, age: idempotency.Window - 1},
		"a_key_as_old_as_the_window_is_free":            {merchant: buyer, kind: payee, key: key, age: idempotency.Window, free: true, taken: new(none)},
		"another_request_under_the_key_is_refused":      {merchant: buyer, kind: payee, key: another, code: reused},
		"another_request_after_the_window_is_not":       {merchant: buyer, kind: payee, key: another, age: idempotency.Window, free: true, taken: new(reused)},
		"a_key_that_led_to_another_noun_is_refused":     {merchant: buyer, kind: "wallet", key: key, code: reused},
		"a_key_of_another_merchant_is_free":             {merchant: other, kind: payee, key: key, free: true, taken: new(running)},
		"a_key_that_nobody_has_used_is_free":            {merchant: buyer, kind: payee, key: idempotency.Own("new"), free: true, taken: new(running)},
		"no_key_is_free":                                {merchant: buyer, kind: payee, free: true, taken: new(running)},
		"an_older_claim_by_a_faster_clock_is_answered":  {merchant: buyer, kind: payee, key: key, age: -time.Minute},
		"another_request_before_its_claim_is_refused":   {merchant: buyer, kind: payee, key: another, age: -time.Minute, code: reused},
		"another_noun_after_the_window_is_free_as_well": {merchant: buyer, kind: "wallet", key: key, age: idempotency.Window, free: true, taken: new(reused)},
	}
	for name, tt := range tests {
		for way, replay := range replays() {
			t.Run(name+"/"+way, func(t *testing.T) {
				t.Parallel()
				store, now := &shelf{}, clock.NewManual(epoch)
				idempotency.NewClaims(payee, store, now).Claim(store, buyer, key, subject)
				now.Advance(tt.age)
				got, replayed, err := replay(t.Context(), idempotency.NewClaims(tt.kind, store, now), tt.merchant, tt.key)
				code, free := tt.code, tt.free
				if way == "taken" && tt.taken != nil {
					code, free = *tt.taken, false
				}
				var found fault.Code
				if err != nil {
					found = fault.CodeOf(err)
				}
				var want idempotency.Subject
				if !free && code == "" {
					want = subject
				}
				if found != code || replayed != (want != idempotency.Subject{}) || got != want {
					t.Errorf("answer = %+v, %t, %v; want %+v, code %q", got, replayed, err, want, code)
				}
			})
		}
	}
}

func TestReplayOfTrouble(t *testing.T) {
	t.Parallel()
	key, trouble := idempotency.Own("key"), errors.New("disk")
	t.Run("what_load_says_is_the_answer", func(t *testing.T) {
		t.Parallel()
		store := &shelf{}
		claims := idempotency.NewClaims(payee, store, clock.NewManual(epoch))
		claims.Claim(store, buyer, key, idempotency.Subject{})
		got, replayed, err := idempotency.Replay(t.Context(), claims, buyer, key,
			func(context.Context, idempotency.Subject) (int, error) {
				return 1, idempotency.InProgress("0198b5a0-3f5e-7c6a-9d2b-1f0c5a7e4d21")
			})
		f := fault.From(err)
		if got != 0 || replayed || f.Code != fault.IdempotencyInProgress || f.Subject == "" || f.RetryAfter <= 0 {
			t.Errorf("answer = %v, %t, %+v", got, replayed, f)
		}
	})
	t.Run("a_store_that_fails_makes_no_key_free", func(t *testing.T) {
		t.Parallel()
		claims := idempotency.NewClaims(payee, &shelf{err: trouble}, clock.NewManual(epoch))
		for way, replay := range replays() {
			if _, replayed, err := replay(t.Context(), claims, buyer, key); replayed || !errors.Is(err, trouble) {
				t.Errorf("%s = %t, %v", way, replayed, err)
			}
		}
		if err := claims.Check(t.Context(), buyer, key); !errors.Is(err, trouble) {
			t.Errorf("check = %v", err)
		}
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	key := idempotency.Own("key")
	another := key
	another.Request[31]++
	for name, tt := range map[string]struct {
		key  idempotency.Key
		kind idempotency.Kind
		age  time.Duration
		code fault.Code
	}{
		"the_same_request_passes":                   {key: key, kind: payee},
		"another_request_is_refused":                {key: another, kind: payee, code: fault.IdempotencyKeyReused},
		"another_request_of_any_noun_is":            {key: another, kind: "wallet", code: fault.IdempotencyKeyReused},
		"the_same_request_of_any_noun_passes":       {key: key, kind: "wallet"},
		"another_request_after_the_window_passes":   {key: another, kind: payee, age: idempotency.Window},
		"a_request_without_a_key_passes":            {kind: payee},
		"a_key_that_nobody_has_used_passes":         {key: idempotency.Own("new"), kind: payee},
		"another_request_just_within_it_is_refused": {key: another, kind: payee, age: idempotency.Window - 1, code: fault.IdempotencyKeyReused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, now := &shelf{}, clock.NewManual(epoch)
			idempotency.NewClaims(payee, store, now).Claim(store, buyer, key, idempotency.Subject{Number: 1})
			now.Advance(tt.age)
			err := idempotency.NewClaims(tt.kind, store, now).Check(t.Context(), buyer, tt.key)
			if (err == nil) != (tt.code == "") || (err != nil && fault.CodeOf(err) != tt.code) {
				t.Errorf("check = %v, want %q", err, tt.code)
			}
		})
	}
}

func TestClaim(t *testing.T) {
	t.Parallel()
	store := &shelf{}
	claims := idempotency.NewClaims(payee, store, clock.NewManual(epoch))
	t.Run("no_key_claims_and_asks_nothing", func(t *testing.T) {
		claims.Claim(store, buyer, idempotency.Key{}, idempotency.Subject{Number: 7})
		if err := claims.Check(t.Context(), buyer, idempotency.Key{}); err != nil || len(store.claims) != 0 ||
			store.asked != 0 {
			t.Errorf("claims %v, asked %d, %v", store.claims, store.asked, err)
		}
	})
	t.Run("a_claim_says_whose_what_and_when", func(t *testing.T) {
		key := idempotency.Own("key")
		subject := idempotency.Subject{Number: 7, Result: "9"}
		claims.Claim(store, buyer, key, subject)
		want := idempotency.Record{MerchantID: buyer, Key: key, Kind: payee, Subject: subject, CreatedAt: epoch}
		if diff := cmp.Diff(want, store.claims[buyer][key.Value]); diff != "" {
			t.Errorf("record (-want +got):\n%s", diff)
		}
	})
}
