package user_test

import (
	"errors"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/internal/user"
	"github.com/vezne/vezne/internal/vault"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

const (
	shop     id.Merchant = 1
	password             = "correct horse"
	owners               = "owner@shop.example"
)

var epoch = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// world is a team on real storage, with one owner.
type world struct {
	*user.Service
	store *sqlstore.Users
	audit *sqlstore.Audit
	clock *clock.Manual
	owner user.User
}

// onSQLite runs a test in a fresh world. It is about the rules of this package, so
// one engine is enough: storetest holds both to the same, and test/parity and
// test/e2e go through the whole on both.
func onSQLite(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	run(t, newWorld(t, storage.SQLite))
}

// eachEngine is for tests in which many act at the same time, because engines differ
// in what they let happen together.
func eachEngine(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			run(t, newWorld(t, engine))
		})
	}
}

func newWorld(t *testing.T, engine storage.Engine) *world {
	t.Helper()
	db := storetest.Open(t, engine)
	err := sqlstore.NewMerchants(db).InTx(t.Context(), func(tx merchant.Tx) {
		tx.SaveMerchant(merchant.Merchant{ID: shop, Name: "Shop", Active: true, CreatedAt: epoch})
	})
	if err != nil {
		t.Fatal(err)
	}
	keyset, err := vault.NewKeyset(vault.Demo)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{store: sqlstore.NewUsers(db), audit: sqlstore.NewAudit(db), clock: clock.NewManual(epoch)}
	ids := id.NewGenerator(sqlstore.NewSequences(db))
	w.Service = user.NewService(user.Options{
		Store: w.store, Hasher: user.NewHasher(), IDs: ids, Clock: w.clock, Pause: time.Millisecond,
		Sealer: vault.New(vault.Options{Keyset: keyset, Store: sqlstore.NewVault(db), IDs: ids, Clock: w.clock}),
	})
	w.owner = w.add(t, owners, merchant.RoleOwner)
	return w
}

// add adds somebody who has the password.
func (w *world) add(t *testing.T, email string, role merchant.Role) user.User {
	t.Helper()
	u, err := w.Create(t.Context(), shop, user.Person{Email: email, Name: "Somebody", Role: role}, password, "test")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// peer is where logins come from.
func peer(address string) audit.Origin {
	return audit.Origin{Address: netip.MustParseAddr(address), Agent: "test"}
}

// login logs in from an address of its own and returns the token.
func (w *world) login(t *testing.T, p user.Proof) (string, error) {
	t.Helper()
	_, _, token, err := w.Login(t.Context(), p, peer("192.0.2.1"))
	return string(token.Reveal()), err
}

// enters logs the owner in.
func (w *world) enters(t *testing.T) (string, user.Session) {
	t.Helper()
	_, session, token, err := w.Login(t.Context(), user.Proof{Email: owners, Password: password}, peer("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	return string(token.Reveal()), session
}

// now returns somebody as stored.
func (w *world) now(t *testing.T, n id.User) user.User {
	t.Helper()
	u, err := w.User(t.Context(), shop, n)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// refused fails the test unless the error has the code; the empty one is none.
func refused(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if (err == nil) != (code == "") || (err != nil && fault.CodeOf(err) != code) {
		t.Errorf("%s: %v, want %q", what, err, code)
	}
}

// onField fails the test unless the error is about one field.
func onField(t *testing.T, what string, err error, field string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.ValidationError || len(f.Fields) != 1 || f.Fields[0].Name != field {
		t.Errorf("%s: %v, want a fault on %s", what, err, field)
	}
}
