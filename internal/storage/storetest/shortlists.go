package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/user"
	"github.com/vezne/vezne/internal/webhook"
)

// shortList reads a page of a list as what its rows are known by.
type shortList func(m id.Merchant, cursor string, limit int) (rows []string, next string, err error)

// testShortLists pages through the lists of what a merchant has set up. Each has
// five rows of which some share the first columns of the order, and rows of
// another merchant beside them.
func testShortLists(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	for _, m := range []id.Merchant{mine, others} {
		fillShortLists(t, s, m)
	}
	lists := shortLists(t, s)
	cursors := map[string]string{}
	for name, c := range map[string]string{
		"poses": "13 15 11 14 12", "plans": "21 25 24 23 22", "rules": "35 33 31 34 32", "credentials": "43 44 45 41 42",
		"tokens": "53 54 55 51 52", "team": "61 62 63 64 65", "sessions": "71 72 73 74 75", "endpoints": "81 82 83 84 85",
	} {
		list, want := lists[name], strings.Fields(c)
		_, cursor, err := list(mine, "", 2)
		must(t, name, err)
		cursors[name] = cursor
		t.Run(name+"_in_pages_of_any_size", func(t *testing.T) {
			for limit := 1; limit <= len(want)+1; limit++ {
				equal(t, fmt.Sprintf("pages of %d", limit), walkShort(t, list, limit), want)
			}
			none, next, err := list(mine+100, "", 2)
			must(t, "list of nobody", err)
			equal(t, "list of nobody", append(none, next), []string{""})
		})
	}
	t.Run("a_cursor_of_another_list_is_refused", func(t *testing.T) {
		for name, list := range lists {
			for of, cursor := range cursors {
				if of == name {
					continue
				}
				_, _, err := list(mine, cursor, 2)
				refused(t, name+" after a cursor of "+of, err, fault.ValidationError)
			}
		}
	})
	t.Run("a_malformed_cursor_is_refused", func(t *testing.T) {
		for name, list := range lists {
			// The last are [], ["poses","1","2"] and ["plans",1,"\u0000",1,1].
			for _, cursor := range []string{"x", "AAAA", "!", "W10", "WyJwb3NlcyIsIjEiLCIyIl0", "WyJwbGFucyIsMSwiXHUwMDAwIiwxLDFd"} {
				_, _, err := list(mine, cursor, 2)
				refused(t, name+" after "+cursor, err, fault.ValidationError)
			}
		}
	})
	t.Run("a_page_stays_in_place_when_rows_before_it_go", func(t *testing.T) {
		first, cursor, err := lists["rules"](mine, "", 2)
		must(t, "first page", err)
		equal(t, "first page", first, []string{"35", "33"})
		must(t, "drop", s.Routing.InTx(t.Context(), func(tx routing.Tx) {
			tx.DropRule(routing.Rule{ID: 33, MerchantID: mine, Version: 1})
			tx.DropRule(routing.Rule{ID: 35, MerchantID: mine, Version: 1})
		}))
		second, _, err := lists["rules"](mine, cursor, 2)
		must(t, "second page", err)
		equal(t, "second page", second, []string{"31", "34"})
	})
	t.Run("sessions_that_are_over_are_left_out", func(t *testing.T) {
		for name, c := range map[string]struct {
			filter user.SessionFilter
			want   []string
		}{
			"ended_by_time": {user.SessionFilter{LiveAt: epoch.Add(3 * time.Hour)}, []string{"73", "74", "75"}},
			"idle":          {user.SessionFilter{SeenAfter: epoch.Add(4 * time.Minute)}, []string{"74", "75"}},
			"of_somebody":   {user.SessionFilter{UserID: 62}, nil},
		} {
			if c.filter.UserID == 0 {
				c.filter.UserID = 61
			}
			found, _, err := sqlstore.NewUsers(s.DB).SessionPage(t.Context(), mine, c.filter)
			must(t, name, err)
			equal(t, name, keysOf(found, func(s user.Session) any { return s.ID }), c.want)
		}
	})
}

func walkShort(t *testing.T, list shortList, limit int) []string {
	t.Helper()
	var all []string
	for cursor := ""; ; {
		page, next, err := list(mine, cursor, limit)
		must(t, "page", err)
		all = append(all, page...)
		if len(all) > 100 {
			t.Fatalf("the pages of %d have no end", limit)
		}
		if len(page) > limit || (next != "" && len(page) < limit) {
			t.Fatalf("a page of %d has %d rows and next %q", limit, len(page), next)
		}
		if next == "" {
			return all
		}
		cursor = next
	}
}

func keysOf[T any](rows []T, key func(T) any) []string {
	var keys []string
	for _, r := range rows {
		keys = append(keys, fmt.Sprint(key(r)))
	}
	return keys
}

func shortLists(t *testing.T, s Stores) map[string]shortList {
	t.Helper()
	ctx, users, hooks := t.Context(), sqlstore.NewUsers(s.DB), sqlstore.NewWebhooks(s.DB)
	return map[string]shortList{
		"poses": func(m id.Merchant, cursor string, limit int) ([]string, string, error) {
			poses, next, err := s.POSes.POSPage(ctx, m, cursor, limit)
			return keysOf(poses, func(p pos.POS) any { return p.ID }), next, err
		},
		"plans": func(m id.Merchant, cursor string, limit int) ([]string, string, error) {
			table, next, err := s.Routing.PlanPage(ctx, m, cursor, limit)
			return keysOf(table.Plans, func(p installment.Plan) any { return p.ID }), next, err
		},
		"rules": func(m id.Merchant, cursor string, limit int) ([]string, string, error) {
			table, next, err := s.Routing.RulePage(ctx, m, cursor, limit)
			if err == nil && m == mine && len(table.POSes) != 5 {
				t.Errorf("rules come with %d POSes", len(table.POSes))
			}
			return keysOf(table.Rules, func(r routing.Rule) any { return r.ID }), next, err
		},
		"credentials": func(m id.Merchant, cursor string, limit int) ([]string, string, error) {
			all, next, err := s.Merchants.CredentialPage(ctx, m, cursor, limit)
			return keysOf(all, func(c merchant.Credential) any { return c.ID }), next, err
		},
		"tokens": func(m id.Merchant, cursor string, limit int) ([]string, string, error) {
			all, next, err := s.Merchants.AdminTokenPage(ctx, m, cursor, limit)
			return keysOf(all, func(t merchant.AdminToken) any { return t.Name }), next, err
		},
		"team": func(m id.Merchant, cursor string, limit int) ([]string, string, error) {
			all, next, err := users.UserPage(ctx, m, cursor, limit)
			return keysOf(all, func(u user.User) any { return u.ID }), next, err
		},
		"sessions": func(m id.Merchant, cursor string, limit int) ([]string, string, error) {
			all, next, err := users.SessionPage(ctx, m, user.SessionFilter{UserID: 61, Cursor: cursor, Limit: limit})
			return keysOf(all, func(s user.Session) any { return s.ID }), next, err
		},
		"endpoints": func(m id.Merchant, cursor string, limit int) ([]string, string, error) {
			all, next, err := hooks.EndpointPage(ctx, m, cursor, limit)
			return keysOf(all, func(e webhook.Endpoint) any { return e.ID }), next, err
		},
	}
}

// fillShortLists adds five rows of each for a merchant. The ids of others are the
// same but where ids are everybody's.
func fillShortLists(t *testing.T, s Stores, m id.Merchant) {
	t.Helper()
	far := id.User(0)
	if m != mine {
		far = 1000
	}
	// The rows that share the first columns: 1 and 2, and 3, 4 and 5.
	early := func(n int) bool { return n >= 3 }
	at := func(n int) time.Time {
		if early(n) {
			return epoch
		}
		return epoch.Add(time.Hour)
	}
	must(t, "merchant", s.Merchants.InTx(t.Context(), func(tx merchant.Tx) {
		tx.SaveMerchant(merchant.Merchant{ID: m, Name: "Shop", CreatedAt: epoch})
		for n := 5; n >= 1; n-- {
			name := fmt.Sprint(50 + n)
			tx.SaveCredential(merchant.Credential{
				ID: id.Credential(40 + n), MerchantID: m, Name: name,
				Key: fmt.Sprint("key-", m, "-", n), CreatedAt: at(n),
			})
			tx.SaveAdminToken(merchant.AdminToken{
				Hash: [32]byte{byte(n), byte(m)}, MerchantID: m, Name: name, Role: merchant.RoleViewer, CreatedAt: at(n),
			})
		}
	}))
	must(t, "routing", s.Routing.InTx(t.Context(), func(tx routing.Tx) {
		for n := 1; n <= 5; n++ {
			// By priority: 3 and 5 before 1, 4 before 2.
			tx.SavePOS(pos.POS{
				ID: id.POS(10 + n), MerchantID: m, Alias: fmt.Sprint("pos-", n),
				Priority: []int{4, 5, -1, 4, -1}[n-1], Status: pos.Active,
			})
			// By POS, program and count.
			tx.SavePlan(installment.Plan{
				ID: id.Plan(20 + n), MerchantID: m, POSID: []id.POS{11, 12, 12, 12, 12}[n-1],
				Program: []string{"World", "Bonus", "Bonus", "Bonus", ""}[n-1],
				Count:   []int{9, 3, 2, 1, 12}[n-1],
			})
			tx.SaveRule(routing.Rule{
				ID: id.Rule(30 + n), MerchantID: m, Name: fmt.Sprint("rule-", n), Position: []int{2, 9, 1, 2, -7}[n-1],
			})
		}
	}))
	must(t, "team", sqlstore.NewUsers(s.DB).InTx(t.Context(), func(tx user.Tx) {
		for n := range 5 {
			number := id.User(61+n) + far
			tx.SaveUser(user.User{
				ID: number, MerchantID: m, Email: fmt.Sprint(number, "@shop.example"),
				Name: "N", Role: merchant.RoleViewer, CreatedAt: epoch,
			})
			tx.AddSession(user.Session{
				Hash: [32]byte{byte(n), byte(m)}, ID: id.AdminSession(71+n) + id.AdminSession(far),
				MerchantID: m, UserID: 61, CreatedAt: epoch,
				SeenAt: epoch.Add(time.Duration(n+2) * time.Minute), ExpiresAt: epoch.Add(time.Duration(n+2) * time.Hour),
			})
		}
	}))
	must(t, "endpoints", sqlstore.NewWebhooks(s.DB).InTx(t.Context(), func(tx webhook.Tx) {
		for _, n := range slices.Backward([]id.Endpoint{81, 82, 83, 84, 85}) {
			tx.InsertEndpoint(webhook.Endpoint{
				ID: n, MerchantID: m, Version: 1, URL: "https://shop.example/",
				Events: []string{"*"}, State: webhook.Active, CreatedAt: epoch,
			})
		}
	}))
}
