// Package nodes holds what is promised of several servers on one PostgreSQL: they
// run as processes of their own behind a balancer, are killed, joined and
// restarted under load, and afterwards the database, the bank and the merchant's
// server must agree on what happened.
package nodes_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/test/wait"

	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

var (
	operations = flag.Int64("operations", 2_000, "requests that the nodes answer in TestNodes")
	clients    = flag.Int("clients", 16, "how many ask at once")
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// promise is how long a change of configuration may take to reach every node.
const promise = time.Second

// TestNodes runs mixed operations on two nodes, kills one of them while it has
// jobs in hand, lets a third join, and revokes and disables meanwhile.
func TestNodes(t *testing.T) { //nolint:paralleltest // it needs the machine
	c, s := newCluster(t), openShop(t)
	first, second := c.join(t), c.join(t)
	d := openDatabase(t, c.dsn)
	d.recordLeases(t)
	l := newLoad(t, c.balancer.url, s)
	hook(t, l, s)

	began := time.Now()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var running sync.WaitGroup
	running.Go(func() { l.run(ctx, *clients, *operations) })

	l.await(t, *operations/5)
	release := s.hold()
	held := 0 // looks in a row, for deliveries that were on their way before end at once
	if !servertest.Eventually(t, func() bool {
		if held++; d.number(t, leaseholders) < 2 {
			held = 0
		}
		return held >= 10
	}) {
		t.Error("no two nodes hold deliveries at once: the kill proves nothing about leases")
	}
	first.kill()
	killed := time.Now()
	c.balancer.remove(first)
	release()
	t.Logf("killed %s after %d requests", first.name, l.asked.Load())
	l.await(t, *operations*2/5)
	third := c.join(t)
	t.Logf("%s joined after %d requests", third.name, l.asked.Load())

	revoke(t, l, second, third)
	disable(t, l, d, second, third)
	running.Wait()
	t.Logf("%d requests in %s, %d of them sent again because a node was gone, %v; %v", l.asked.Load(),
		time.Since(began).Round(time.Millisecond), l.torn, l.refused, l.kinds)

	if l.lost > *clients { // each has one request under way
		t.Errorf("%d requests never reached the bank", l.lost)
	}
	t.Logf("%d requests were at the killed node and never reached the bank", l.lost)
	d.awaitJobs(t)
	t.Logf("every job was done %s after the kill", time.Since(killed).Round(time.Second))
	d.checkIDs(t)
	d.checkLeases(t)
	checkEvents(t, d, s)
	checkBank(t, d, c)
	for _, n := range []*node{second, third} {
		if code := n.drain(t); code != 0 {
			t.Errorf("%s ends with %d: %s", n.name, code, n.tail())
		}
	}
	verifyBooks(t, c)
}

// await waits until so many requests were answered.
func (l *load) await(t *testing.T, n int64) {
	t.Helper()
	if !wait.Poll(t.Context(), 5*time.Minute, func() bool { return l.asked.Load() >= n }) {
		t.Fatalf("only %d requests were answered", l.asked.Load())
	}
}

// hook subscribes the shop to every event of payments.
func hook(t *testing.T, l *load, s *shop) {
	t.Helper()
	body := fmt.Sprintf(`{"url":%q,"events":["payment.*"]}`, s.url+"/event")
	r, err := l.ask(t.Context(), servertest.Admin(), http.MethodPost, "/admin/v1/webhook-endpoints", body, "")
	if err != nil || r.status != http.StatusCreated {
		t.Fatalf("webhook endpoint: %d %s (%v)", r.status, r.body, err)
	}
}

// at is the load's way of asking one node.
func (l *load) at(n *node) *load {
	return &load{t: l.t, url: n.url.String(), shop: l.shop, http: l.http, payments: l.payments, refused: map[string]int{}}
}

// revoke issues a key, has both nodes know it, revokes it at one and measures
// when the other has stopped taking it; both ways round.
func revoke(t *testing.T, l *load, nodes ...*node) {
	t.Helper()
	const rounds = 10
	var slowest time.Duration
	for i := range rounds {
		by, other := l.at(nodes[i%2]), l.at(nodes[(i+1)%2])
		r, err := by.ask(t.Context(), servertest.Admin(), http.MethodPost, "/admin/v1/credentials", fmt.Sprintf(`{"name":"till %d"}`, i), "")
		if !l.want("issue", r, err, r.status == http.StatusCreated) {
			return
		}
		key := servertest.Credential{"X-API-KEY": r.text("key"), "X-API-SECRET": r.text("secret")}
		answers := func(n *load, status int) func() bool {
			return func() bool {
				r, err := n.send(t.Context(), key, http.MethodGet, "/api/payments?limit=1", "", "")
				return err == nil && r.status == status
			}
		}
		for _, n := range []*load{by, other} {
			if !servertest.Eventually(t, answers(n, http.StatusOK)) {
				t.Fatal("a new key does not work")
			}
		}
		r, err = by.ask(t.Context(), servertest.Admin(), http.MethodDelete, "/admin/v1/credentials/"+string(r.members["id"]), "", "")
		revoked := time.Now()
		if !l.want("revoke", r, err, r.status == http.StatusNoContent) {
			return
		}
		if !answers(by, http.StatusUnauthorized)() {
			t.Error("the node that revoked the key takes it")
		}
		if !servertest.Eventually(t, answers(other, http.StatusUnauthorized)) {
			t.Fatal("a revoked key works on")
		}
		slowest = max(slowest, time.Since(revoked))
	}
	t.Logf("a revoked key was refused by the other node after %s at most, in %d rounds", slowest.Round(time.Millisecond),
		rounds)
	if slowest > promise {
		t.Errorf("a revoked key worked for %s", slowest)
	}
}

// disable takes a POS out of service at one node while all pay with cards that
// it is the first choice for, and proves that nothing was begun there later.
func disable(t *testing.T, l *load, d database, nodes ...*node) {
	t.Helper()
	const alias = "akbank"
	posID := d.number(t, `SELECT id FROM pos WHERE merchant_id = 1 AND alias = '`+alias+`'`)
	by := l.at(nodes[0])
	r, err := by.ask(t.Context(), servertest.Admin(), http.MethodGet, "/admin/v1/poses/"+alias, "", "")
	if !l.want("look at POS", r, err, r.status == http.StatusOK) {
		return
	}
	before := d.number(t, fmt.Sprintf(`SELECT count(*) FROM operation WHERE merchant_id = 1 AND kind IN ('sale', 'authorize') AND pos_id = %d`, posID))
	r, err = by.ask(t.Context(), servertest.Admin(), http.MethodPatch, "/admin/v1/poses/"+alias, `{"status":"disabled"}`, "", "If-Match", r.etag)
	disabled := time.Now()
	if !l.want("disable POS", r, err, r.status == http.StatusOK) {
		return
	}
	// Axess cards go elsewhere from now on, on either node, for longer than it may take.
	asked := 0
	for time.Since(disabled) < 2*promise {
		l.at(nodes[asked%len(nodes)]).charge(t.Context(), servertest.Merchant(), "/api/payment", fmt.Sprintf("elsewhere-%d", asked), "")
		asked++
	}
	late := d.rows(t, `SELECT started_at FROM operation WHERE merchant_id = 1 AND kind IN ('sale', 'authorize') AND pos_id = $1 AND started_at > $2
		ORDER BY started_at DESC LIMIT 1`, posID, disabled.UnixMicro())
	if before == 0 {
		t.Error("the POS was not used before: nothing was proved")
	}
	for _, row := range late {
		used := time.UnixMicro(row[0]).Sub(disabled)
		t.Logf("the POS was last used %s after it was disabled", used.Round(time.Millisecond))
		if used > promise {
			t.Errorf("a disabled POS was used after %s", used)
		}
	}
	t.Logf("%d payments were made after the POS was disabled", asked)
}
