package pages_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/httpapi/kit"
)

func TestLanguages(t *testing.T) {
	t.Parallel()
	h := newHosted(t, newFake(t))
	for query, want := range map[string]string{
		"?lang=ar": `<html lang="ar" dir="rtl">`, "?lang=tr": `1.000,00` + "\u00a0" + `TL`, "?lang=de": `1.000,00` + "\u00a0" + `TRY`,
		"?lang=ru": "1\u202f000,00", "?lang=xx": `<html lang="en" dir="ltr">`,
	} {
		if w := get(t, h, checkoutAt+query); !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s lacks %q", query, want)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, checkoutAt, http.NoBody))
	if !strings.Contains(w.Body.String(), `<html lang="tr"`) {
		t.Error("a browser that asks for no language does not get Turkish")
	}
}

// TestWords holds that every text exists in every language, with the same
// placeholders.
func TestWords(t *testing.T) {
	t.Parallel()
	var all map[string]map[string]string
	if err := json.Unmarshal(mustRead(t, "checkout/text.json"), &all); err != nil {
		t.Fatal(err)
	}
	english := all["en"]
	if len(all) != len(kit.Languages()) || len(english) < 60 {
		t.Fatalf("%d languages, %d texts", len(all), len(english))
	}
	for _, lang := range kit.Languages() {
		texts := all[lang.String()]
		if len(texts) != len(english) {
			t.Errorf("%s has %d texts", lang, len(texts))
		}
		for key, text := range english {
			for _, mark := range []string{"{merchant}", "{amount}", "{n}", "{card}", "{date}"} {
				if strings.Contains(text, mark) != strings.Contains(texts[key], mark) || texts[key] == "" {
					t.Errorf("%s: %s = %q", lang, key, texts[key])
				}
			}
			if lang != language.English && texts[key] == text && key != "total" && key != "sum" {
				t.Logf("%s: %s is the English text", lang, key)
			}
		}
	}
}
