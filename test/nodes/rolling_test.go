package nodes_test

import (
	"context"
	"sync"
	"testing"
	"time"
)

// further is what a next version's migrations may do while this binary serves:
// add columns, tables and indexes, and count themselves.
var further = []string{
	`ALTER TABLE payment ADD COLUMN of_the_next_version TEXT NOT NULL DEFAULT ''`,
	`ALTER TABLE job ADD COLUMN of_the_next_version BIGINT NOT NULL DEFAULT 0`,
	`CREATE TABLE of_the_next_version (merchant_id BIGINT NOT NULL, id BIGINT NOT NULL, PRIMARY KEY (merchant_id, id))`,
	`CREATE INDEX CONCURRENTLY operation_of_the_next_version ON operation (merchant_id, started_at)`,
	`INSERT INTO goose_db_version (version_id, is_applied) SELECT max(version_id) + 1, TRUE FROM goose_db_version`,
}

// TestRollingRestart migrates the schema further under load, then replaces the
// nodes one by one. No request fails for good, and every node ends with 0.
func TestRollingRestart(t *testing.T) { //nolint:paralleltest // it needs the machine
	c, s := newCluster(t), openShop(t)
	nodes := []*node{c.join(t), c.join(t)}
	d := openDatabase(t, c.dsn)
	l := newLoad(t, c.balancer.url, s)
	hook(t, l, s)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var running sync.WaitGroup
	const most = 1 << 40 // until it is stopped
	running.Go(func() { l.run(ctx, 8, most) })
	l.await(t, 100)
	for _, statement := range further {
		d.exec(t, statement)
	}
	l.await(t, l.asked.Load()+100)
	for _, old := range nodes {
		began := time.Now()
		if code := old.drain(t); code != 0 {
			t.Errorf("%s ends with %d: %s", old.name, code, old.tail())
		}
		c.balancer.remove(old)
		t.Logf("%s drained in %s", old.name, time.Since(began).Round(time.Millisecond))
		c.join(t) // on the newer schema
		l.await(t, l.asked.Load()+100)
	}
	l.ending.Store(true)
	running.Wait()
	t.Logf("%d requests, %d sent again because a node was gone, %v", l.asked.Load(), l.torn, l.refused)
	if l.lost > 0 {
		t.Errorf("%d requests never reached the bank", l.lost)
	}
	d.awaitJobs(t)
	checkEvents(t, d, s)
	checkBank(t, d, c)
	verifyBooks(t, c)
}
