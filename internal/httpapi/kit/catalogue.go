package kit

import (
	"embed"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/fault"
)

//go:embed message/*.json
var messages embed.FS

// maxAcceptLanguage bounds what is parsed of a header that no honest browser
// makes longer.
const maxAcceptLanguage = 256

// Languages returns the languages in which every text exists, English first.
func Languages() []language.Tag {
	return []language.Tag{
		language.English, language.Turkish, language.Arabic,
		language.Russian, language.German, language.French,
	}
}

// Catalogue holds the texts for people: what a reason and what a fault mean. It
// is safe for concurrent use.
type Catalogue struct {
	localizers map[language.Tag]*i18n.Localizer
	matcher    language.Matcher
}

// NewCatalogue reads the embedded texts.
func NewCatalogue() (*Catalogue, error) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("json", func(b []byte, v any) error { return json.Unmarshal(b, v) })
	c := &Catalogue{
		localizers: make(map[language.Tag]*i18n.Localizer),
		matcher:    language.NewMatcher(Languages()),
	}
	for _, tag := range Languages() {
		if _, err := bundle.LoadMessageFileFS(messages, "message/"+tag.String()+".json"); err != nil {
			return nil, fmt.Errorf("read messages of %s: %w", tag, err)
		}
		c.localizers[tag] = i18n.NewLocalizer(bundle, tag.String())
	}
	return c, nil
}

// Match returns the language that an Accept-Language header (RFC 9110, section
// 12.5.4) likes best, the fallback if it likes none of ours.
func (c *Catalogue) Match(header string, fallback language.Tag) language.Tag {
	if header == "" || len(header) > maxAcceptLanguage {
		return fallback
	}
	wanted, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return fallback
	}
	_, i, confidence := c.matcher.Match(wanted...)
	if confidence == language.No {
		return fallback
	}
	return Languages()[i]
}

// Reason tells people why a payment ended as it did, by the name of a
// connector.Reason.
func (c *Catalogue) Reason(lang language.Tag, reason string) string {
	return c.text(lang, "reason."+reason, "reason.UNKNOWN")
}

// Fault tells people what a code means.
func (c *Catalogue) Fault(lang language.Tag, code fault.Code) string {
	return c.text(lang, "fault."+string(code), "fault."+string(fault.InternalError))
}

// Has reports whether a language itself has the text, without falling back.
func (c *Catalogue) Has(lang language.Tag, messageID string) bool {
	l, ok := c.localizers[lang]
	if !ok {
		return false
	}
	_, found, err := l.LocalizeWithTag(&i18n.LocalizeConfig{MessageID: messageID})
	return err == nil && found == lang
}

func (c *Catalogue) text(lang language.Tag, messageID, otherwise string) string {
	l, ok := c.localizers[lang]
	if !ok {
		l = c.localizers[language.English]
	}
	for _, m := range []string{messageID, otherwise} {
		if s, err := l.Localize(&i18n.LocalizeConfig{MessageID: m}); err == nil {
			return s
		}
	}
	return messageID
}
