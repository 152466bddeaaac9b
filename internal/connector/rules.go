package connector

import (
	"time"

	"github.com/vezne/vezne/internal/money"
)

// Ruled is a Connector that declares what its bank does and does not allow. One
// that is not has the zero Rules: the core then learns it from the bank's refusals.
type Ruled interface {
	// Rules answers alike for as long as the connector is open.
	Rules() Rules
}

// Rules are facts about a bank, by its document. The core decides by them how to
// undo a payment: with a void while the bank's day is open, else with a refund.
// Refusals with AlreadySettled and RequiresDayEnd turn one into the other, for a
// bank's clock counts and not ours. An unknown outcome turns nothing.
type Rules struct {
	// Day is when the bank's day ends; zero if that is not known.
	Day Day
	// OwnReference says that a follow-up has a reference of its own at the bank, so
	// that it can be asked about by it. Without, Inquiry.Siblings tells.
	OwnReference bool
	// RefundBeforeDayEnd says that money can be given back on the day on which it
	// was taken.
	RefundBeforeDayEnd bool
	// VoidAfterDayEnd says that a void is possible on later days too.
	VoidAfterDayEnd bool
	// VoidLeavesHold says that a void of a captured pre-authorization undoes the
	// capture alone, and that the hold needs a void of its own (PosNet reverse).
	VoidLeavesHold bool
	// CaptureAbove is how much more than a hold may be captured, in percent of the
	// hold; zero for nothing. CaptureLimit reckons with it.
	CaptureAbove money.Rate
	// Charset is that of the forms with which the bank sends payers back, where
	// these do not say: empty is UTF-8.
	Charset Charset
}

// CaptureLimit returns how much may be captured of a hold, rounded down.
func (r Rules) CaptureLimit(hold money.Amount) money.Amount {
	return hold.Add(r.CaptureAbove.Within(hold))
}

// RulesOf returns the rules that a connector declares.
func RulesOf(c Connector) Rules {
	if r, ok := c.(Ruled); ok {
		return r.Rules()
	}
	return Rules{}
}

// Day is when a bank's day ends, at which it settles what was booked on it.
type Day struct {
	// Zone is where the bank's clock hangs; nil means that the end is not known.
	Zone *time.Location
	// End is how long after midnight the day ends; zero is at midnight.
	End time.Duration
}

// Istanbul is the time of Turkey's banks: three hours ahead of UTC the whole year,
// by law since 2016, so that no time zone file is needed.
func Istanbul() *time.Location { return time.FixedZone("Europe/Istanbul", 3*60*60) }

// Known reports whether the day's end is known.
func (d Day) Known() bool { return d.Zone != nil }

// EndAfter returns the first end of a day that is after t; it panics unless the
// end is known.
func (d Day) EndAfter(t time.Time) time.Time {
	year, month, day := t.In(d.Zone).Date()
	end := time.Date(year, month, day, 0, 0, 0, 0, d.Zone).Add(d.End)
	for !end.After(t) {
		end = end.AddDate(0, 0, 1)
	}
	return end
}

// Open reports whether the day on which something was booked is still open: false
// once its end has passed. It is true when the end is not known, because only the
// bank can tell then.
func (d Day) Open(booked, now time.Time) bool {
	return !d.Known() || now.Before(d.EndAfter(booked))
}
