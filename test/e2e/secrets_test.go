package e2e_test

import (
	"io"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/httpapi/apitest"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// posKey is a bank's secret that an admin typed.
const posKey = "bankkey-Wm5vdGEta2V5LTQ3MTE"

// secretsOf drives a server through everything that makes, takes or shows a secret
// and returns them by name. Places are those that are no secrets towards whoever
// reads the database, and are for nobody else: keys of 3-D Secure sessions.
type secretsOf struct {
	server  *servertest.Server
	shop    *shop
	secrets map[string]string
	places  []string
}

// TestSecrets holds that no secret that a server has made or taken is on disk, in
// a log, in its figures or in its traces.
func TestSecrets(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			collector := servertest.StartCollector(t)
			s := servertest.Start(t, servertest.Options{Engine: engine, Args: []string{"--traces", collector.URL}})
			k := &secretsOf{server: s, shop: openShop(t), secrets: map[string]string{
				"the demo's API secret": "secret-key", "the demo's admin token": "demo-admin-token", "the demo's password": "demo-password-1",
			}}
			k.staff(t)
			k.webhooks(t)
			k.secure(t)
			k.hosted(t)
			k.figures(t)
			if code := s.Stop(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if err := os.WriteFile(filepath.Join(s.Dir, "traces"), collector.Raw(), 0o600); err != nil {
				t.Fatal(err)
			}
			k.search(t)
		})
	}
}

func (k *secretsOf) keep(t *testing.T, name, value string) {
	t.Helper()
	if len(value) < prefixLen {
		t.Fatalf("%s is none", name)
	}
	for k.secrets[name] != "" && k.secrets[name] != value {
		name += "'" // another of its kind
	}
	k.secrets[name] = value
}

// staff makes credentials, a POS with a key, and logs in.
func (k *secretsOf) staff(t *testing.T) {
	t.Helper()
	s := k.server
	made := staff(t, s, 201, http.MethodPost, "/admin/v1/credentials", `{"name":"leaks"}`)
	k.keep(t, "an API secret", made.Text("secret"))
	one := payment(charge("orderId", `"by-new-key"`), "")
	one.As = servertest.Credential{"X-API-KEY": made.Text("key"), "X-API-SECRET": made.Text("secret")}
	if a, _ := s.Send(t, one); a.Text("status") != "SUCCESS" {
		t.Fatalf("payment by a new key: %d %s", a.Status, a.Body)
	}
	one.As["X-API-SECRET"] += "x"
	if a, _ := s.Send(t, one); a.Status != http.StatusUnauthorized {
		t.Errorf("wrong secret: %d", a.Status)
	}
	staff(t, s, 201, http.MethodPut, "/admin/v1/poses/spare",
		`{"connector":"sandbox","currencies":["TRY"],"priority":999,"settings":{"terminal":"SPARE","key":"`+posKey+`"}}`)
	k.keep(t, "a bank's key", posKey)
	owner := logIn(t, s, 200, ownersLogin)
	_, value, _ := strings.Cut(owner.cookie, "=")
	k.keep(t, "a session cookie", value)
	k.keep(t, "a CSRF token", owner.csrf)
	owner.send(t, s, 403, http.MethodPost, "/admin/v1/credentials", `{"name":"x"}`, "X-CSRF-Token", owner.csrf+"x")
}

// webhooks delivers an event that is signed.
func (k *secretsOf) webhooks(t *testing.T) {
	t.Helper()
	secret := make(chan string, 1)
	url, events := hookReceiver(t, secret)
	made := staff(t, k.server, 201, http.MethodPost, "/admin/v1/webhook-endpoints", `{"url":`+quoted(url)+`,"events":["payment.captured"]}`)
	k.keep(t, "a webhook secret", strings.TrimPrefix(made.Text("secret"), "whsec_"))
	secret <- made.Text("secret")
	paid(t, k.server)
	next(t, events)
	n := "/admin/v1/webhook-endpoints/" + string(made.Members["id"])
	tag := staff(t, k.server, 200, http.MethodGet, n, "").Header.Get("ETag")
	rotated := staff(t, k.server, 200, http.MethodPost, n+"/rotate-secret", `{"overlap_hours":1}`, "If-Match", tag)
	k.keep(t, "a webhook secret", strings.TrimPrefix(rotated.Text("secret"), "whsec_"))
}

// secure pays with 3-D Secure, with wrong keys and altered returns on the way.
func (k *secretsOf) secure(t *testing.T) {
	t.Helper()
	s := k.server
	id, html := enrolled(t, s, k.shop.secured("orderId", `"leaks-3ds"`))
	back := k.toBankAndBack(t, html)
	s.Browse(t, back.With("mac", back.Fields.Get("mac")+"0"))
	s.Browse(t, back.With("md_status", "0"))
	s.Browse(t, s.Follow(t, back))
	key := k.shop.Got("/success").Get("securityKey")
	k.keep(t, "a security key", key)
	s.Send(t, completion(id, key+"x"))
	if a, _ := s.Send(t, completion(id, key)); a.Text("status") != "SUCCESS" {
		t.Fatalf("complete: %d %s", a.Status, a.Body)
	}
	s.Send(t, completion(id, key))
	_, html = enrolled(t, s, k.shop.secured("orderId", `"leaks-3ds-failed"`))
	s.Browse(t, s.Follow(t, s.PassBank(t, html, "b")))
}

// toBankAndBack passes the bank's page and keeps what the bank's return proves.
func (k *secretsOf) toBankAndBack(t *testing.T, toBank apitest.Form) apitest.Form {
	t.Helper()
	k.keep(t, "the token of a bank's page", toBank.Fields.Get("token"))
	back := k.server.PassBank(t, toBank, "a")
	k.keep(t, "a bank's proof", back.Fields.Get("cavv"))
	k.keep(t, "a bank's MAC", back.Fields.Get("mac"))
	k.places = append(k.places, path.Base(back.Action))
	return back
}

// hosted pays on the hosted page: with mistakes and a decline, with a card that is
// kept, and with the kept card, which is removed then.
func (k *secretsOf) hosted(t *testing.T) {
	t.Helper()
	s := k.server
	form := k.open(t, "leaks-page")
	s.Browse(t, servertest.TypeCard(form, "5421190122090657"))
	s.Browse(t, form.With("pan", axessCard).With("cvv", "91").With("cardHolderName", axessCard))
	form = k.pay(t, servertest.TypeCard(form, brokeCard))
	form = k.pay(t, servertest.TypeCard(form, axessCard).With("saveCard", "1"))
	if form.Fields.Get("checkoutId") == "" {
		t.Fatalf("the page has the form %v", form.Names)
	}
	form = k.open(t, "leaks-saved")
	page := s.Open(t, form.Action).Body
	_, token, _ := strings.Cut(page, `name="storedCard" value="`)
	token, _, _ = strings.Cut(token, `"`)
	if token == "" {
		t.Fatal("no card was kept")
	}
	k.pay(t, form.With("storedCard", token).With("cvv", "916").With("installmentCount", "1"))
	form = k.open(t, "leaks-removed")
	s.Browse(t, form.With("action", "remove").With("card", token))
}

// open makes a checkout of a customer and returns its form.
func (k *secretsOf) open(t *testing.T, order string) apitest.Form {
	t.Helper()
	a, _ := k.server.Send(t, post("/api/checkout", `{"orderId":`+quoted(order)+`,"amount":100.50,"currency":"TRY","description":"Two tickets","callback":`+
		quoted(k.shop.url+"/callback")+`,"customerId":"CUST-LEAK"}`))
	if a.Status != http.StatusOK {
		t.Fatalf("checkout: %d %s", a.Status, a.Body)
	}
	form := k.server.FormOf(t, k.server.Open(t, a.Text("redirectUrl")))
	k.keep(t, "a page's token", form.Fields.Get("token"))
	return form
}

// pay sends the form and goes past the bank, and returns the form of the page
// where the shopper ends.
func (k *secretsOf) pay(t *testing.T, form apitest.Form) apitest.Form {
	t.Helper()
	home := k.server.Follow(t, k.toBankAndBack(t, k.server.Follow(t, form)))
	k.keep(t, "a security key of the page", home.Fields.Get("securityKey"))
	end := k.server.Follow(t, home)
	if token := end.Fields.Get("token"); token != "" {
		k.keep(t, "a page's token", token)
	}
	return end
}

// figures keeps what the server shows to its operators beside its files.
func (k *secretsOf) figures(t *testing.T) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, k.server.URL+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }() // it was read to its end
	text, err := io.ReadAll(answer.Body)
	if err != nil || !strings.Contains(string(text), "vezne_") {
		t.Fatalf("metrics: %v", err)
	}
	if err := os.WriteFile(filepath.Join(k.server.Dir, "metrics"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (k *secretsOf) search(t *testing.T) {
	t.Helper()
	s := k.server
	searchLeaks(t, s)
	look := newSearch(nil, nil)
	for _, name := range slices.Sorted(maps.Keys(k.secrets)) {
		look.addSecret(name, k.secrets[name])
	}
	for _, l := range leaks(t, s.Engine, s.Dir, s.DSN, look, nil) {
		t.Error(l)
	}
	k.searchPlaces(t)
}

// searchPlaces looks for keys of sessions in all but the table that has them.
func (k *secretsOf) searchPlaces(t *testing.T) {
	t.Helper()
	look := newSearch(nil, nil)
	for _, place := range k.places {
		look.addSecret("a session's key", place)
	}
	found, files, err := look.tree(k.server.Dir)
	if err != nil || files < 3 {
		t.Fatalf("looked at %d files: %v", files, err)
	}
	seen := false
	openDatabase(t, k.server.Engine, k.server.DSN).cells(t, func(table, cell string) {
		if table == "threeds_session" {
			seen = seen || slices.Contains(k.places, cell)
			return
		}
		found = append(found, look.bytes("table "+table, []byte(cell))...)
	})
	for _, l := range found {
		if !strings.HasPrefix(l.file, "vezne.db") {
			t.Error(l)
		}
	}
	if !seen {
		t.Error("no session has such a key: nothing was proved")
	}
}
