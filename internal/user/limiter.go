package user

import (
	"context"
	"net/netip"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/limit"
)

// The limits of logins, by this process or in Options.Limits. Each is taken before the
// password is looked at and given back by a right login, and none tells an email
// address that somebody has from one that nobody has.
const (
	// pairTries are for one account from one source; a right login gives all back.
	pairTries = 5
	pairPause = time.Minute
	// strangerTries are for one account from all sources together from which nobody
	// has logged in to it lately. A stranger can use them up, and then keeps others
	// out who come from a new source, but never who comes from a known one.
	strangerTries = 20
	strangerPause = 3 * time.Minute
	// sourceTries are for all accounts from one source that does not know them: an
	// office shares a source, and a guesser has many. When they are used up, right
	// logins are still let in, one after the other.
	sourceTries  = 30
	sourcePeriod = 10 * time.Minute
	// codeTries are codes of an authenticator after a right password. They come back
	// as fast as pairTries, so that nobody honest runs out of these alone.
	codeTries = 5
	codePause = time.Minute
	// proofTries are passwords of somebody who is logged in already.
	proofTries = 5
	proofPause = time.Minute
	// maxLimited bounds the memory of a limit.
	maxLimited = 50_000
	// sourceBits is how much of an IPv6 address counts: who has one has 2^64 of them.
	sourceBits = 64
)

// sourceOf names where a login comes from: the address, or of IPv6 its network.
func sourceOf(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	if wide, err := a.Prefix(sourceBits); err == nil && a.Is6() {
		return wide.String()
	}
	return a.String()
}

// gate is what a login has to pass before its password is looked at.
type gate struct {
	clock                                    clock.Clock
	pairs, strangers, sources, codes, proofs *limit.Buckets[string]
	slow                                     *lanes
}

func newGate(c clock.Clock, shared limit.Shared, pause time.Duration) *gate {
	bucket := func(name string, every time.Duration, burst int) *limit.Buckets[string] {
		return limit.New[string](limit.Rate{Every: every, Burst: burst}, maxLimited).
			Share(shared, func(key string) string { return "login:" + name + ":" + key })
	}
	return &gate{
		clock:     c,
		pairs:     bucket("pair", pairPause, pairTries),
		strangers: bucket("strangers", strangerPause, strangerTries),
		sources:   bucket("source", sourcePeriod/sourceTries, sourceTries),
		codes:     bucket("code", codePause, codeTries),
		proofs:    bucket("proof", proofPause, proofTries),
		slow:      newLanes(pause),
	}
}

// token is one that a login took.
type token struct {
	of  *limit.Buckets[string]
	key string
}

// try is a login on its way. One of right, wrong and unjudged ends it.
type try struct {
	gate            *gate
	account, source string
	// known says that somebody has logged in to the account from the source lately.
	known bool
	taken []token
	// spent is the refusal of a limit that is used up, nil if none is; barred says
	// that not even the right password is let in.
	spent  error
	barred bool
	leave  func()
}

// enter takes what a login needs before it is looked at. One for which nothing is left
// goes on all the same, slowly and one by one from each source, so that neither its
// answer nor its time tells whether there is such an account; see judged. It is refused
// at once if too many wait there already.
func (g *gate) enter(ctx context.Context, account, source string, known bool) (*try, error) {
	t := &try{gate: g, account: account, source: source, known: known, leave: func() {}}
	// From a known source no limit bars the right password: whoever shares the owner's
	// address must not be able to shut the owner out.
	t.take(ctx, g.pairs, account+" "+source, !known)
	if !known && !t.barred {
		t.take(ctx, g.strangers, account, true)
	}
	if !known && !t.barred {
		t.take(ctx, g.sources, source, false)
	}
	if t.spent == nil {
		return t, nil
	}
	leave, ok := g.slow.enter(ctx, source)
	if !ok {
		t.unjudged(ctx)
		return nil, t.spent
	}
	t.leave = leave
	return t, nil
}

func (t *try) take(ctx context.Context, b *limit.Buckets[string], key string, bars bool) {
	if err := b.Take(ctx, key, t.gate.clock.Now()); err != nil {
		t.spent, t.barred = err, bars
		return
	}
	t.taken = append(t.taken, token{b, key})
}

// mayTryCode takes one of the codes of an authenticator. Strangers share them.
func (t *try) mayTryCode(ctx context.Context) bool {
	if t.gate.codes.Take(ctx, t.codeKey(), t.gate.clock.Now()) != nil {
		return false
	}
	t.taken = append(t.taken, token{t.gate.codes, t.codeKey()})
	return true
}

func (t *try) codeKey() string {
	if t.known {
		return t.account + " " + t.source
	}
	return t.account
}

// right ends a login that was let in: what it took is given back, and all that wrong
// ones before it took from the same source.
func (t *try) right(ctx context.Context) {
	t.unjudged(ctx)
	t.gate.pairs.Forget(ctx, t.account+" "+t.source)
	t.gate.codes.Forget(ctx, t.codeKey())
}

// wrong ends a login that was not let in and returns how to answer it. Within the
// limits that is the refusal given, and beyond them always the same one, after a pause
// in which nobody else from the source is looked at.
func (t *try) wrong(ctx context.Context, refusal error) error {
	if t.spent == nil {
		return refusal
	}
	if t.barred { // nobody could have been let in, so nobody was guessed at
		t.giveBack(ctx)
	}
	t.gate.slow.hold()
	t.leave()
	return t.spent
}

// unjudged ends a login that nobody looked at: nothing was learned by it.
func (t *try) unjudged(ctx context.Context) {
	t.giveBack(ctx)
	t.leave()
}

func (t *try) giveBack(ctx context.Context) {
	for _, k := range t.taken {
		k.of.Give(ctx, k.key, t.gate.clock.Now())
	}
	t.taken = nil
}
