package sqlstore

import (
	"fmt"
	"net/netip"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
)

// paymentRow holds the columns of a payment as the drivers deliver them.
type paymentRow struct {
	version, price, paid, wallet, installments, interestPayer               int64
	customerRate, commissionRate, commission                                int64
	authorized, captureLimit, captured, refunded, refunding, openAsk, posID int64
	resultAt, updatedAt, merchantID, id, buyerID, createdAt                 int64
	holdsOrder, threeDS                                                     bool
	state, instrument, requestedPOSAlias, posAlias, routing                 string
	resultReason, resultTransaction, resultHost, resultAuthCode             string
	surface, phase, group, orderRef, conversationID, externalID             string
	channel, customerRef, currency, clientIP                                string
	uuid                                                                    []byte
}

func readPayment(s storage.Scanner) (payment.Payment, error) {
	var r paymentRow
	err := s.Scan(&r.version, &r.state, &r.holdsOrder, &r.price, &r.paid, &r.wallet, &r.installments, &r.interestPayer,
		&r.customerRate, &r.commissionRate, &r.commission, &r.authorized, &r.captureLimit, &r.captured, &r.refunded, &r.refunding, &r.openAsk,
		&r.instrument, &r.requestedPOSAlias, &r.posID, &r.posAlias, &r.routing,
		&r.resultReason, &r.resultTransaction, &r.resultHost, &r.resultAuthCode, &r.resultAt, &r.updatedAt,
		&r.merchantID, &r.id, &r.uuid, &r.surface, &r.phase, &r.group, &r.orderRef, &r.conversationID, &r.externalID,
		&r.channel, &r.customerRef, &r.buyerID, &r.currency, &r.clientIP, &r.createdAt, &r.threeDS)
	if err != nil {
		return payment.Payment{}, err
	}
	p, err := r.payment()
	if err != nil {
		return p, fmt.Errorf("payment %d: %w", r.id, err)
	}
	return p, nil
}

func (r *paymentRow) payment() (payment.Payment, error) {
	currency, err := currencyOf(r.currency)
	if err != nil {
		return payment.Payment{}, err
	}
	amount := amountsOf(currency)
	p := payment.Payment{
		ID: id.Payment(r.id), UUID: id.UUID(r.uuid), MerchantID: id.Merchant(r.merchantID), Version: int(r.version),
		Surface: payment.Surface(r.surface), Phase: payment.Phase(r.phase), Group: payment.Group(r.group),
		State: payment.State(r.state), OrderRef: r.orderRef, HoldsOrder: r.holdsOrder, ThreeDS: r.threeDS,
		ConversationID: r.conversationID, ExternalID: r.externalID, Channel: r.channel,
		CustomerRef: r.customerRef, BuyerID: id.Member(r.buyerID),
		Price: amount(r.price), Paid: amount(r.paid), Wallet: amount(r.wallet), Installments: int(r.installments),
		InterestPayer: installment.InterestPayer(r.interestPayer), //nolint:gosec // was stored from the same type
		CustomerRate:  money.Rate(r.customerRate), CommissionRate: money.Rate(r.commissionRate), Commission: amount(r.commission),
		Authorized: amount(r.authorized), Captured: amount(r.captured), Refunded: amount(r.refunded), Refunding: amount(r.refunding),
		CaptureLimit: amount(r.captureLimit),
		OpenAsk:      id.Operation(r.openAsk), RequestedPOSAlias: r.requestedPOSAlias, POSID: id.POS(r.posID), POSAlias: r.posAlias,
		Result: payment.Result{
			Reason: connector.Reason(r.resultReason), TransactionID: r.resultTransaction, HostReference: r.resultHost,
			AuthCode: r.resultAuthCode, At: timeOf(r.resultAt),
		},
		CreatedAt: timeOf(r.createdAt), UpdatedAt: timeOf(r.updatedAt),
	}
	if r.clientIP != "" {
		if p.ClientIP, err = netip.ParseAddr(r.clientIP); err != nil {
			return p, fmt.Errorf("client address: %w", err)
		}
	}
	if p.Card, err = decodeInstrument(r.instrument); err != nil {
		return p, err
	}
	p.Routing, err = decodeDecision(r.routing)
	return p, err
}
