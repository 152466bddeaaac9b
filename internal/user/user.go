// Package user knows the people of a merchant's team: their passwords, their
// second factor, their invitations, and the sessions in which they are logged in.
package user

import (
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
)

// User is a person of a merchant's team.
type User struct {
	ID         id.User
	MerchantID id.Merchant
	// Version counts changes; every change is a compare-and-set on it.
	Version int
	// Email is what they log in by: lower-case, and unique over all merchants.
	Email  string
	Name   string
	Role   merchant.Role
	Active bool
	// PasswordHash is of Argon2id (RFC 9106) in PHC form; empty until an invitation
	// was accepted.
	PasswordHash string
	// Invitation is the SHA-256 of the token that lets them choose a password;
	// empty for none.
	Invitation      []byte
	InvitationUntil time.Time
	// SealedTOTP is the shared secret of their authenticator (RFC 6238), sealed;
	// empty for none. TOTPActive says that they proved to have it.
	SealedTOTP []byte
	TOTPActive bool
	// TOTPStep is the time step of the last code that was taken: none counts twice.
	TOTPStep  int64
	CreatedAt time.Time
}

// Invited reports whether the user has still to choose a password.
func (u User) Invited() bool { return u.PasswordHash == "" }

// Session is a login. The token that proves it is known to its browser alone.
type Session struct {
	// Hash is the SHA-256 of the token.
	Hash       [32]byte
	ID         id.AdminSession
	MerchantID id.Merchant
	UserID     id.User
	CreatedAt  time.Time
	// SeenAt is when it was last used, to the minute.
	SeenAt    time.Time
	ExpiresAt time.Time
	// Address and Agent are from where the login came.
	Address string
	Agent   string
}

const (
	maxName  = 100
	maxEmail = 254 // RFC 5321, section 4.5.3.1.3
	// A password of ten characters that is not common, tried five times a minute,
	// outlasts any guesser; the upper bound keeps hashing cheap.
	minPassword = 10
	maxPassword = 128
)

// cleanEmail returns the address in the form in which it is stored.
func cleanEmail(s string) (string, bool) {
	s = strings.ToLower(s)
	a, err := mail.ParseAddress(s)
	return s, err == nil && a.Address == s && len(s) <= maxEmail
}

func checkName(s string) []fault.Field {
	if s == "" {
		return []fault.Field{{Name: "name", Code: fault.FieldRequired, Message: "must not be empty"}}
	}
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxName || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return []fault.Field{{Name: "name", Code: fault.FieldInvalid, Message: "must be printable text of at most 100 characters"}}
	}
	return nil
}

func checkRole(r merchant.Role) []fault.Field {
	if r.Valid() {
		return nil
	}
	return []fault.Field{{Name: "role", Code: fault.FieldInvalid, Message: "must be owner, developer, support or viewer"}}
}

func checkPassword(s string) []fault.Field {
	if n := utf8.RuneCountInString(s); n < minPassword || n > maxPassword || !utf8.ValidString(s) {
		return []fault.Field{{Name: "password", Code: fault.FieldOutOfRange, Message: "must have 10 to 128 characters"}}
	}
	// The list is part of the program and tested with it; one that cannot be read
	// refuses all, as it knows none to be good.
	if common, err := isCommon(s); common || err != nil {
		return []fault.Field{{Name: "password", Code: fault.FieldInvalid, Message: "is one of the passwords that are guessed first"}}
	}
	return nil
}

func validation(fields []fault.Field) error {
	if len(fields) == 0 {
		return nil
	}
	return fault.Validation(fields...)
}
