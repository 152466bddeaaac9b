package storetest

import (
	"context"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/secret"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/vault"
)

// Stores is every store over one database.
type Stores struct {
	DB        *storage.DB
	Payments  payment.Store
	Jobs      job.Queue
	Merchants merchant.Store
	POSes     pos.Store
	Routing   routing.Store
	BINs      bin.Store
	Vault     vault.Store
	IDs       id.Reserver
	Config    interface {
		ConfigVersion(ctx context.Context) (int64, error)
		Probe(ctx context.Context, node string) error
	}
}

// NewStores returns the stores of sqlstore over db.
func NewStores(db *storage.DB) Stores {
	return Stores{
		DB: db, Payments: sqlstore.NewPayments(db), Jobs: sqlstore.NewJobs(db), Merchants: sqlstore.NewMerchants(db),
		POSes: sqlstore.NewPOSes(db), Routing: sqlstore.NewRouting(db), BINs: sqlstore.NewBINs(db),
		Vault: sqlstore.NewVault(db), IDs: sqlstore.NewSequences(db), Config: sqlstore.NewConfig(db),
	}
}

// Opener opens stores over a fresh database, closed when the test ends.
type Opener func(t testing.TB, o storage.Options) Stores

// Run is the suite: what every engine's stores must do.
func Run(t *testing.T, open Opener) {
	t.Helper()
	parts := map[string]func(*testing.T, Opener){
		"Payments":    testPayments,
		"Order":       testOrder,
		"Idempotency": testIdempotency,
		"Lists":       testLists,
		"ShortLists":  testShortLists,
		"Search":      testSearch,
		"Worklist":    testWorklist,
		"Jobs":        testJobs,
		"Merchants":   testMerchants,
		"Tokens":      testTokens,
		"Endpoints":   testEndpoints,
		"Deliveries":  testDeliveries,
		"DeliveryLog": testDeliveryLists,
		"Team":        testTeam,
		"Routing":     testRouting,
		"UsedPOS":     testUsedPOS,
		"BINs":        testBINs,
		"Probe":       testProbe,
		"Vault":       testVault,
		"Customers":   testCustomerCards,
		"SameCard":    testSameCardAtOnce,
		"IDs":         testIDs,
		"Groups":      testGroups,
		"Reports":     testReports,
		"Retention":   testRetention,
	}
	for name, part := range parts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part(t, open)
		})
	}
}

// equal fails the test unless got is want.
func equal[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	diff := cmp.Diff(want, got, cmpopts.EquateEmpty(),
		cmpopts.EquateComparable(money.Amount{}, netip.Addr{}), cmpopts.IgnoreTypes(secret.Bytes{}))
	if diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// refused fails the test unless err has the code.
func refused(t testing.TB, what string, err error, code fault.Code) {
	t.Helper()
	if err == nil || fault.CodeOf(err) != code {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

// must fails the test on an error.
func must(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
