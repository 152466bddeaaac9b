package merchant

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	"golang.org/x/image/webp"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
)

const (
	// MaxLogoBytes is how large a logo may be: with it the first load of a hosted
	// page stays under 40 KB.
	MaxLogoBytes = 16 << 10
	// maxLogoSide bounds width and height, in pixels: a picture of few bytes may
	// unfold to one that fills a telephone's memory.
	maxLogoSide = 2048
	// logoNameLen is how many hexadecimal digits of its hash name a logo.
	logoNameLen = 32
)

// Logo is a picture that the hosted page shows beside a merchant's name. The zero
// value is none.
type Logo struct {
	// Name is unique to the body: the beginning of its SHA-256 in hexadecimal, and
	// the suffix of its form.
	Name string
	Body []byte
}

var errLogo = errors.New("must be a PNG, JPEG or WebP of at most 16 KiB and 2048 pixels a side")

// logoForms are the forms that a logo may have: those of pixels alone, which every
// browser shows. SVG is none of them, because it can hold scripts.
func logoForms() []logoForm {
	return []logoForm{
		{".png", "\x89PNG\r\n\x1a\n", png.DecodeConfig},
		{".jpg", "\xff\xd8\xff", jpeg.DecodeConfig},
		{".webp", "RIFF", webp.DecodeConfig},
	}
}

type logoForm struct {
	suffix, magic string
	read          func(io.Reader) (image.Config, error)
}

// ParseLogo reads a picture by its content, whatever its sender calls it. The
// error may be shown.
func ParseLogo(body []byte) (Logo, error) {
	if len(body) > MaxLogoBytes {
		return Logo{}, errLogo
	}
	for _, f := range logoForms() {
		if !bytes.HasPrefix(body, []byte(f.magic)) {
			continue
		}
		c, err := f.read(bytes.NewReader(body))
		if err != nil || c.Width < 1 || c.Height < 1 || c.Width > maxLogoSide || c.Height > maxLogoSide {
			return Logo{}, errLogo
		}
		hash := sha256.Sum256(body)
		return Logo{Name: hex.EncodeToString(hash[:])[:logoNameLen] + f.suffix, Body: body}, nil
	}
	return Logo{}, errLogo
}

// IsLogoName reports whether a text has the form of a logo's name.
func IsLogoName(name string) bool {
	for _, f := range logoForms() {
		if digits, ok := strings.CutSuffix(name, f.suffix); ok && len(digits) == logoNameLen {
			return !strings.ContainsFunc(digits, func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'f') })
		}
	}
	return false
}

// SetLogo stores the picture that hosted pages show beside the merchant's name; an
// empty body removes it. Errors: a fault on the field "image".
func (s *Service) SetLogo(ctx context.Context, m id.Merchant, body []byte, actor string) error {
	var logo Logo
	if len(body) > 0 {
		var err error
		if logo, err = ParseLogo(body); err != nil {
			return fault.Validation(fault.Field{Name: "image", Code: fault.FieldInvalid, Message: err.Error()})
		}
	}
	was, err := s.store.Merchant(ctx, m)
	if err != nil {
		return fmt.Errorf("set logo: %w", err)
	}
	facts := audit.Change(map[string]any{"logo": was.Logo}, map[string]any{"logo": logo.Name})
	record, err := s.recordMerchant(ctx, m, actor, "merchant.logo", facts)
	if err != nil {
		return fmt.Errorf("set logo: %w", err)
	}
	err = s.store.InTx(ctx, func(tx Tx) {
		tx.SaveLogo(m, logo)
		tx.Record(record)
	})
	s.caches.Invalidate()
	if err != nil {
		return fmt.Errorf("set logo: %w", err)
	}
	return nil
}
