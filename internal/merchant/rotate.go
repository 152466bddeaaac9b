package merchant

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
)

// MaxOverlap is how long a rotated credential may go on at most: long enough for
// any release, short enough that nobody forgets it.
const MaxOverlap = 30 * 24 * time.Hour

// RotateCredential issues a credential that takes the name of another one, which
// works on until the time given, and its scopes. The new secret is in the result and
// cannot be read again, so an editor who may not give one of the scopes is refused with
// fault.ForbiddenAction. A time that is past or later than MaxOverlap is a fault on "until",
// an unknown credential fault.NoSuchThing, one that does not work or was rotated
// already a Conflict.
func (s *Service) RotateCredential(
	ctx context.Context, m id.Merchant, c id.Credential, until time.Time, by Editor,
) (Credential, error) {
	now := s.clock.Now()
	if until.Before(now) || until.After(now.Add(MaxOverlap)) {
		return Credential{}, fault.Validation(fault.Field{
			Name: "until", Code: fault.FieldOutOfRange, Message: "must be a time of the next 30 days",
		})
	}
	was, err := s.find(ctx, m, c)
	if err != nil {
		return Credential{}, err
	}
	if err := by.mayGive(was.Scopes); err != nil {
		return Credential{}, err
	}
	old := was
	if !old.RevokedAt.IsZero() {
		return Credential{}, fault.New(fault.Conflict, fault.NotRotatable, "the credential was revoked or rotated before")
	}
	old.RevokedAt = until
	fresh, err := s.newCredential(ctx, m, old.Name)
	if err != nil {
		return Credential{}, fmt.Errorf("rotate credential %d: %w", c, err)
	}
	fresh.Scopes = old.Scopes
	// The old one goes first: it makes room for the name.
	if err := s.save(ctx, "credential.rotate", by.Actor, step{was: &was, shall: old}, step{shall: fresh}); err != nil {
		if code := fault.CodeOf(err); code == fault.DuplicateKey || code == fault.StaleVersion {
			return Credential{}, fault.New(fault.Conflict, fault.NotRotatable, "the credential was changed at the same time")
		}
		return Credential{}, fmt.Errorf("rotate credential %d: %w", c, err)
	}
	fresh.Version++
	return fresh, nil
}
