package webhook

import (
	"context"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
)

// Tx queues the writes of one commit; nothing is read inside.
type Tx interface {
	job.Tx
	audit.Tx
	// InsertEndpoint adds an endpoint.
	InsertEndpoint(e Endpoint)
	// SaveEndpoint stores e as version e.Version+1 if the stored version is
	// e.Version; otherwise the commit fails with fault.StaleVersion.
	SaveEndpoint(e Endpoint)
	// DeleteEndpoint removes e if the stored version is e.Version; otherwise the
	// commit fails with fault.StaleVersion.
	DeleteEndpoint(e Endpoint)
	// SetEndpointState changes the state of an endpoint and counts its version up if the
	// state is the one expected; otherwise the commit fails with fault.StaleVersion.
	SetEndpointState(e Endpoint, from, to State)
	// InsertDelivery adds a delivery. It fails the commit with fault.DuplicateKey if
	// the endpoint has one of the same event already, redeliveries apart.
	InsertDelivery(d Delivery)
	// SaveDelivery stores what became of d as version d.Version+1 if the stored
	// version is d.Version; otherwise the commit fails with fault.StaleVersion.
	SaveDelivery(d Delivery)
}

// Store keeps endpoints and deliveries. Reads are bound to a merchant; what
// belongs to another one is fault.NoSuchThing.
type Store interface {
	// InTx commits what fn queues, all or nothing.
	InTx(ctx context.Context, fn func(Tx)) error
	// Endpoint returns an endpoint of the merchant.
	Endpoint(ctx context.Context, m id.Merchant, e id.Endpoint) (Endpoint, error)
	// Endpoints returns all endpoints of a merchant, oldest first.
	Endpoints(ctx context.Context, m id.Merchant) ([]Endpoint, error)
	// EndpointPage pages through endpoints, oldest first, 1 to 100 at a time. It
	// returns the cursor of the next page, empty at the end; one that it did not
	// hand out is fault.ValidationError on "cursor".
	EndpointPage(ctx context.Context, m id.Merchant, cursor string, limit int) ([]Endpoint, string, error)
	// Delivery returns a delivery of the merchant.
	Delivery(ctx context.Context, m id.Merchant, d id.Delivery) (Delivery, error)
	// Deliveries returns a page and the cursor of the next one, empty at the end.
	Deliveries(ctx context.Context, m id.Merchant, f Filter) ([]Delivery, string, error)
}

// Filter selects a page of deliveries. Zero members select everything.
type Filter struct {
	EndpointID id.Endpoint
	Status     Status
	Type       job.Kind
	Subject    string
	From       time.Time // created at or after
	To         time.Time // created before
	// Originals leaves redeliveries out.
	Originals bool
	// OldestFirst turns the order around.
	OldestFirst bool
	Limit       int    // 1 to 100
	Cursor      string // opaque; fault.ValidationError on "cursor" if malformed
}
