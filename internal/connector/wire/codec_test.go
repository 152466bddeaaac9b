package wire_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/wire"
	"github.com/vezne/vezne/internal/secret"
)

// The vectors are those of the reference of bank protocols, which were recomputed
// from published fixtures or produced by the bank.
func TestHashVectors(t *testing.T) {
	t.Parallel()
	const ok, fail = "https://domain.com/success", "https://domain.com/fail_url"
	security := wire.SHA1("123qweASD/", "030691298").UpperHex()
	first := wire.SHA256("10,10,10,10,10,10,10,10", ";", "67005551").Base64()
	password := wire.SHA1("Api123").Base64()
	paytr := secret.FromString("merchant-key-1")
	for name, v := range map[string]struct{ got, want string }{
		"nestpay_v1_form": {
			wire.SHA1("700655000200", "order222", "100.25", ok, fail, "Auth", "", "rand", "TRPS0200").Base64(), "S7UxUAohxaxzl35WxHyDfuQx0sg=",
		},
		"nestpay_v3_form": {
			wire.SHA512("100.25|190100000|949|test@test.com|" + fail + "|siparis veren|ver3|Auth|tr|order222|" + ok + "|rand|3d_pay||123456").Base64(),
			"/uPxhEKWCEGi3NsDOOQ4u8Hu5g71v5GWspOid70WehTWEz97PqxG3IN1Jv5jsbOXOw3Z3Rr/0UtywzEgbqFfdA==",
		},
		"garanti_security_data": {security, "1639636D00AB5EF0B3CE073BB222BFAAC2C2C38D"},
		"garanti_sale": {
			wire.SHA512("order222", "30691298", "", "10025", "949", security).UpperHex(),
			"0CFE09F107274C6A07292DA061A4EECAB0F5F0CF87F831F2D3626A3346A941126C52D1D95A3B77ADF5AC348B3D25C76BA5D8D98A29557D087D3367BFFACCD25C",
		},
		"garanti_3d_form": {
			wire.SHA512("30691298", "order222", "10025", "949", ok, fail, "sales", "", "12345678", security).UpperHex(),
			"372D6CB20B2B699D0A6667DFF46E3AA8CF3F9D8C2BB69A7C411895151FFCFAAB5277CCFE3B3A06035FEEFBFBFD40C79DBE51DBF867D0A24B37335A28F0CEFDE2",
		},
		"posnet_first_hash": {first, "c1PPl+2UcdixyhgLYnf4VfJyFGaNQNOwE0uMkci7Uag="},
		"posnet_request": {
			wire.SHA256("TST_190620093100_024;175;TL;6706598320;", first).Base64(), "nyeFSQ4J9NZVeCcEGCDomM8e2YIvoeIa/IDh2D3qaL4=",
		},
		"posnet_v1_sale": {
			wire.SHA256("6700950031", "67540050", "5400619360964581", "056", "2001", "175", "10,10,10,10,10,10,10,10").Base64(),
			"xuhPbpcPJ6kVs7JeIXS8f06Cv0mb9cNPMfjp1HiB7Ew=",
		},
		"payfor_form": {
			wire.SHA1("5", "2020110828BC", "100.01", payfor, payfor, "Auth", "0", "0.43625700 1604831630", "12345678").Base64(), "zmSUxYPhmCj7QOzqpk/28LuE1Oc=",
		},
		"interpos_form": {
			wire.SHA1("3123", "order222", "100.25", ok, fail, "Auth", "", "rand", "gDg1N").Base64(), "vEbwP8wnsGrBR9oCjfxP9wlho1g=",
		},
		"kuveyt_password":  {password, "c77dFssAnYSy6O2MJo+5tMYtGVc="},
		"kuveyt_provision": {wire.SHA1("80", "ORDER-123", "7256", "", "", "apiuser", password).Base64(), "Bf+hZf2c1gf1pTXnEaSGxDpGRr0="},
		"kuveyt_with_urls": {
			wire.SHA1("80", "ORDER-123", "7256", "http://localhost:44785/Home/Success", "http://localhost:44785/Home/Fail", "apiuser", password).Base64(),
			"P3a0zjAklu2g8XDJfTx2qvwHH8g=",
		},
		"iyzico_request": {
			wire.HMACSHA256(secret.FromString("secret_key"), "random_string", "uri", `"body"`).Hex(),
			"017508921a29ee5601bcd1fbe83efd2e2be43af02eceff30cf2e91a539aab355",
		},
		"paytr_direct": {
			wire.HMACSHA256(paytr, "100001", "203.0.113.7", "order222", "a@b.co", "100.25", "card", "0", "TL", "1", "0", "merchant-salt-1").Base64(),
			"GLKbTboXMo17F/CvTTtDErVDbd8ER96uOSMKRYugoT4=",
		},
		"paytr_notification": {
			wire.HMACSHA256(paytr, "order222", "merchant-salt-1", "success", "10025").Base64(), "G1/KUFWQoJgUAbzkclgBdCvT2sZt1WKyiVabb+n0v0c=",
		},
		// RFC 4231, test case 2.
		"hmac_sha512": {
			wire.HMACSHA512(secret.FromString("Jefe"), "what do ya want ", "for nothing?").Hex(),
			"164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
		},
	} {
		if v.got != v.want {
			t.Errorf("%s = %s, want %s", name, v.got, v.want)
		}
	}
}

const payfor = "http://localhost/finansbank-payfor/3d/response.php"

func TestSameMAC(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		got, want string
		same      bool
	}{
		"equal": {"abc", "abc", true}, "other": {"abd", "abc", false}, "shorter": {"ab", "abc", false},
		"longer": {"abcd", "abc", false}, "none_came": {"", "abc", false}, "none_to_compare_with": {"", "", false},
	} {
		if wire.SameMAC(tt.got, tt.want) != tt.same {
			t.Errorf("%s: same is %t", name, !tt.same)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	const latin5, want = "<a>Hatal\xfd</a>", "<a>Hatalı</a>"
	for name, tt := range map[string]struct {
		contentType, body string
		known             connector.Charset
		want              string
	}{
		"content_type":           {contentType: "text/xml; charset=ISO-8859-9", body: latin5, want: want},
		"prolog":                 {body: `<?xml version="1.0" encoding="ISO-8859-9"?>` + latin5, want: `<?xml version="1.0" encoding="ISO-8859-9"?>` + want},
		"prolog_in_other_quotes": {body: `<?xml encoding='windows-1254' ?>` + latin5, want: `<?xml encoding='windows-1254' ?>` + want},
		"bank":                   {body: latin5, known: connector.ISO88599, want: want},
		"charset_nobody_knows":   {contentType: "text/xml; charset=x-own", body: latin5, known: connector.ISO88599, want: want},
		"utf8_that_says_latin5":  {contentType: "text/xml; charset=ISO-8859-9", body: want, want: want},
		"nothing_is_said":        {body: latin5, want: "<a>Hatal\ufffd</a>"},
		"prolog_without_end":     {body: `<?xml encoding="ISO-8859-9`, want: `<?xml encoding="ISO-8859-9`},
	} {
		r := wire.Response{Header: http.Header{"Content-Type": {tt.contentType}}, Body: []byte(tt.body)}
		if got := r.Text(tt.known); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestParseXML(t *testing.T) {
	t.Parallel()
	e, err := wire.ParseXML([]byte(`<?xml version="1.0" encoding="ISO-8859-9"?>
<!-- bank --><s:posnetResponse xmlns:s="urn:x"><approved> 0 </approved><respText a="1">Hatal`+"\xfd"+` &amp; eksik</respText>
<inst><amnt>1</amnt><amnt>2</amnt></inst><twice>a</twice><twice>b</twice></s:posnetResponse>`), connector.ISO88599)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{e.Name, e.Value("approved"), e.Value("respText"), e.Value("twice"), e.Value("inst", "amnt"), e.Value("no", "such")}
	if diff := cmp.Diff([]string{"posnetResponse", "0", "Hatalı & eksik", "", "", ""}, got); diff != "" {
		t.Error(diff)
	}
	if all := e.Child("inst").All("amnt"); len(all) != 2 || all[1].Text != "2" {
		t.Errorf("list = %+v", all)
	}
	if a := e.Child("respText").Attrs; len(a) != 1 || a[0] != (wire.Attr{Name: "a", Value: "1"}) {
		t.Errorf("attributes = %+v", a)
	}
}

func TestParseXMLRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body string
		want error
	}{
		"nothing":                 {"", wire.ErrXML},
		"text_alone":              {"hello", wire.ErrXML},
		"document_type":           {`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, wire.ErrXML},
		"document_type_later":     {`<a></a><!DOCTYPE a>`, wire.ErrXML},
		"entity_of_its_own":       {`<a>&b;</a>`, wire.ErrXML},
		"entity_of_html":          {`<a>&nbsp;</a>`, wire.ErrXML},
		"instruction":             {`<?php x?><a/>`, wire.ErrXML},
		"instruction_inside":      {`<a><?xml version="1.0"?></a>`, wire.ErrXML},
		"two_roots":               {`<a/><b/>`, wire.ErrXML},
		"text_behind":             {`<a/>b`, wire.ErrXML},
		"unclosed":                {`<a><b></b>`, wire.ErrXML},
		"wrong_end":               {`<a></b>`, wire.ErrXML},
		"attribute_without_quote": {`<a b=c></a>`, wire.ErrXML},
		"control_character":       {"<a>\x01</a>", wire.ErrXML},
		"too_deep":                {strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40), wire.ErrXMLBounds},
		"too_many":                {"<a>" + strings.Repeat("<b/>", 9000) + "</a>", wire.ErrXMLBounds},
		"too_long":                {"<a>" + strings.Repeat("b", wire.MaxBody) + "</a>", wire.ErrXMLBounds},
	} {
		if e, err := wire.ParseXML([]byte(tt.body), ""); !errors.Is(err, tt.want) {
			t.Errorf("%s: %+v, %v, want %v", name, e, err, tt.want)
		}
	}
}

func TestXML(t *testing.T) {
	t.Parallel()
	e := wire.Element{Name: "soap:Envelope", Attrs: []wire.Attr{{Name: "xmlns:soap", Value: `urn:"x"`}}, Children: []wire.Element{
		wire.Node("sale", wire.Leaf("amount", "175"), wire.Leaf("holder", "Şule <Ilgın> & Öz"), wire.Leaf("cvc", "")),
	}}
	const want = `<?xml version="1.0" encoding="ISO-8859-9"?><soap:Envelope xmlns:soap="urn:&#34;x&#34;"><sale><amount>175</amount>` +
		"<holder>\xdeule &lt;Ilg\xfdn&gt; &amp; \xd6z</holder><cvc></cvc></sale></soap:Envelope>"
	got, err := e.XML(connector.ISO88599)
	if err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
	for name, bad := range map[string]wire.Element{
		"name_with_a_blank":        wire.Leaf("a b", ""),
		"no_name":                  wire.Leaf("", ""),
		"name_that_ends_the_tag":   wire.Leaf("a><b", ""),
		"attribute_without_a_name": {Name: "a", Attrs: []wire.Attr{{Value: "x"}}},
		"letter_beyond_charset":    wire.Leaf("a", "注文"),
		"bad_child":                wire.Node("a", wire.Leaf("1", "")),
	} {
		if got, err := bad.XML(connector.ISO88599); !errors.Is(err, wire.ErrXML) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestForm(t *testing.T) {
	t.Parallel()
	fields := []connector.Field{{Name: "z", Value: "İşlem onaylandı"}, {Name: "a", Value: "b+/=&"}, {Name: "z", Value: ""}}
	got, err := wire.EncodeForm(fields, connector.Windows1254)
	if want := "z=%DD%FElem+onayland%FD&a=b%2B%2F%3D%26&z="; err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
	f, err := wire.DecodeForm(got, "", connector.Windows1254)
	if err != nil || f.Get("z") != "İşlem onaylandı" || len(f.Text["z"]) != 2 ||
		f.Bytes.Get("z") != "\xdd\xfelem onayland\xfd" {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := wire.EncodeForm([]connector.Field{{Name: "a", Value: "注文"}}, connector.ISO88599); !errors.Is(err, wire.ErrForm) {
		t.Errorf("a letter that the charset lacks: %v", err)
	}
	for _, body := range []string{"a=%zz", "a;b", strings.Repeat("a", wire.MaxBody+1)} {
		if _, err := wire.DecodeForm([]byte(body), "", ""); !errors.Is(err, wire.ErrForm) ||
			strings.Contains(err.Error(), "zz") {
			t.Errorf("%.9s: %v", body, err)
		}
	}
}

// FuzzParseXML holds that what was read is text, and is read alike when written again.
func FuzzParseXML(f *testing.F) {
	for _, seed := range []string{
		`<a b="c"><d>e</d></a>`, "<?xml version=\"1.0\" encoding=\"ISO-8859-9\"?><a>Hatal\xfd</a>", `<!DOCTYPE a><a/>`,
		`<a>&#304;&lt;</a>`, `<a><![CDATA[<b>]]></a>`, "<a>\x00</a>", `<x:a xmlns:x="y"/>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := wire.ParseXML(body, wire.Charset("", body, connector.ISO88599))
		if err != nil {
			return
		}
		out, err := e.XML(connector.UTF8)
		if err != nil {
			return // a name that only others use
		}
		again, err := wire.ParseXML(out, connector.UTF8)
		if err != nil || !utf8.Valid(out) {
			t.Fatalf("written again: %q: %v", out, err)
		}
		if diff := cmp.Diff(withoutNamespaces(e), withoutNamespaces(again)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// withoutNamespaces drops attributes, whose prefixes reading drops.
func withoutNamespaces(e wire.Element) wire.Element {
	e.Attrs = nil
	children := e.Children
	e.Children = nil
	for _, c := range children {
		e.Children = append(e.Children, withoutNamespaces(c))
	}
	return e
}

// FuzzForm holds that every form that can be written is read as it was.
func FuzzForm(f *testing.F) {
	f.Add("mdStatus", "İşlem onaylandı", true)
	f.Add("", "a b&c=d%+\x00", false)
	f.Add("\xff", "\xdd", true)
	f.Fuzz(func(t *testing.T, name, value string, turkish bool) {
		c := connector.UTF8
		if turkish {
			c = connector.Windows1254
		}
		body, err := wire.EncodeForm([]connector.Field{{Name: name, Value: value}}, c)
		if err != nil {
			return
		}
		got, err := wire.DecodeForm(body, string(c), c)
		if err != nil {
			t.Fatal(err)
		}
		if bytes := got.Bytes; len(bytes) != 1 {
			t.Fatalf("%q became %d fields", body, len(bytes))
		}
		// Bytes of windows-1254 that happen to be UTF-8 are read as that.
		raw, _ := c.Encode(value)
		if got.Bytes.Get(firstName(got.Bytes)) != raw {
			t.Fatalf("%q is read as %q", raw, got.Bytes)
		}
	})
}

func firstName(v map[string][]string) string {
	for name := range v {
		return name
	}
	return ""
}
