package operation

import (
	"context"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/trace"
)

// NoConnector is the connector named where no bank was chosen.
const NoConnector = "none"

// Resolution is what an inquiry of the resolver led to.
type Resolution string

// The resolutions.
const (
	ResolvedApproved Resolution = "approved"
	ResolvedDeclined Resolution = "declined"
	ResolvedReversed Resolution = "reversed"
	// ResolvedMissing: the bank has no record of the request, long after it must.
	ResolvedMissing Resolution = "missing"
	// ResolvedNot: the bank does not know yet, and is asked again.
	ResolvedNot Resolution = "unknown"
	// ResolutionFailed: the bank could not be asked, or its answer not stored.
	ResolutionFailed Resolution = "failed"
)

// Resolved says what became of one operation in a round of the resolver.
type Resolved struct {
	Connector  string
	Resolution Resolution
}

// Step begins a step of a payment.
func Step(ctx context.Context, name trace.Step, p *payment.Payment) (context.Context, trace.Span) {
	ctx, span := trace.Start(ctx, name)
	if span.On() {
		span.Set(trace.Merchant(p.MerchantID))
		span.Set(trace.Payment(p.UUID))
	}
	return ctx, span
}

// ConnectorOf returns the connector of a POS, NoConnector if none was chosen or
// the merchant has no such POS any more.
func (s *Service) ConnectorOf(ctx context.Context, m id.Merchant, p id.POS) string {
	if p == 0 {
		return NoConnector
	}
	at, err := s.POS(ctx, m, p)
	if err != nil {
		return NoConnector
	}
	return at.Connector
}

// resolved tells OnResolve what a round of the resolver made of an operation.
func (s *Service) resolved(ctx context.Context, o payment.Operation, r Resolution) {
	if s.onResolve != nil {
		s.onResolve(Resolved{Connector: s.ConnectorOf(ctx, o.MerchantID, o.POSID), Resolution: r})
	}
}

// resolutionOf names a finding that settles the operation.
func resolutionOf(st payment.Status) Resolution {
	switch st {
	case payment.OperationApproved:
		return ResolvedApproved
	case payment.OperationReversed:
		return ResolvedReversed
	case payment.OperationDeclined, payment.OperationUnsent:
		return ResolvedDeclined
	case payment.OperationOpen, payment.OperationEnrolled, payment.OperationUnknown:
	}
	return ResolvedNot
}
