package storetest

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/retention"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/user"
	"github.com/vezne/vezne/internal/webhook"
)

// The first four of what testRetention stores of each sort are old, two of each
// merchant; the last is as old as the line.
const oldRows, agedRows = 4, 5

// line is the moment before which a thing is old.
func line() time.Time { return epoch.Add(time.Hour) }

func ownerOf(n int) id.Merchant { return []id.Merchant{mine, others}[n%2] }

func ageOf(n int) time.Time {
	if n < oldRows {
		return line().Add(-time.Duration(n+1) * time.Minute)
	}
	return line()
}

// testRetention forgets what is old enough and nothing else, whosever it is.
func testRetention(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	r := sqlstore.NewRetention(s.DB)
	must(t, "merchants", s.Merchants.InTx(t.Context(), func(tx merchant.Tx) {
		for _, m := range []id.Merchant{mine, others} {
			tx.SaveMerchant(merchant.Merchant{ID: m, Name: "Shop", CreatedAt: epoch})
		}
	}))
	t.Run("old_idempotency_keys_go", func(t *testing.T) { testForgetKeys(t, s, r) })
	t.Run("logins_that_are_over_go", func(t *testing.T) { testForgetLogins(t, s, r) })
	t.Run("where_nobody_came_from_for_long_goes", func(t *testing.T) { testForgetSources(t, s, r) })
	t.Run("secrets_of_finished_sessions_go_and_nothing_of_running_ones", func(t *testing.T) { testForgetSecrets(t, s, r) })
	t.Run("old_deliveries_go_unless_they_are_still_tried", func(t *testing.T) { testForgetDeliveries(t, s, r) })
	t.Run("there_is_one_job_however_often_it_is_queued", func(t *testing.T) { testRetentionJob(t, s, r) })
}

// forgetOld has a sort forgotten in batches of three, until nothing is old.
func forgetOld(t *testing.T, r *sqlstore.Retention, sort retention.Sort) {
	t.Helper()
	for _, want := range []int{3, 1, 0} {
		n, err := r.Forget(t.Context(), sort, line(), 3)
		must(t, "forget", err)
		equal(t, "forgotten", n, want)
	}
}

func testForgetKeys(t *testing.T, s Stores, r *sqlstore.Retention) {
	value := func(n int) idempotency.Key { return idempotency.Own("key-" + string(rune('a'+n))) }
	for n := range agedRows {
		must(t, "claim", s.Payments.InTx(t.Context(), func(tx payment.Tx) {
			tx.ClaimKey(idempotency.Record{
				MerchantID: ownerOf(n), Key: value(n), Kind: payment.Claimed, Subject: payment.ClaimOf(1, 1), CreatedAt: ageOf(n),
			})
		}))
	}
	forgetOld(t, r, retention.Keys)
	_, err := s.Payments.ClaimedKey(t.Context(), ownerOf(0), value(0).Value)
	refused(t, "an old key", err, fault.NoSuchThing)
	_, err = s.Payments.ClaimedKey(t.Context(), ownerOf(oldRows), value(oldRows).Value)
	must(t, "a newer key", err)
}

func testForgetLogins(t *testing.T, s Stores, r *sqlstore.Retention) {
	users := sqlstore.NewUsers(s.DB)
	for n := range agedRows {
		must(t, "add", users.InTx(t.Context(), func(tx user.Tx) {
			tx.AddSession(user.Session{
				Hash: [32]byte{byte(n + 1)}, ID: id.AdminSession(n + 1), MerchantID: ownerOf(n),
				UserID: 1, CreatedAt: epoch, SeenAt: epoch, ExpiresAt: ageOf(n),
			})
		}))
	}
	forgetOld(t, r, retention.Logins)
	_, err := users.Session(t.Context(), [32]byte{1})
	refused(t, "an old login", err, fault.NoSuchThing)
	_, err = users.Session(t.Context(), [32]byte{agedRows})
	must(t, "a newer login", err)
}

func testForgetSources(t *testing.T, s Stores, r *sqlstore.Retention) {
	users := sqlstore.NewUsers(s.DB)
	email := func(n int) string { return "source-" + string(rune('a'+n)) + "@shop.example" }
	for n := range agedRows {
		must(t, "add", users.InTx(t.Context(), func(tx user.Tx) {
			tx.SaveUser(user.User{ID: id.User(n + 1), MerchantID: ownerOf(n), Email: email(n), CreatedAt: epoch})
			tx.SeeSource(ownerOf(n), id.User(n+1), "192.0.2.1", ageOf(n))
		}))
	}
	forgetOld(t, r, retention.Sources)
	for n, want := range map[int]bool{0: false, agedRows - 1: true} {
		known, err := users.KnowsSource(t.Context(), email(n), "192.0.2.1", time.Time{})
		must(t, "look", err)
		equal(t, email(n), known, want)
	}
}

// sampleSession returns a session that is over.
func sampleSession(n int) payment.Session {
	state := payment.SessionCompleted
	if n%2 == 1 {
		state = payment.SessionFailed
	}
	return payment.Session{
		Key: "session-" + string(rune('a'+n)), MerchantID: ownerOf(n), PaymentID: id.Payment(n + 1),
		State: state, KeyHash: [32]byte{7},
		SealedForm: []byte("form"), SealedProof: []byte("proof"), SealedMemo: []byte("memo"),
		CreatedAt: ageOf(n), ExpiresAt: ageOf(n).Add(time.Minute),
	}
}

func testForgetSecrets(t *testing.T, s Stores, r *sqlstore.Retention) {
	const running = 9 // an old one that is not over
	for n := range agedRows {
		must(t, "add", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertSession(sampleSession(n)) }))
	}
	open := sampleSession(0)
	open.Key, open.PaymentID, open.State = "running", running, payment.SessionAuthenticated
	must(t, "add", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertSession(open) }))
	forgetOld(t, r, retention.Secrets)
	got, err := s.Payments.Session(t.Context(), sampleSession(0).Key)
	must(t, "session", err)
	want := sampleSession(0)
	want.SealedForm, want.SealedProof, want.SealedMemo, want.Version = nil, nil, nil, want.Version+1
	equal(t, "a finished session", got, want)
	for _, kept := range []payment.Session{sampleSession(oldRows), open} {
		got, err := s.Payments.Session(t.Context(), kept.Key)
		must(t, "session", err)
		equal(t, "kept session", got, kept)
	}
	var memos []int64
	const withMemo = `SELECT payment_id FROM threeds_session WHERE sealed_memo IS NOT NULL ORDER BY payment_id`
	must(t, "memos", s.DB.Query(t.Context(), withMemo, nil, func(row storage.Scanner) error {
		var n int64
		err := row.Scan(&n)
		memos = append(memos, n)
		return err
	}))
	equal(t, "sessions with a memo", memos, []int64{agedRows, running})
}

func testForgetDeliveries(t *testing.T, s Stores, r *sqlstore.Retention) {
	hooks := sqlstore.NewWebhooks(s.DB)
	add := func(n int, status webhook.Status) id.Delivery {
		d := webhook.Delivery{
			ID: id.Delivery(n + 1), MerchantID: ownerOf(n), Version: 1,
			EndpointID: 1, EventID: id.Job(n + 1), Type: payment.EventCaptured,
			Data: []byte(`{}`), Status: status, OccurredAt: ageOf(n), CreatedAt: ageOf(n),
		}
		must(t, "add", hooks.InTx(t.Context(), func(tx webhook.Tx) { tx.InsertDelivery(d) }))
		return d.ID
	}
	states := []webhook.Status{webhook.Delivered, webhook.Failed, webhook.Cancelled, webhook.Delivered, webhook.Delivered}
	for n := range agedRows {
		add(n, states[n])
	}
	must(t, "add", hooks.InTx(t.Context(), func(tx webhook.Tx) {
		tx.InsertDelivery(webhook.Delivery{
			ID: 90, MerchantID: mine, Version: 1, EndpointID: 1, EventID: 90, Type: payment.EventCaptured,
			Data: []byte(`{}`), Status: webhook.Pending, OccurredAt: epoch, CreatedAt: epoch,
		})
	}))
	forgetOld(t, r, retention.Deliveries)
	_, err := hooks.Delivery(t.Context(), ownerOf(0), 1)
	refused(t, "an old delivery", err, fault.NoSuchThing)
	_, err = hooks.Delivery(t.Context(), ownerOf(oldRows), agedRows)
	must(t, "a newer delivery", err)
	_, err = hooks.Delivery(t.Context(), mine, 90)
	must(t, "an old one that is still tried", err)
}

func testRetentionJob(t *testing.T, s Stores, r *sqlstore.Retention) {
	kinds := []job.Kind{retention.JobForget}
	queue := func() {
		must(t, "schedule", r.Schedule(t.Context(), job.Job{
			Kind: retention.JobForget, Subject: "retention", Payload: []byte(`{}`), RunAt: epoch, CreatedAt: epoch,
		}))
	}
	lease := func(node string, at time.Time) []job.Job {
		leased, err := s.Jobs.Lease(t.Context(), kinds, node, at, leaseTime, 10)
		must(t, "lease", err)
		return leased
	}
	queue()
	queue()
	held := lease("one", epoch)
	equal(t, "jobs", len(held), 1)
	queue()
	equal(t, "jobs of another node meanwhile", len(lease("two", epoch)), 0)
	must(t, "put off", s.Jobs.Retry(t.Context(), held[0], "one", epoch.Add(time.Hour), ""))
	queue()
	equal(t, "jobs before their time", len(lease("two", epoch.Add(time.Minute))), 0)
	held = lease("two", epoch.Add(time.Hour))
	equal(t, "jobs at their time", len(held), 1)
	must(t, "bury", s.Jobs.Bury(t.Context(), held[0], "two", epoch.Add(time.Hour), "defect"))
	queue()
	equal(t, "jobs after a death", len(lease("one", epoch)), 1)
}
