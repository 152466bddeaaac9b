package chaos

import (
	"fmt"
	"slices"
	"strings"
)

// told is one fact that the merchant must be told of: what became of an
// operation, or that a checkout ended.
type told struct {
	kind      string
	operation int64
	subject   string
}

// checkEvents holds what arrived at the shop against what happened: every fact
// was told, no fact has two events, and the events of a payment came in the order
// of its versions, each after the one before was taken.
func (f *findings) checkEvents(arrivals []arrival) (wrong []string) {
	events := make(map[told]map[string]bool)
	for _, a := range arrivals {
		t := told{kind: a.kind, operation: a.data.Operation, subject: a.data.Checkout}
		if aboutPayment(a.kind) {
			t.subject = a.data.Payment.ID
		}
		if events[t] == nil {
			events[t] = make(map[string]bool)
		}
		events[t][a.event] = true
	}
	for t, ids := range events {
		if len(ids) > 1 {
			wrong = append(wrong, fmt.Sprintf("%s of %s has %d events", t.kind, t.subject, len(ids)))
		}
	}
	for id, d := range f.payments {
		for _, want := range d.events() {
			want.subject = id
			if len(events[want]) == 0 {
				wrong = append(wrong, fmt.Sprintf("the shop was never told of %s of operation %d of payment %s", want.kind, want.operation, id))
			}
		}
	}
	return append(wrong, checkOrder(arrivals)...)
}

// events returns what a merchant must be told of a payment.
func (d detail) events() []told {
	if d.waiting() {
		return nil
	}
	last := make(map[int64]operation) // of each ask, by id: clocks may have been put back meanwhile
	for _, o := range d.Operations {
		if o.ID > last[o.AskID].ID {
			last[o.AskID] = o
		}
	}
	var all []told
	for _, o := range last {
		if o.byResolver() && o.Kind == kindVoid {
			continue // it undid what nobody knew of
		}
		all = append(all, told{kind: o.event(), operation: o.ID})
	}
	return all
}

func (o operation) byResolver() bool { return o.Actor != nil && *o.Actor == "system:resolver" }

// event returns the type of the event that an operation's end means.
func (o operation) event() string {
	names := map[Kind][2]string{
		kindSale:      {"payment.captured", "payment.declined"},
		kindAuthorize: {"payment.authorized", "payment.declined"},
		kindCapture:   {"payment.captured", "payment.capture_failed"},
		kindVoid:      {"payment.voided", "payment.void_failed"},
		kindRefund:    {"payment.refunded", "payment.refund_failed"},
	}
	if o.approved() {
		return names[o.Kind][0]
	}
	return names[o.Kind][1]
}

// checkOrder proves the order of the events of each subject.
func checkOrder(arrivals []arrival) (wrong []string) {
	type story struct {
		begun, taken []string
		version      int
	}
	stories := make(map[string]*story)
	for _, a := range arrivals {
		subject := a.data.subject()
		s := stories[subject]
		if s == nil {
			s = &story{}
			stories[subject] = s
		}
		if !slices.Contains(s.begun, a.event) {
			for _, before := range s.begun {
				if !slices.Contains(s.taken, before) {
					wrong = append(wrong, fmt.Sprintf("%s: %s %s came before %s was taken: %s", subject, a.kind, a.event, before, history(arrivals, subject)))
				}
			}
			if aboutPayment(a.kind) {
				if a.data.Version <= s.version {
					wrong = append(wrong, fmt.Sprintf("%s: %s %s of version %d came after one of version %d", subject, a.kind, a.event, a.data.Version, s.version))
				}
				s.version = a.data.Version
			}
			s.begun = append(s.begun, a.event)
		}
		if a.accepted && !slices.Contains(s.taken, a.event) {
			s.taken = append(s.taken, a.event)
		}
	}
	return wrong
}

// history tells what arrived about a subject, for whoever has to find out.
func history(arrivals []arrival, subject string) string {
	var b strings.Builder
	for _, a := range arrivals {
		if a.data.subject() == subject {
			fmt.Fprintf(&b, "\n  %.3f %s %s of version %d, accepted: %t", a.at.Seconds(), a.event, a.kind, a.data.Version, a.accepted)
		}
	}
	return b.String()
}

// operationsOf tells what became of the payments of an order, for whoever has to find out.
func (f *findings) operationsOf(order string) string {
	var b strings.Builder
	for _, d := range f.payments {
		if d.OrderRef != order {
			continue
		}
		fmt.Fprintf(&b, "\n  payment %s is %s, unclear: %t", d.UUID, d.State, d.Unclear)
		for _, o := range d.Operations {
			fmt.Fprintf(&b, "\n    %s", o)
		}
	}
	return b.String()
}

// checkCheckouts holds every hosted checkout against the payments of its order,
// its events and its callback.
func (f *findings) checkCheckouts(made []*checkout, arrivals []arrival, callbacks map[string]int) (wrong []string) {
	charged, kept := make(map[string]bool), make(map[string]bool)
	for _, d := range f.payments {
		if d.charged() {
			charged[d.OrderRef] = true
		}
		if f.kept(d) {
			kept[d.OrderRef] = true
		}
	}
	ends := make(map[string][]string)
	for _, a := range arrivals {
		if !aboutPayment(a.kind) && !slices.Contains(ends[a.data.Checkout], a.kind) {
			ends[a.data.Checkout] = append(ends[a.data.Checkout], a.kind)
		}
	}
	for _, h := range made {
		end := map[bool]string{true: "checkout.completed", false: "checkout.failed"}[charged[h.ask.Order]]
		switch status := h.ask.status(); {
		case status == "" && kept[h.ask.Order]: // it waits for the person who gives the money back
		case status == "":
			wrong = append(wrong, fmt.Sprintf("checkout %s of order %s never ends%s", h.id, h.ask.Order, f.operationsOf(h.ask.Order)))
		case (status == statusSuccess) != charged[h.ask.Order]:
			wrong = append(wrong, fmt.Sprintf("checkout %s of order %s is %s, and the order is charged: %t", h.id, h.ask.Order, status, charged[h.ask.Order]))
		case !slices.Equal(ends[h.id], []string{end}):
			wrong = append(wrong, fmt.Sprintf("checkout %s is %s, and its events are %v", h.id, status, ends[h.id]))
		case callbacks[h.id] == 0:
			wrong = append(wrong, fmt.Sprintf("the callback of checkout %s never came", h.id))
		}
	}
	return wrong
}
