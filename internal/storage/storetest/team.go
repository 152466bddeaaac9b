package storetest

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/user"
)

func testTeam(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	users := sqlstore.NewUsers(s.DB)
	must(t, "merchant", s.Merchants.InTx(t.Context(), func(tx merchant.Tx) {
		tx.SaveMerchant(merchant.Merchant{ID: mine, Name: "Shop", CreatedAt: epoch})
	}))
	save := func(u user.User) error {
		return users.InTx(t.Context(), func(tx user.Tx) { tx.SaveUser(u) })
	}
	member := func(n id.User) user.User {
		return user.User{
			ID: n, MerchantID: mine, Email: strconv.Itoa(int(n)) + "@shop.example", Name: "Somebody", Role: merchant.RoleOwner,
			Active: true, PasswordHash: "hash", SealedTOTP: []byte{1, 0}, TOTPActive: true, TOTPStep: 7,
			CreatedAt: epoch,
		}
	}
	t.Run("what_was_stored_is_read_back", func(t *testing.T) {
		u := member(1)
		must(t, "add", save(u))
		u.Version = 1
		got, err := users.User(t.Context(), mine, 1)
		must(t, "user", err)
		equal(t, "user", got, u)
		u.Name = "Else"
		must(t, "change", save(u))
		refused(t, "an old version", save(u), fault.StaleVersion)
		_, err = users.User(t.Context(), mine+1, 1)
		refused(t, "another merchant's", err, fault.NoSuchThing)
		twin := member(9)
		twin.Email = u.Email
		refused(t, "a taken address", save(twin), fault.DuplicateKey)
	})
	t.Run("an_invitation_is_found_by_its_hash_alone", func(t *testing.T) {
		u := member(2)
		u.PasswordHash, u.Invitation, u.InvitationUntil = "", []byte{5, 5}, epoch.Add(time.Hour)
		must(t, "add", save(u))
		got, err := users.UserByInvitation(t.Context(), []byte{5, 5})
		must(t, "invitation", err)
		equal(t, "id", got.ID, 2)
		_, err = users.UserByInvitation(t.Context(), nil)
		refused(t, "no invitation", err, fault.NoSuchThing)
	})
	t.Run("sessions_end_one_by_one_and_together", func(t *testing.T) {
		for n := range 3 {
			must(t, "add", users.InTx(t.Context(), func(tx user.Tx) {
				tx.AddSession(user.Session{
					Hash: [32]byte{byte(n + 1)}, ID: id.AdminSession(n + 1),
					MerchantID: mine, UserID: 1, CreatedAt: epoch, SeenAt: epoch,
					ExpiresAt: epoch.Add(time.Hour), Address: "192.0.2.1", Agent: "curl",
				})
			}))
		}
		must(t, "touch", users.InTx(t.Context(), func(tx user.Tx) { tx.TouchSession([32]byte{1}, epoch.Add(time.Minute)) }))
		got, err := users.Session(t.Context(), [32]byte{1})
		must(t, "session", err)
		equal(t, "seen", got.SeenAt, epoch.Add(time.Minute))
		end := func(fn func(user.Tx)) int {
			must(t, "end", users.InTx(t.Context(), fn))
			left, _, err := users.SessionPage(t.Context(), mine, user.SessionFilter{UserID: 1})
			must(t, "sessions", err)
			return len(left)
		}
		equal(t, "another user's session", end(func(tx user.Tx) { tx.EndSession(mine, 2, 1) }), 3)
		equal(t, "one", end(func(tx user.Tx) { tx.EndSession(mine, 1, 1) }), 2)
		equal(t, "all but one", end(func(tx user.Tx) { tx.EndSessions(mine, 1, 2) }), 1)
	})
	t.Run("a_source_is_known_to_its_user_alone_and_for_a_time", func(t *testing.T) {
		u := member(3)
		u.Role = merchant.RoleViewer
		must(t, "add", save(u))
		for _, at := range []time.Time{epoch, epoch.Add(time.Hour)} {
			must(t, "see", users.InTx(t.Context(), func(tx user.Tx) { tx.SeeSource(mine, 3, "192.0.2.1", at) }))
		}
		for _, tt := range []struct {
			email, source string
			since         time.Duration
			want          bool
		}{
			{u.Email, "192.0.2.1", time.Hour, true}, {u.Email, "192.0.2.1", time.Hour + time.Microsecond, false},
			{u.Email, "192.0.2.2", 0, false}, {member(1).Email, "192.0.2.1", 0, false},
			{"nobody@shop.example", "192.0.2.1", 0, false},
		} {
			known, err := users.KnowsSource(t.Context(), tt.email, tt.source, epoch.Add(tt.since))
			must(t, "look", err)
			equal(t, tt.email+" "+tt.source, known, tt.want)
		}
	})
	t.Run("owners_who_leave_at_once_do_not_all_leave", func(t *testing.T) { testLastOwner(t, users, member) })
}

// testLastOwner lets all owners of a merchant give up at the same time, round by
// round: exactly one of them must be refused.
func testLastOwner(t *testing.T, users *sqlstore.Users, member func(id.User) user.User) {
	const owners = 4
	current, err := users.User(t.Context(), mine, 1)
	must(t, "user", err)
	team := []user.User{current}
	for n := id.User(11); n < 10+owners; n++ {
		must(t, "add", users.InTx(t.Context(), func(tx user.Tx) { tx.SaveUser(member(n)) }))
		u, err := users.User(t.Context(), mine, n)
		must(t, "user", err)
		team = append(team, u)
	}
	for range 20 {
		results := leaveAtOnce(t.Context(), users, team)
		refusals := 0
		for i := range team {
			if results[i] != nil {
				refused(t, "leave", results[i], fault.LastOwner)
				refusals++
				continue
			}
			team[i].Version++
			must(t, "return", users.InTx(t.Context(), func(tx user.Tx) { tx.SaveUser(team[i]) }))
			team[i].Version++
		}
		equal(t, "refusals", refusals, 1)
	}
}

func leaveAtOnce(ctx context.Context, users *sqlstore.Users, team []user.User) []error {
	results := make([]error, len(team))
	var together sync.WaitGroup
	for i, u := range team {
		u.Role = merchant.RoleViewer
		together.Go(func() {
			results[i] = users.InTx(ctx, func(tx user.Tx) {
				tx.LockTeam(mine)
				tx.SaveUser(u)
				tx.HasOwner(mine)
			})
		})
	}
	together.Wait()
	return results
}
