package vault_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/internal/vault"
)

// always is a RingCache that keeps nothing.
type always func(context.Context, id.Merchant) (*vault.Ring, error)

func (a always) Get(ctx context.Context, m id.Merchant) (*vault.Ring, error) { return a(ctx, m) }

// safe is a database with a keyset file, as a server has them.
type safe struct {
	db    *storage.DB
	file  vault.KeysetFile
	clock *clock.Manual
}

func newSafe(t *testing.T, engine storage.Engine) *safe {
	t.Helper()
	s := &safe{
		db:    storetest.Open(t, engine),
		file:  vault.KeysetFile{Path: filepath.Join(t.TempDir(), "keyset.json")},
		clock: clock.NewManual(start()),
	}
	if _, err := s.file.Create(t.Context(), vault.Demo); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *safe) load(t *testing.T) *vault.Keyset {
	t.Helper()
	k, err := s.file.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// vault returns a vault with the keyset, as one node has it.
func (s *safe) vault(k *vault.Keyset) *vault.Vault {
	return vault.New(vault.Options{
		Keyset: k, Store: sqlstore.NewVault(s.db), IDs: id.NewGenerator(sqlstore.NewSequences(s.db)), Clock: s.clock,
		Cache: func(load func(context.Context, id.Merchant) (*vault.Ring, error)) vault.RingCache {
			return always(load)
		},
	})
}

// promote puts a new primary key into the file.
func (s *safe) promote(t *testing.T) *vault.Keyset {
	t.Helper()
	staged, err := s.load(t).Stage()
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := staged.Promote()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.file.Replace(t.Context(), fresh); err != nil {
		t.Fatal(err)
	}
	return fresh
}

// rotator returns the rotator of a node of its own that settles for no time.
func (s *safe) rotator(v *vault.Vault, node string) *vault.Rotator {
	sealed := sqlstore.NewSealed(s.db)
	return vault.NewRotator(vault.RotatorOptions{
		Vault: v, File: s.file, Rotations: sqlstore.NewRotations(s.db), Values: sealed, Keys: sealed,
		Clock: s.clock, Log: slog.New(slog.DiscardHandler), Node: node, Invalidate: func() {},
	})
}

func (s *safe) rotation(t *testing.T) vault.Rotation {
	t.Helper()
	r, err := sqlstore.NewRotations(s.db).Rotation(t.Context(), s.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// column is a column of the schema.
type column struct{ table, name, kind string }

// columns reads the schema.
func (s *safe) columns(t *testing.T) []column {
	t.Helper()
	sql := `SELECT m.name, c.name, c.type FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.name, c.cid`
	if s.db.Engine() == storage.PostgreSQL {
		sql = `SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'
			ORDER BY table_name, ordinal_position`
	}
	var all []column
	err := s.db.Query(t.Context(), sql, nil, func(row storage.Scanner) error {
		var c column
		err := row.Scan(&c.table, &c.name, &c.kind)
		c.kind = strings.ToLower(c.kind)
		all = append(all, c)
		return err
	})
	if err != nil || len(all) < 100 {
		t.Fatalf("%d columns, %v", len(all), err)
	}
	return all
}

func (c column) full() string { return c.table + "." + c.name }

func (c column) bytes() bool { return c.kind == "blob" || c.kind == "bytea" }

// plainColumns hold bytes that are no secrets: hashes, ids, pictures.
func plainColumns() []string {
	return []string{
		"payment.uuid", "admin_token.hash", "idempotency_key.key_hash", "idempotency_key.request_hash", "idempotency_key.subject_uuid", "threeds_session.key_hash", "checkout.id",
		"admin_user.invitation", "admin_session.hash", "audit_block.hash", "merchant_logo.body",
		"data_key.sealed", "fingerprint_key.sealed", // under the keyset, and looked at by themselves
	}
}

// TestSealedColumns_every_column_of_the_schema_is_known makes whoever adds a
// column of bytes say whether a rotation has to seal it anew.
func TestSealedColumns_every_column_of_the_schema_is_known(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := newSafe(t, engine)
			var known, found []string
			for _, c := range sqlstore.NewSealed(s.db).SealedColumns() {
				known = append(known, c.Name)
			}
			for _, c := range s.columns(t) {
				if c.bytes() && !slices.Contains(plainColumns(), c.full()) {
					found = append(found, c.full())
				}
			}
			slices.Sort(known)
			slices.Sort(found)
			if !slices.Equal(known, found) {
				t.Fatalf("the schema has sealed columns\n%v\nand a rotation knows\n%v\nadd to sqlstore/sealed.go, or to the plain columns here", found, known)
			}
		})
	}
}

// sealedColumns is how many sealed values a row of each table makes.
func sealedColumns() int { return len(sqlstore.NewSealed(nil).SealedColumns()) }

// fill puts n rows for a merchant into each table that has sealed values: each
// sealed one holds its column's name and the row's number.
func (s *safe) fill(t *testing.T, v *vault.Vault, m id.Merchant, n int) {
	t.Helper()
	sealed := sqlstore.NewSealed(s.db).SealedColumns()
	tables := map[string][]column{}
	for _, c := range s.columns(t) {
		tables[c.table] = append(tables[c.table], c)
	}
	for table, columns := range tables {
		if !slices.ContainsFunc(sealed, func(c vault.SealedColumn) bool { return strings.HasPrefix(c.Name, table+".") }) {
			continue
		}
		for row := range n {
			var names, places []string
			var args []any
			for _, c := range columns {
				names = append(names, c.name)
				places = append(places, "$"+strconv.Itoa(len(names)))
				args = append(args, s.cell(t, v, sealed, c, m, row))
			}
			sql := `INSERT INTO ` + table + ` (` + strings.Join(names, ", ") + `) VALUES (` + strings.Join(places, ", ") + `)`
			if err := s.db.Commit(t.Context(), storage.Batch{{SQL: sql, Args: args}}); err != nil {
				t.Fatal(table, err)
			}
		}
	}
}

func (s *safe) cell(t *testing.T, v *vault.Vault, sealed []vault.SealedColumn, c column, m id.Merchant, row int) any {
	t.Helper()
	unique := fmt.Sprintf("%d-%d", m, row)
	for _, known := range sealed {
		if known.Name == c.full() {
			value := vault.SealedValue{Row: vault.Row{MerchantID: m, ID: int64(row + 1)}, Bound: boundTo(known.Purpose, unique)}
			b, err := v.Seal(t.Context(), known.Subject(value), []byte(c.full()+" "+unique))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	switch {
	case c.name == "merchant_id":
		return int64(m)
	case c.name == "id" || c.name == "payment_id":
		return int64(row + 1)
	case c.name == "last4":
		return "0656"
	case c.bytes():
		return []byte(fmt.Sprintf("%-32s", unique))
	case c.kind == "text":
		return unique
	case c.kind == "boolean":
		return false
	}
	return int64(1)
}

// boundTo is what a value is sealed for besides its row, where every text of the row is
// the one given.
func boundTo(p vault.Purpose, text string) string {
	switch p {
	case vault.PurposeCredential, vault.PurposePOS:
		return text
	case vault.PurposeCard:
		return text + " " + text
	default:
		return ""
	}
}

// each calls f with every sealed value.
func (s *safe) each(t *testing.T, f func(c vault.SealedColumn, v vault.SealedValue)) int {
	t.Helper()
	values, count := sqlstore.NewSealed(s.db), 0
	for _, c := range values.SealedColumns() {
		rows, err := values.SealedValues(t.Context(), c.Name, vault.Row{}, 100_000)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) == 0 {
			t.Fatal(c.Name, "has no rows")
		}
		for _, v := range rows {
			f(c, v)
		}
		count += len(rows)
	}
	return count
}

// allOpen checks that the keyset opens every value, and that each is the one that
// was put there.
func (s *safe) allOpen(t *testing.T, k *vault.Keyset) int {
	t.Helper()
	v := s.vault(k)
	return s.each(t, func(c vault.SealedColumn, value vault.SealedValue) {
		got, err := v.Open(t.Context(), c.Subject(value), value.Sealed)
		if want := fmt.Sprintf("%s %d-%d", c.Name, value.MerchantID, value.ID-1); err != nil || string(got) != want {
			t.Errorf("%s of %d: %q, %v", c.Name, value.ID, got, err)
		}
	})
}

// noneOpen checks that a vault opens no value.
func (s *safe) noneOpen(t *testing.T, v *vault.Vault) {
	t.Helper()
	s.each(t, func(c vault.SealedColumn, value vault.SealedValue) {
		if got, err := v.Open(t.Context(), c.Subject(value), value.Sealed); err == nil {
			t.Errorf("%s of %d opens: %d bytes", c.Name, value.ID, len(got))
		}
	})
}

func TestRotator_afterwards_the_old_key_opens_nothing(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := newSafe(t, engine)
			old := s.load(t)
			before := s.vault(old)
			s.fill(t, before, 7, 300)
			s.fill(t, before, 8, 3)
			print7, err := before.Fingerprint(t.Context(), 7, pan(t))
			if err != nil {
				t.Fatal(err)
			}
			house, err := before.HouseKey(t.Context(), "use")
			if err != nil {
				t.Fatal(err)
			}
			stolen := newMemory() // a copy of the data keys from before
			for _, m := range []id.Merchant{0, 7, 8} {
				if stolen.keys[m], err = sqlstore.NewVault(s.db).DataKeys(t.Context(), m); err != nil || len(stolen.keys[m]) != 1 {
					t.Fatal(m, err)
				}
			}
			for range 2 { // a second rotation has the fingerprint key to carry over
				node := s.vault(s.promote(t))
				if err := s.rotator(node, "a").Round(t.Context()); err != nil {
					t.Fatal(err)
				}
				if r := s.rotation(t); r.Phase != vault.PhaseDone || r.Resealed != r.Total || r.Total != int64(303*sealedColumns()) || r.Unreadable != 0 {
					t.Fatalf("%+v", r)
				}
			}
			fresh, err := s.load(t).Retire()
			if err != nil || fresh.Len() != 1 {
				t.Fatal(fresh, err)
			}
			s.allOpen(t, fresh)
			s.noneOpen(t, s.vault(old))
			s.noneOpen(t, newNode(stolen, old)) // not with the data keys of then either
			after := s.vault(fresh)
			if got, err := after.Fingerprint(t.Context(), 7, pan(t)); err != nil || got != print7 {
				t.Errorf("the fingerprint changed, or %v", err)
			}
			if got, err := after.HouseKey(t.Context(), "use"); err != nil || !bytes.Equal(got.Reveal(), house.Reveal()) {
				t.Errorf("the house's key changed, or %v", err)
			}
			if _, err := s.vault(old).Fingerprint(t.Context(), 7, pan(t)); !errors.Is(err, vault.ErrDataKey) {
				t.Errorf("the old keyset still makes fingerprints: %v", err)
			}
			if err := after.CheckKeyset(t.Context(), sqlstore.NewSealed(s.db), old); !errors.Is(err, vault.ErrDataKey) || !strings.Contains(err.Error(), strconv.Itoa(int(fresh.PrimaryKeyID()))) {
				t.Errorf("the old keyset passes, or the missing key is not named: %v", err)
			}
		})
	}
}

// hooked lets a test act between the steps of a rotation.
type hooked struct {
	*sqlstore.Sealed
	*sqlstore.Rotations
	mu      sync.Mutex
	replace func(column string, values []vault.Resealed) error
	save    func(r vault.Rotation) error
}

func (h *hooked) ReplaceSealed(ctx context.Context, column string, values []vault.Resealed) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.replace != nil {
		if err := h.replace(column, values); err != nil {
			return err
		}
	}
	return h.Sealed.ReplaceSealed(ctx, column, values)
}

func (h *hooked) SaveRotation(ctx context.Context, r vault.Rotation, now time.Time, hold time.Duration) error {
	if h.save != nil {
		if err := h.save(r); err != nil {
			return err
		}
	}
	return h.Rotations.SaveRotation(ctx, r, now, hold)
}

func (s *safe) hook(r *vault.Rotator) *hooked {
	h := &hooked{Sealed: sqlstore.NewSealed(s.db), Rotations: sqlstore.NewRotations(s.db)}
	r.SetStores(h, h)
	return h
}

func TestRotator_a_value_that_changes_meanwhile_is_not_overwritten(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := newSafe(t, engine)
			s.fill(t, s.vault(s.load(t)), 7, 3)
			node := s.vault(s.promote(t))
			rotator := s.rotator(node, "a")
			second := vault.Subject{MerchantID: 7, Purpose: vault.PurposeCard, ID: 2, Bound: boundTo(vault.PurposeCard, "7-1")}
			changed, err := node.Seal(t.Context(), second, []byte("changed"))
			if err != nil {
				t.Fatal(err)
			}
			s.hook(rotator).replace = func(column string, _ []vault.Resealed) error {
				if column != "stored_card.sealed_pan" {
					return nil
				}
				return s.db.Commit(context.Background(), storage.Batch{{
					SQL: `UPDATE stored_card SET sealed_pan = $1 WHERE merchant_id = 7 AND id = 2`, Args: []any{changed},
				}})
			}
			// The value of the other request is under the older key, and is sealed anew
			// in the next look.
			if err := rotator.Round(t.Context()); err != nil && s.rotation(t).Phase != vault.PhaseDone {
				t.Fatal(err)
			}
			rows, err := sqlstore.NewSealed(s.db).SealedValues(t.Context(), "stored_card.sealed_pan", vault.Row{MerchantID: 7, ID: 1}, 1)
			if err != nil || len(rows) != 1 {
				t.Fatal(rows, err)
			}
			if got, err := node.Open(t.Context(), second, rows[0].Sealed); err != nil || string(got) != "changed" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// TestRotator_a_late_write_under_the_old_key_is_found has requests that read a row
// before it was sealed anew and write it back: one after the first look, another
// behind the back of the second.
func TestRotator_a_late_write_under_the_old_key_is_found(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := newSafe(t, engine)
			s.fill(t, s.vault(s.load(t)), 7, 3)
			var late []byte
			s.each(t, func(c vault.SealedColumn, v vault.SealedValue) {
				if c.Name == "webhook_endpoint.sealed_secret" && v.ID == 2 {
					late = v.Sealed
				}
			})
			rotator := s.rotator(s.vault(s.promote(t)), "a")
			columns, wrote := sqlstore.NewSealed(s.db).SealedColumns(), 0
			s.hook(rotator).save = func(r vault.Rotation) error {
				first := r.Phase == vault.PhaseSettling && wrote == 0
				second := r.Phase == vault.PhaseChecking && wrote == 1 && r.Place.Column == columns[len(columns)-1].Name
				if !first && !second {
					return nil
				}
				wrote++
				return s.db.Commit(context.Background(), storage.Batch{{
					SQL: `UPDATE webhook_endpoint SET sealed_secret = $1 WHERE merchant_id = 7 AND id = 2`, Args: []any{late}, Rows: 1,
				}})
			}
			if err := rotator.Round(t.Context()); err != nil {
				t.Fatal(err)
			}
			if r := s.rotation(t); wrote != 2 || r.Phase != vault.PhaseDone || r.Resealed != r.Total+2 {
				t.Errorf("wrote %d times, %+v", wrote, r)
			}
			fresh, err := s.load(t).Retire()
			if err != nil {
				t.Fatal(err)
			}
			s.allOpen(t, fresh)
		})
	}
}

var errKilled = errors.New("killed")

func TestRotator_another_node_goes_on_after_a_kill(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := newSafe(t, engine)
			s.fill(t, s.vault(s.load(t)), 7, 200)
			fresh := s.promote(t)
			first := s.rotator(s.vault(fresh), "a")
			replaced := 0
			s.hook(first).replace = func(string, []vault.Resealed) error {
				if replaced++; replaced == 10 {
					return errKilled
				}
				return nil
			}
			if err := first.Round(t.Context()); !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			if n := s.allOpen(t, fresh); n != 200*sealedColumns() {
				t.Fatalf("%d values", n)
			}
			second := s.rotator(s.vault(fresh), "b")
			if engine == storage.PostgreSQL { // whose own clock is right
				s.clock.Advance(time.Hour)
			}
			if err := second.Round(t.Context()); err != nil || s.rotation(t).Holder != "a" {
				t.Fatalf("the rotation was taken from a node that may live: %v", err)
			}
			storetest.PassTime(t, s.db, time.Minute)
			if err := second.Round(t.Context()); err != nil {
				t.Fatal(err)
			}
			if r := s.rotation(t); r.Phase != vault.PhaseDone || r.Holder != "b" {
				t.Fatalf("%+v", r)
			}
			last, err := fresh.Retire()
			if err != nil {
				t.Fatal(err)
			}
			s.allOpen(t, last)
			// The first one wakes up and can do nothing any more.
			r := s.rotation(t)
			r.Holder = "a"
			if err := sqlstore.NewRotations(s.db).SaveRotation(t.Context(), r, s.clock.Now(), time.Minute); err == nil {
				t.Error("a node that lost the rotation still saves it")
			}
		})
	}
}

func TestRotator_waits(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run("for_a_living_node_with_another_primary_key/"+string(engine), func(t *testing.T) {
			t.Parallel()
			s := newSafe(t, engine)
			old := s.load(t)
			s.fill(t, s.vault(old), 7, 1)
			other := vault.Node{
				Name: "b", PrimaryKey: old.PrimaryKeyID(), Keys: old.KeyIDs(),
				Host: "till-2", Version: "v1.2.3", StartedAt: s.clock.Now(), SeenAt: s.clock.Now(),
			}
			if engine == storage.PostgreSQL { // a clock that is behind makes nobody dead
				other.SeenAt = other.SeenAt.Add(-time.Hour)
			}
			rotations := sqlstore.NewRotations(s.db)
			if err := rotations.SaveNode(t.Context(), other, 2*time.Hour); err != nil {
				t.Fatal(err)
			}
			found, err := rotations.Nodes(t.Context(), s.clock.Now(), vault.NodeLife)
			if err != nil || len(found) != 1 || found[0].Host != other.Host || found[0].Version != other.Version || !found[0].StartedAt.Equal(other.StartedAt) {
				t.Fatalf("nodes %+v, %v", found, err)
			}
			rotator := s.rotator(s.vault(s.promote(t)), "a")
			if err := rotator.Round(t.Context()); err != nil || s.rotation(t).Phase != "" {
				t.Fatalf("it began: %+v, %v", s.rotation(t), err)
			}
			s.allOpen(t, old)
			storetest.PassTime(t, s.db, 2*vault.NodeLife)
			if err := rotator.Round(t.Context()); err != nil || s.rotation(t).Phase != vault.PhaseDone {
				t.Fatalf("it waits for a dead node: %+v, %v", s.rotation(t), err)
			}
		})
	}
	for _, engine := range storetest.Engines {
		t.Run("a_node_that_left_is_waited_for_by_nobody/"+string(engine), func(t *testing.T) {
			t.Parallel()
			s := newSafe(t, engine)
			rotations := sqlstore.NewRotations(s.db)
			node := vault.Node{Name: "b", PrimaryKey: 1, Keys: []uint32{1}, SeenAt: s.clock.Now()}
			for _, want := range []int{1, 0} {
				if err := rotations.SaveNode(t.Context(), node, time.Hour); err != nil {
					t.Fatal(err)
				}
				if found, err := rotations.Nodes(t.Context(), s.clock.Now(), vault.NodeLife); err != nil || len(found) != want {
					t.Fatalf("nodes %+v, %v, want %d", found, err, want)
				}
				node.SeenAt = time.Time{}
			}
		})
	}
	t.Run("for_the_grace_before_keys_are_destroyed", func(t *testing.T) {
		t.Parallel()
		s := newSafe(t, storage.SQLite)
		old := s.load(t)
		s.fill(t, s.vault(old), 7, 1)
		rotator := s.rotator(s.vault(s.promote(t)), "a")
		rotator.SetGrace(time.Hour)
		ctx, stop := context.WithCancel(t.Context())
		s.hook(rotator).save = func(r vault.Rotation) error {
			if r.Phase == vault.PhaseSettling {
				stop()
			}
			return nil
		}
		if err := rotator.Round(ctx); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		keys, err := sqlstore.NewVault(s.db).DataKeys(t.Context(), 7)
		if err != nil || len(keys) != 2 {
			t.Fatalf("%d data keys, %v", len(keys), err)
		}
	})
	t.Run("while_there_is_a_value_that_nothing_opens", func(t *testing.T) {
		t.Parallel()
		s := newSafe(t, storage.SQLite)
		s.fill(t, s.vault(s.load(t)), 7, 2)
		damage := storage.Batch{{SQL: `UPDATE pos SET sealed_settings = $1 WHERE id = 1`, Args: []any{[]byte{1, 0, 0, 0, 1, 9, 9}}, Rows: 1}}
		if err := s.db.Commit(t.Context(), damage); err != nil {
			t.Fatal(err)
		}
		rotator := s.rotator(s.vault(s.promote(t)), "a")
		looks := 0
		s.hook(rotator).save = func(r vault.Rotation) error {
			if r.Phase == vault.PhaseChecking && r.Unreadable == 1 {
				if looks++; looks == 2 {
					return errKilled
				}
			}
			return nil
		}
		if err := rotator.Round(t.Context()); !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		keys, err := sqlstore.NewVault(s.db).DataKeys(t.Context(), 7)
		if err != nil || len(keys) != 2 {
			t.Fatalf("%d data keys, %v", len(keys), err)
		}
	})
}
