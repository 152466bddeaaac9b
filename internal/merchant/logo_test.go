package merchant_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/merchant"
)

// picture encodes a picture of a size.
func picture(t *testing.T, width, height int, encode func(*bytes.Buffer, image.Image) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.Black})); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(b *bytes.Buffer, i image.Image) error  { return png.Encode(b, i) }
func asJPEG(b *bytes.Buffer, i image.Image) error { return jpeg.Encode(b, i, nil) }

// asWebP is the smallest picture of its form.
func asWebP(t *testing.T) []byte {
	t.Helper()
	body, err := base64.StdEncoding.DecodeString("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestParseLogo(t *testing.T) {
	t.Parallel()
	small := picture(t, 90, 30, asPNG)
	heavy := append(bytes.Clone(small), make([]byte, merchant.MaxLogoBytes)...)
	tests := map[string]struct {
		body   []byte
		suffix string // empty when it must be refused
	}{
		"png":                           {small, ".png"},
		"jpeg":                          {picture(t, 90, 30, asJPEG), ".jpg"},
		"webp":                          {asWebP(t), ".webp"},
		"as_heavy_as_it_may_be":         {heavy[:merchant.MaxLogoBytes], ".png"},
		"too_heavy":                     {heavy[:merchant.MaxLogoBytes+1], ""},
		"few_bytes_that_unfold_to_much": {picture(t, 2049, 1, asPNG), ""},
		"svg":                           {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), ""},
		"gif":                           {[]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), ""},
		"html":                          {[]byte("<!doctype html>"), ""},
		"a_png's_first_bytes_alone":     {small[:8], ""},
		"a_cut_jpeg":                    {[]byte("\xff\xd8\xff\xe0"), ""},
		"riff_that_is_no_webp":          {[]byte("RIFF\x24\x00\x00\x00WAVEfmt "), ""},
		"nothing":                       {nil, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := merchant.ParseLogo(tt.body)
			if tt.suffix == "" {
				if err == nil || l.Name != "" {
					t.Errorf("accepted as %s", l.Name)
				}
				return
			}
			if err != nil || !strings.HasSuffix(l.Name, tt.suffix) || !merchant.IsLogoName(l.Name) ||
				!bytes.Equal(l.Body, tt.body) {
				t.Errorf("logo %q, %v", l.Name, err)
			}
		})
	}
	for _, name := range []string{"", ".png", strings.Repeat("0", 32), strings.Repeat("0", 32) + ".svg",
		strings.Repeat("G", 32) + ".png", "../" + strings.Repeat("0", 29) + ".png"} {
		if merchant.IsLogoName(name) {
			t.Errorf("%q is a name", name)
		}
	}
}

func FuzzParseLogo(f *testing.F) {
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Add([]byte("\xff\xd8\xff"))
	f.Add([]byte("RIFF\x00\x00\x00\x00WEBPVP8X"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if l, err := merchant.ParseLogo(body); (err == nil) != merchant.IsLogoName(l.Name) {
			t.Errorf("%q, %v", l.Name, err)
		}
	})
}

func TestSetLogo(t *testing.T) {
	t.Parallel()
	s := newMemory()
	n := newNode(s)
	body := picture(t, 90, 30, asPNG)
	if err := n.service.SetLogo(t.Context(), 1, body, "admin:demo"); err != nil {
		t.Fatal(err)
	}
	if l := s.logos[1]; !bytes.Equal(l.Body, body) || len(s.logos) != 1 {
		t.Errorf("logos of %d merchants, %q", len(s.logos), l.Name)
	}
	if err := n.service.SetLogo(t.Context(), 1, []byte("<svg/>"), "admin:demo"); fault.CodeOf(err) != fault.ValidationError {
		t.Errorf("svg = %v", err)
	}
	if err := n.service.SetLogo(t.Context(), 1, nil, "admin:demo"); err != nil || s.logos[1].Name != "" {
		t.Errorf("removal = %v, %q", err, s.logos[1].Name)
	}
	if len(s.records) != 2 || s.records[0].Action != "merchant.logo" || s.records[0].Subject != "merchant:1" {
		t.Errorf("records = %+v", s.records)
	}
}
