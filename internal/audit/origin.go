package audit

import (
	"context"
	"net/netip"
)

// Origin is from where a person or a script acts.
type Origin struct {
	Address netip.Addr // of the caller, whatever proxies are between; the zero Addr if unknown
	Agent   string     // what its program calls itself
}

type originKey struct{}

// WithOrigin returns a context under which every audit record is stored with the
// origin. It rides in the context because it belongs to the request and to no
// command: what a command does never depends on it.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// OriginOf returns the origin of a context, the zero Origin if it has none.
func OriginOf(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}
