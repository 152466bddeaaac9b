package storetest

import (
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
)

// The merchants of the suite: what one has, the other must not see.
const (
	mine   id.Merchant = 7
	others id.Merchant = 8
)

var epoch = time.Date(2026, time.March, 1, 10, 20, 30, 123456000, time.UTC)

func lira(minor int64) money.Amount { return money.FromMinor(minor, money.TRY) }

// samplePayment returns a pending payment of mine with every member set, whose
// number makes all that must be unique in it.
func samplePayment(n int64) payment.Payment {
	at := epoch.Add(time.Duration(n) * time.Millisecond)
	return payment.Payment{
		ID: id.Payment(n), UUID: id.NewUUID(), MerchantID: mine,
		Surface: payment.SurfaceGateway, Phase: payment.PhaseSale, Group: payment.GroupProduct, State: payment.Pending,
		OrderRef: "order-" + strconv.FormatInt(n, 10), HoldsOrder: true,
		ConversationID: "conversation", ExternalID: "external", Channel: "web", CustomerRef: "customer", BuyerID: 31,
		Price: lira(10_000), Paid: lira(10_500), Wallet: lira(0), Installments: 3, InterestPayer: installment.PaidByCustomer,
		CustomerRate: 5_000_000, CommissionRate: 1_790_000, Commission: lira(188),
		Authorized: lira(0), Captured: lira(0), Refunded: lira(0), Refunding: lira(0), CaptureLimit: lira(0),
		Unclear: true,
		Card: payment.Instrument{
			Masked: "542119******0656", BIN: "54211901", Last4: "0656", Holder: "Zeynep Çağlar", Fingerprint: "f1",
			Bank: "Test Bank", Scheme: "MASTERCARD", Type: "CREDIT", Program: "Bonus", Brand: "Gold",
			Commercial: true, Known: true, Domestic: true, CardID: 5,
		},
		RequestedPOSAlias: "first", POSID: 3, POSAlias: "first",
		Routing: routing.Decision{
			Candidates: []routing.Candidate{{
				POS: pos.POS{ID: 3, Alias: "first", Name: "First", BankCode: "0046", Connector: "sandbox"},
				Plan: installment.Plan{
					ID: 9, POSID: 3, Program: "Bonus", Count: 3, CommissionRate: 1_790_000, CustomerRate: 5_000_000,
				},
				Reason: routing.OnUs, ThreeDS: connector.DebitCardsRequires3DS,
			}},
			Rejected: []routing.Rejection{{POSID: 4, Alias: "second", Reason: routing.NoPlan}},
			RuleID:   2, RuleName: "domestic first",
		},
		Result:   payment.Result{Reason: connector.ResultUnknown, At: at},
		ClientIP: netip.MustParseAddr("2001:db8::1"), CreatedAt: at, UpdatedAt: at,
		Items: []payment.Item{
			{
				ID: id.Item(10 * n), Name: "book", ExternalID: "b", Price: lira(6_000), Paid: lira(6_300), Wallet: lira(0),
				Taken: lira(6_300), Commission: lira(113), Refunded: lira(0), Refunding: lira(0), SubMerchantID: 41, SubMerchantPrice: lira(5_000),
			},
			{
				ID: id.Item(10*n + 1), Position: 1, Name: "pen", ExternalID: "p", Price: lira(4_000), Paid: lira(4_200),
				Wallet: lira(0), Taken: lira(4_200), Commission: lira(75), Refunded: lira(0), Refunding: lira(0), SubMerchantPrice: lira(0),
			},
		},
	}
}

// sampleOperation returns the open sale of a payment.
func sampleOperation(p payment.Payment) payment.Operation {
	return payment.Operation{
		ID: id.Operation(p.ID), MerchantID: p.MerchantID, PaymentID: p.ID, AskID: id.Operation(p.ID), Attempt: 1,
		Asked: connector.Sale, Kind: connector.Sale, POSID: 3,
		Reference: fmt.Sprintf("REF%d", p.ID), Original: "", Amount: p.Paid,
		Status: payment.OperationOpen, Actor: "credential:1",
		StartedAt: p.CreatedAt, NextInquiry: p.CreatedAt.Add(time.Minute),
	}
}

// captured returns the payment and its operation after the bank's approval.
func captured(p payment.Payment, o payment.Operation) (payment.Payment, payment.Operation) {
	at := p.CreatedAt.Add(time.Second)
	o.Status, o.FinishedAt, o.BankCode, o.BankMessage = payment.OperationApproved, at, "00", "ONAY"
	o.Result = payment.Result{Reason: connector.Success, TransactionID: "T1", HostReference: "H1", AuthCode: "A1", At: at}
	p.State, p.Captured, p.Result, p.UpdatedAt = payment.Captured, p.Paid, o.Result, at
	return p, o
}

func samplePosting(o payment.Operation) ledger.Posting {
	return ledger.Posting{
		ID: id.Posting(1000 + o.ID), MerchantID: o.MerchantID, Source: ledger.OperationApproved(o.ID), PaymentID: o.PaymentID, At: o.FinishedAt,
		Entries: []ledger.Entry{
			{Account: "pos_receivable:3", Amount: lira(10_312)},
			{Account: ledger.Sales, Amount: lira(-10_000)},
			{Account: ledger.BankCommission, Amount: lira(188)},
			{Account: ledger.CustomerInterest, Amount: lira(-500)},
		},
	}
}

func sampleJob(n int64, subject string) job.Job {
	at := epoch.Add(time.Duration(n) * time.Millisecond)
	return job.Job{
		ID: id.Job(n), MerchantID: mine, Kind: payment.EventCaptured, Subject: subject,
		Payload: []byte(`{"payment":1}`), RunAt: at, CreatedAt: at,
	}
}

func sampleAudit(o payment.Operation) audit.Record {
	return audit.Record{
		ID: id.AuditRecord(o.ID), MerchantID: o.MerchantID, At: o.FinishedAt, Actor: o.Actor, Action: "payment.sale",
		Subject: fmt.Sprintf("payment:%d", o.PaymentID), Detail: []byte(`{"amount":105.00}`),
	}
}

func sampleClaim(p payment.Payment, key string) idempotency.Record {
	return idempotency.Record{
		MerchantID: p.MerchantID, Key: idempotency.Own(key), Kind: payment.Claimed,
		Subject: payment.ClaimOf(p.ID, id.Operation(p.ID)), CreatedAt: p.CreatedAt,
	}
}

// begin queues what is committed before a bank is asked.
func begin(tx payment.Tx, p payment.Payment, o payment.Operation) {
	tx.InsertPayment(p)
	tx.InsertOperation(o)
	tx.ClaimKey(sampleClaim(p, p.UUID.String()))
}

// conclude queues what is committed after the bank approved.
func conclude(tx payment.Tx, p payment.Payment, o payment.Operation) {
	tx.SavePayment(p)
	tx.SaveOperation(o)
	tx.Post(samplePosting(o))
	tx.Enqueue(sampleJob(int64(p.ID), "payment:"+p.UUID.String()))
	tx.Record(sampleAudit(o))
}
