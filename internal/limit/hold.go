package limit

import (
	"context"
	"slices"
	"time"
)

// Hold is a token that was taken before it is known whether what it is for counts.
// Exactly one of Keep and Return ends it; more of them change nothing.
type Hold struct {
	end func(ctx context.Context, back bool)
}

// Keep ends the hold: it counts, and the token is gone until time brings it back.
func (h *Hold) Keep(ctx context.Context) { h.finish(ctx, false) }

// Return ends the hold: it does not count, and somebody else may have the token.
func (h *Hold) Return(ctx context.Context) { h.finish(ctx, true) }

func (h *Hold) finish(ctx context.Context, back bool) {
	if h == nil || h.end == nil {
		return
	}
	end := h.end
	h.end = nil
	end(ctx, back)
}

// holds are those of one key that this process has, and who waits for one.
type holds struct {
	count   int
	waiting []chan struct{} // each with room for one word, first come first served
}

// Hold takes a token of the key's bucket, so that of any number of callers at once no
// more go on than there are tokens. If all tokens are held by callers of this process
// whose end is open, it waits for one: what they hold may come back, and a crowd of
// which nothing counts is only slowed down. It refuses as Take does once no token can
// come back but by time, and when ctx ends. Only now reads the clock.
func (b *Buckets[K]) Hold(ctx context.Context, key K, now func() time.Time) (*Hold, error) {
	word := b.await(key)
	for {
		err := b.Take(ctx, key, now())
		if err == nil {
			b.begin(key, word)
			return &Hold{end: func(ctx context.Context, back bool) {
				if back {
					b.Give(ctx, key, now())
				}
				b.release(key, back)
			}}, nil
		}
		if !b.mayWait(key, word) {
			return nil, err
		}
		select {
		case <-word:
		case <-ctx.Done():
			b.leave(key, word)
			return nil, err
		}
	}
}

// await joins those who wait before the bucket is looked at, so that no token comes
// back unseen in between.
func (b *Buckets[K]) await(key K) chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.held[key]
	if h == nil {
		h = &holds{}
		b.held[key] = h
	}
	word := make(chan struct{}, 1)
	h.waiting = append(h.waiting, word)
	return word
}

// begin makes somebody who waited a holder.
func (b *Buckets[K]) begin(key K, word chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held[key].count++
	b.drop(key, word)
}

// mayWait reports whether a token may come back from another holder. If not, whoever
// asked waits no more.
func (b *Buckets[K]) mayWait(key K, word chan struct{}) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held[key].count > 0 || len(word) > 0 {
		return true
	}
	b.drop(key, word)
	return false
}

// leave ends somebody's waiting and passes on a word that came too late.
func (b *Buckets[K]) leave(key K, word chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drop(key, word)
}

// release ends a hold. One who waits is told of a token that came back, and all are
// told when nothing is held any more, for then none of them will get one.
func (b *Buckets[K]) release(key K, back bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.held[key]
	h.count--
	switch {
	case h.count == 0:
		for _, word := range h.waiting {
			tell(word)
		}
	case back:
		h.tellNext()
	}
	b.forgetHolds(key)
}

// drop takes a word off the line. One that was told and does not go on for it passes
// it on.
func (b *Buckets[K]) drop(key K, word chan struct{}) {
	h := b.held[key]
	h.waiting = slices.DeleteFunc(h.waiting, func(o chan struct{}) bool { return o == word })
	if len(word) > 0 {
		h.tellNext()
	}
	b.forgetHolds(key)
}

func (b *Buckets[K]) forgetHolds(key K) {
	if h := b.held[key]; h.count == 0 && len(h.waiting) == 0 {
		delete(b.held, key)
	}
}

// tellNext tells the first who was not told yet.
func (h *holds) tellNext() {
	for _, word := range h.waiting {
		if len(word) == 0 {
			tell(word)
			return
		}
	}
}

func tell(word chan struct{}) {
	select {
	case word <- struct{}{}:
	default: // told already
	}
}
