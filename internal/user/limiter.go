package user

import (
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/limit"
)

// Wrong logins are limited twice: for each email address, known or not, and for
// each peer, by this process or in Options.Limits. An account's own lock is stored.
const (
	emailTries = 5
	// emailPause gives one try back; a right login gives all of them back.
	emailPause = time.Minute
	// An office shares an address, and a guesser has many.
	peerTries  = 30
	peerPeriod = 10 * time.Minute
	// maxLimited bounds the memory of a limit.
	maxLimited = 50_000
)

func newEmails(shared limit.Shared) *limit.Buckets[string] {
	return limit.New[string](limit.Rate{Every: emailPause, Burst: emailTries}, maxLimited).
		Share(shared, func(email string) string { return "login:email:" + email })
}

func newPeers(shared limit.Shared) *limit.Buckets[string] {
	return limit.New[string](limit.Rate{Every: peerPeriod / peerTries, Burst: peerTries}, maxLimited).
		Share(shared, func(peer string) string { return "login:peer:" + peer })
}

func tooMany(wait time.Duration) error {
	return fault.New(fault.RateLimited, fault.TooManyRequests, "too many wrong logins").WithRetryAfter(wait)
}
