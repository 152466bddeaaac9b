package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/vezne/vezne/internal/httpapi/apitest"
)

// browser is a payer's: it follows forms and redirects from page to page, through
// whichever server answers, and loads a page again that did not come.
type browser struct {
	world   *World
	rng     *rand.Rand
	address string // where it seems to be, for limits that count by address
}

func newBrowser(c *Client, rng *rand.Rand) *browser {
	return &browser{world: c.world, rng: rng, address: fmt.Sprintf("198.18.%d.%d", rng.IntN(256), rng.IntN(256))}
}

// patience is how often a browser loads a page that does not come.
const patience = 60

// errGone is a page that will not come any more: the bank, which was killed, has
// forgotten the payer, or the payer has lost patience.
var errGone = errors.New("the payer gave up")

// page is what a browser shows.
type page struct {
	status int
	at     *url.URL
	body   string
}

// forms returns all forms of the page that are posted.
func (p page) forms() []apitest.Form {
	var all []apitest.Form
	for _, part := range strings.SplitAfter(p.body, "</form>") {
		f, err := apitest.ReadForm(part)
		if err != nil {
			continue
		}
		if to, err := p.at.Parse(f.Action); err == nil {
			f.Action = to.String()
			all = append(all, f)
		}
	}
	return all
}

// form returns the first form that has a field of the name.
func (p page) form(field string) (apitest.Form, bool) {
	for _, f := range p.forms() {
		if slices.Contains(f.Names, field) {
			return f, true
		}
	}
	return apitest.Form{}, false
}

// open loads a page of the servers.
func (b *browser) open(ctx context.Context, address string) (page, error) {
	return b.until(ctx, http.MethodGet, address, nil)
}

// submit posts a form, again if nothing came of it, and now and then twice, as
// impatient people do.
func (b *browser) submit(ctx context.Context, f apitest.Form) (page, error) {
	if b.rng.IntN(5) == 0 {
		b.world.tally.count("forms posted twice")
		twice, own := make(chan struct{}), fork(b.rng)
		go func() {
			defer close(twice)
			other := &browser{world: b.world, rng: own, address: b.address}
			_, _ = other.load(ctx, http.MethodPost, f.Action, f.Fields) // the first click's page is gone
		}()
		defer func() { <-twice }()
	}
	return b.until(ctx, http.MethodPost, f.Action, f.Fields)
}

func (b *browser) until(ctx context.Context, method, address string, fields url.Values) (page, error) {
	for try := range patience {
		p, err := b.load(ctx, method, address, fields)
		if err == nil && p.status/100 == 3 {
			return b.until(ctx, http.MethodGet, p.at.String(), nil)
		}
		if err == nil && p.status < 500 && p.status != http.StatusTooManyRequests {
			return p, nil
		}
		b.world.tally.count("pages loaded again")
		if !wait(ctx, between(b.rng, 10*time.Millisecond, time.Duration(min(try+1, 20))*30*time.Millisecond)) {
			break
		}
	}
	return page{}, errGone
}

// load asks once. The address of a redirect is where the page says to go.
func (b *browser) load(ctx context.Context, method, address string, fields url.Values) (page, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, b.route(address), strings.NewReader(fields.Encode()))
	if err != nil {
		return page{}, err
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	request.Header.Set("X-Forwarded-For", b.address)
	response, err := b.world.browsing.Do(request)
	if err != nil {
		return page{}, err
	}
	defer func() { _ = response.Body.Close() }() // it was read to its end, or is given up
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return page{}, err
	}
	at := request.URL
	if to := response.Header.Get("Location"); to != "" {
		if at, err = at.Parse(to); err != nil {
			return page{}, err
		}
	}
	return page{status: response.StatusCode, at: at, body: string(body)}, nil
}

// route does what a balancer before the servers does: an address of any of them
// leads to one of them.
func (b *browser) route(address string) string {
	for _, s := range b.world.servers {
		if rest, ours := strings.CutPrefix(address, s.url+"/"); ours {
			return b.world.servers[b.rng.IntN(len(b.world.servers))].url + "/" + rest
		}
	}
	return address
}

// authenticate goes from the form that leads to the bank to the one that leads
// back to the merchant, and returns that one.
func (b *browser) authenticate(ctx context.Context, toBank apitest.Form, password string) (apitest.Form, error) {
	ask, err := b.next(ctx, toBank, "password", patience)
	if err != nil {
		return apitest.Form{}, err
	}
	back, err := b.next(ctx, ask.With("password", password), "mac", patience)
	if err != nil {
		return apitest.Form{}, err
	}
	if b.rng.IntN(12) == 0 {
		b.world.tally.count("payers who never came back")
		return apitest.Form{}, errGone
	}
	return b.next(ctx, back, "paymentId", 0)
}

// next posts a form and returns the one on the page that follows, with so many
// more tries if that is none.
func (b *browser) next(ctx context.Context, f apitest.Form, field string, tries int) (apitest.Form, error) {
	p, err := b.submit(ctx, f)
	if err != nil {
		return apitest.Form{}, err
	}
	if p.status == http.StatusGone {
		b.world.tally.count("payers whom the bank forgot")
		return apitest.Form{}, errGone
	}
	next, found := p.form(field)
	if !found {
		if strings.HasPrefix(f.Action, b.world.bank.url) { // the bank may answer nonsense; it gives the same page again
			if b.world.tally.count("nonsense from the bank's pages"); tries > 0 && wait(ctx, between(b.rng, 0, 100*time.Millisecond)) {
				return b.next(ctx, f, field, tries-1)
			}
			return apitest.Form{}, errGone
		}
		if ctx.Err() == nil {
			b.world.fail("the page after %s is %d and has no field %s: %.300s", f.Action, p.status, field, p.body)
		}
		return apitest.Form{}, errGone
	}
	return next, nil
}
