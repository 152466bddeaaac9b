package storetest

import (
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/vault"
)

// grows fails the test unless fn moves the configuration version by one.
func grows(t *testing.T, s Stores, what string, fn func() error) {
	t.Helper()
	before, err := s.Config.ConfigVersion(t.Context())
	must(t, "version", err)
	must(t, what, fn())
	after, err := s.Config.ConfigVersion(t.Context())
	must(t, "version", err)
	if after != before+1 {
		t.Errorf("%s: configuration version went from %d to %d", what, before, after)
	}
}

func samplePOS() pos.POS {
	return pos.POS{
		ID: 3, MerchantID: mine, Alias: "first", Name: "First", BankCode: "0046", Connector: "sandbox",
		SealedSettings: []byte("sealed"), Status: pos.Active, Priority: 2, Currencies: []money.Currency{money.TRY, money.USD},
		Programs: []string{"Bonus"}, AcceptsDomestic: true, Timeout: 30 * time.Second, CaptureWindow: 7 * 24 * time.Hour,
		ThreeDS: pos.ThreeDSAll,
	}
}

// sampleTable returns what mine routes by, in the order in which it is read back:
// the last of each is the one to be changed.
func sampleTable() routing.Table {
	p := samplePOS()
	urgent := p
	urgent.ID, urgent.Alias, urgent.Priority, urgent.Currencies, urgent.Programs = 4, "second", 1, nil, nil
	plan := installment.Plan{
		ID: 1, MerchantID: mine, POSID: 3, Program: "Bonus", Count: 3, CommissionRate: 1_790_000, CustomerRate: -500_000,
		MinAmount: lira(100), MaxAmount: lira(1_000_000), ValidFrom: epoch, ValidUntil: epoch.Add(time.Hour), Active: true,
	}
	single := installment.Plan{ID: 2, MerchantID: mine, POSID: 3, Program: installment.AnyProgram, Count: 1, Active: true}
	domestic := false
	rule := routing.Rule{
		ID: 1, MerchantID: mine, Name: "large", Position: 2, Active: true,
		Condition: routing.Condition{
			MinAmount: lira(1), MaxAmount: lira(2), Currencies: []money.Currency{money.TRY}, BINs: []string{"54"},
			BankCodes: []string{"0046"}, Programs: []string{"Bonus"},
			Schemes: []card.Scheme{card.Troy}, Types: []card.Type{card.Debit},
			Domestic: &domestic, FromMinute: 5, UntilMinute: 9,
		},
		Targets: []routing.Target{{POSID: 3, Weight: 80}, {POSID: 4, Weight: 20}}, Requires3DS: true,
	}
	earlier := routing.Rule{ID: 2, MerchantID: mine, Position: 1}
	return routing.Table{
		ThreeDS: pos.ThreeDSDebit,
		POSes:   []pos.POS{urgent, p}, Plans: []installment.Plan{single, plan}, Rules: []routing.Rule{earlier, rule},
	}
}

func testRouting(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	stored := sampleTable()
	grows(t, s, "add", func() error {
		return saveRouting(t, s, func(tx routing.Tx) {
			for i := range slices.Backward(stored.POSes) { // not in the order of reading
				tx.SavePOS(stored.POSes[i])
				tx.SavePlan(stored.Plans[i])
				tx.SaveRule(stored.Rules[i])
			}
		})
	})
	for i := range stored.POSes {
		stored.POSes[i].Version, stored.Plans[i].Version, stored.Rules[i].Version = 1, 1, 1
	}
	must(t, "merchant", s.Merchants.InTx(t.Context(), func(tx merchant.Tx) {
		tx.SaveMerchant(merchant.Merchant{ID: mine, Name: "Shop", CreatedAt: epoch, ThreeDS: stored.ThreeDS})
	}))

	t.Run("what_was_stored_is_read_back_in_order", func(t *testing.T) {
		got, err := s.Routing.Table(t.Context(), mine)
		must(t, "table", err)
		equal(t, "table", got, stored)
	})
	t.Run("another_merchant_sees_nothing", func(t *testing.T) { testOthersRouting(t, s, stored.POSes[1]) })
	t.Run("a_POS_changes_by_compare_and_set", func(t *testing.T) { testPOSChange(t, s, stored.POSes[1]) })
	t.Run("plans_and_rules_are_replaced", func(t *testing.T) { testReplacedRouting(t, s, stored) })
}

func saveRouting(t *testing.T, s Stores, fn func(routing.Tx)) error {
	t.Helper()
	return s.Routing.InTx(t.Context(), fn)
}

func testOthersRouting(t *testing.T, s Stores, p pos.POS) {
	got, err := s.Routing.Table(t.Context(), others)
	must(t, "table", err)
	equal(t, "table", got, routing.Table{})
	foreign := p
	foreign.MerchantID = others
	refused(t, "save", saveRouting(t, s, func(tx routing.Tx) { tx.SavePOS(foreign) }), fault.StaleVersion)
}

func testPOSChange(t *testing.T, s Stores, p pos.POS) {
	changed := p
	changed.Status = pos.Disabled
	grows(t, s, "change", func() error { return saveRouting(t, s, func(tx routing.Tx) { tx.SavePOS(changed) }) })
	refused(t, "the same version again", saveRouting(t, s, func(tx routing.Tx) { tx.SavePOS(changed) }),
		fault.StaleVersion)
	added := p
	added.Version = 0
	refused(t, "added twice", saveRouting(t, s, func(tx routing.Tx) { tx.SavePOS(added) }), fault.StaleVersion)
	alias := p
	alias.ID, alias.Version = 9, 0
	refused(t, "alias in use", saveRouting(t, s, func(tx routing.Tx) { tx.SavePOS(alias) }), fault.DuplicateKey)
}

func testReplacedRouting(t *testing.T, s Stores, stored routing.Table) {
	single, changed := stored.Plans[0], stored.Plans[1]
	earlier, renamed := stored.Rules[0], stored.Rules[1]
	changed.Count, renamed.Name = 6, "larger"
	must(t, "save", saveRouting(t, s, func(tx routing.Tx) { tx.SavePlan(changed); tx.SaveRule(renamed) }))
	refused(t, "a plan of an old version", saveRouting(t, s, func(tx routing.Tx) { tx.SavePlan(changed) }),
		fault.StaleVersion)
	refused(t, "a rule of an old version", saveRouting(t, s, func(tx routing.Tx) { tx.SaveRule(renamed) }),
		fault.StaleVersion)
	refused(t, "removing an old plan", saveRouting(t, s, func(tx routing.Tx) { tx.DropPlan(changed) }), fault.StaleVersion)
	refused(t, "removing an old rule", saveRouting(t, s, func(tx routing.Tx) { tx.DropRule(renamed) }), fault.StaleVersion)
	changed.Version, renamed.Version = 0, 0 // whatever is stored
	must(t, "save", saveRouting(t, s, func(tx routing.Tx) { tx.SavePlan(changed); tx.SaveRule(renamed) }))
	changed.Version, renamed.Version = 3, 3
	got, err := s.Routing.Table(t.Context(), mine)
	must(t, "table", err)
	equal(t, "plans", got.Plans, []installment.Plan{single, changed})
	equal(t, "rules", got.Rules, []routing.Rule{earlier, renamed})
	grows(t, s, "remove", func() error {
		return saveRouting(t, s, func(tx routing.Tx) { tx.DropPlan(changed); tx.DropRule(renamed) })
	})
	got, err = s.Routing.Table(t.Context(), mine)
	must(t, "table", err)
	equal(t, "plans left", got.Plans, []installment.Plan{single})
	equal(t, "rules left", got.Rules, []routing.Rule{earlier})
}

func testBINs(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	var rows []bin.Info
	for i := range 250 {
		rows = append(rows, bin.Info{
			Prefix:   string([]byte{'4', '0', '0', '0' + byte(i/100), '0' + byte(i/10%10), '0' + byte(i%10)}),
			BankCode: "0046", Bank: "Bank",
			Scheme: card.Visa, Type: card.Credit, Program: "Axess", Brand: "Axess", Commercial: i%2 == 0, Domestic: i%3 == 0,
		})
	}
	save := func(rows ...bin.Info) error {
		return s.BINs.InTx(t.Context(), func(tx bin.Tx) { tx.SaveBINs(rows) })
	}
	grows(t, s, "save", func() error { return save(rows...) })
	got, err := s.BINs.BINs(t.Context(), bin.Shared)
	must(t, "read", err)
	equal(t, "rows", got, rows)

	first, last := rows[0], rows[0]
	first.Bank, last.Bank = "Wrong", "Renamed"
	must(t, "replace", save(first, last))
	got, err = s.BINs.BINs(t.Context(), bin.Shared)
	must(t, "read", err)
	if len(got) != len(rows) || got[0].Bank != "Renamed" {
		t.Errorf("%d rows, the first of %q", len(got), got[0].Bank)
	}

	rows[0] = last
	ownBINs(t, s, rows)
}

// ownBINs holds that merchants' rows and the shared ones do not touch each other.
func ownBINs(t *testing.T, s Stores, shared []bin.Info) {
	t.Helper()
	row := func(owner id.Merchant, prefix string) bin.Info {
		return bin.Info{MerchantID: owner, Prefix: prefix, Scheme: card.Troy, Type: card.Debit}
	}
	first := shared[0].Prefix
	grows(t, s, "save own", func() error {
		return s.BINs.InTx(t.Context(), func(tx bin.Tx) {
			tx.SaveBINs([]bin.Info{row(mine, first), row(mine, "399999"), row(others, first), row(others, "411111")})
		})
	})
	for owner, want := range map[id.Merchant][]bin.Info{
		bin.Shared: shared, mine: {row(mine, "399999"), row(mine, first)},
		others: {row(others, first), row(others, "411111")},
	} {
		got, err := s.BINs.BINs(t.Context(), owner)
		must(t, "read", err)
		equal(t, "rows of an owner", got, want)
	}
	both := slices.Concat([]bin.Info{row(mine, "399999"), shared[0], row(mine, first)}, shared[1:])
	for own, want := range map[bool][]bin.Info{false: both, true: {row(mine, "399999"), row(mine, first)}} {
		var got []bin.Info
		p := bin.PageOf{Own: own, Limit: 7}
		for {
			page, next, err := s.BINs.BINPage(t.Context(), mine, p)
			must(t, "page", err)
			got = append(got, page...)
			if p.Cursor = next; next == "" {
				break
			}
		}
		equal(t, "rows in pages", got, want)
	}
	grows(t, s, "remove", func() error {
		return s.BINs.InTx(t.Context(), func(tx bin.Tx) { tx.RemoveBIN(mine, first) })
	})
	for owner, want := range map[id.Merchant]int{bin.Shared: len(shared), mine: 1, others: 2} {
		got, err := s.BINs.BINs(t.Context(), owner)
		if must(t, "read", err); len(got) != want {
			t.Errorf("%d rows of merchant %d, want %d", len(got), owner, want)
		}
	}
}

func testVault(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	k := vault.DataKey{MerchantID: mine, Number: 1, Sealed: []byte{1, 2, 0}, CreatedAt: epoch}
	k2 := vault.DataKey{MerchantID: mine, Number: 2, Sealed: []byte{3}, CreatedAt: epoch}
	must(t, "add", s.Vault.AddDataKey(t.Context(), k2))
	must(t, "add", s.Vault.AddDataKey(t.Context(), k))
	refused(t, "number in use", s.Vault.AddDataKey(t.Context(), k), fault.DuplicateKey)
	keys, err := s.Vault.DataKeys(t.Context(), mine)
	must(t, "keys", err)
	equal(t, "keys", keys, []vault.DataKey{k, k2})
	keys, err = s.Vault.DataKeys(t.Context(), others)
	must(t, "keys", err)
	equal(t, "others' keys", keys, nil)

	c := vault.StoredCard{
		ID: 1, MerchantID: mine, Token: "token", SealedPAN: []byte{7}, Fingerprint: "f", BIN: "54211901", Last4: "0656",
		ExpiryMonth: 7, ExpiryYear: 2030, Holder: "Ada", CreatedAt: epoch,
	}
	must(t, "add", s.Vault.AddCard(t.Context(), c))
	twin := c
	twin.ID = 2
	refused(t, "token in use", s.Vault.AddCard(t.Context(), twin), fault.DuplicateKey)
	got, err := s.Vault.CardByToken(t.Context(), mine, "token")
	must(t, "find", err)
	equal(t, "card", got, c)
	_, err = s.Vault.CardByToken(t.Context(), others, "token")
	refused(t, "others' find", err, fault.NoSuchThing)
	refused(t, "others' delete", s.Vault.DeleteCard(t.Context(), others, c.ID), fault.NoSuchThing)
	must(t, "delete", s.Vault.DeleteCard(t.Context(), mine, c.ID))
	_, err = s.Vault.CardByToken(t.Context(), mine, "token")
	refused(t, "find", err, fault.NoSuchThing)
	err = s.Vault.DeleteCard(t.Context(), mine, c.ID)
	refused(t, "delete again", err, fault.NoSuchThing)
	if kind := fault.KindOf(err); kind != fault.NotFound {
		t.Errorf("kind %d, want NotFound", kind)
	}
}

// testProbe holds that nodes may try to write at once and as often as they want,
// and that nothing comes of it.
func testProbe(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	before, err := s.Config.ConfigVersion(t.Context())
	must(t, "read version", err)
	var nodes sync.WaitGroup
	for n := range 8 {
		nodes.Go(func() {
			for range 5 {
				if err := s.Config.Probe(t.Context(), "node "+strconv.Itoa(n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	nodes.Wait()
	left := 0
	must(t, "read rows", s.DB.Query(t.Context(), `SELECT node FROM write_probe`, nil, func(storage.Scanner) error {
		left++
		return nil
	}))
	if after, err := s.Config.ConfigVersion(t.Context()); err != nil || after != before || left != 0 {
		t.Errorf("%d rows left, version %d after %d, %v", left, after, before, err)
	}
	must(t, "close", s.DB.Close())
	if err := s.Config.Probe(t.Context(), "late"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a database that takes no commits: %v", err)
	}
}
