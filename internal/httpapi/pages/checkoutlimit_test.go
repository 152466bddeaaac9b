package pages_test

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/limit"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	h := newHosted(t, f)
	form, last := typed(t, h), 0
	for range 30 {
		w := post(t, h, checkoutAt, form)
		if last = w.Code; last == http.StatusTooManyRequests {
			if w.Header().Get("Retry-After") == "" {
				t.Error("it does not say how long to wait")
			}
			break
		}
	}
	if last != http.StatusTooManyRequests || len(f.calls) > 20 {
		t.Errorf("last answer = %d after %d attempts", last, len(f.calls))
	}
	for range 60 {
		last = post(t, h, checkoutAt+"/installments", url.Values{"bin": {"542119"}}).Code
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("last answer about installments = %d", last)
	}
}

// TestLimits_of_a_crowd holds that of many at once no more pass than one after the
// other, and that what one link holds back is not missing at another.
func TestLimits_of_a_crowd(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	h := newHosted(t, f)
	form := typed(t, h)
	for path, most := range map[string]int{checkoutAt: 15, checkoutAt + "/installments": 40} {
		sent := form
		if path != checkoutAt {
			sent = url.Values{"bin": {"542119"}}
		}
		var passed atomic.Int32
		var together sync.WaitGroup
		for range 200 {
			together.Go(func() {
				if post(t, h, path, sent).Code != http.StatusTooManyRequests {
					passed.Add(1)
				}
			})
		}
		together.Wait()
		if n := int(passed.Load()); n != most {
			t.Errorf("%s: %d of 200 passed, want %d", path, n, most)
		}
	}
	f.view.ID = id.NewUUID()
	path := checkout.LinkPrefix + f.view.ID.String()
	form.Set("token", tokenForm.FindStringSubmatch(get(t, h, path).Body.String())[1])
	if w := post(t, h, path, form); w.Code != http.StatusSeeOther {
		t.Errorf("a card at another link from the address = %d", w.Code)
	}
}

// tally counts for several nodes, and gives nothing back.
type tally map[string]int

func (l tally) Take(_ context.Context, key string, r limit.Rate) (time.Duration, error) {
	if l[key] >= r.Burst {
		return r.Every, nil
	}
	l[key]++
	return 0, nil
}

func (l tally) Check(context.Context, string, limit.Rate) (time.Duration, error) { return 0, nil }

func (l tally) Give(_ context.Context, key string, _ limit.Rate) error {
	l[key]--
	return nil
}

func (l tally) Forget(context.Context, string) error { return nil }

func TestSharedLimits(t *testing.T) {
	t.Parallel()
	f, shared := newFake(t), tally{}
	one, two := newHostedNode(t, f, shared), newHostedNode(t, f, shared)
	form := typed(t, one)
	for range 15 {
		if w := post(t, one, checkoutAt, form); w.Code == http.StatusTooManyRequests {
			t.Fatal("refused within the limit")
		}
	}
	tried := len(f.calls)
	if w := post(t, two, checkoutAt, form); w.Code != http.StatusTooManyRequests || len(f.calls) != tried {
		t.Errorf("a card at another node = %d", w.Code)
	}
	looks := url.Values{"bin": {"542119"}}
	for range 40 {
		if w := post(t, one, checkoutAt+"/installments", looks); w.Code == http.StatusTooManyRequests {
			t.Fatal("refused within the limit")
		}
	}
	if w := post(t, two, checkoutAt+"/installments", looks); w.Code != http.StatusTooManyRequests {
		t.Errorf("a look at another node = %d", w.Code)
	}
}
