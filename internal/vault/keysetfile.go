package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// keysetFormat marks our file around Tink's own JSON, so that another file given
// by mistake is refused before its keys are looked at.
const keysetFormat = "vezne-keyset-1"

// maxKeysetFile bounds what is read; a keyset of a hundred keys is 30 KiB.
const maxKeysetFile = 1 << 20

// keysetFile is the file's JSON. Keyset is what tinkey calls a cleartext keyset.
type keysetFile struct {
	Format string         `json:"format"`
	Use    Use            `json:"use"`
	Keyset jsontext.Value `json:"keyset"`
}

// LoadKeyset reads a keyset file. It fails with fs.ErrNotExist when there is
// none, ErrKeysetExposed when anyone but its owner may read or write it, and
// ErrKeysetCorrupt when it holds no keyset; every error names the path.
func LoadKeyset(path string) (*Keyset, error) {
	b, err := readPrivate(path)
	if err != nil {
		return nil, fmt.Errorf("load keyset %s: %w", path, err)
	}
	defer clear(b)
	k, err := parseKeyset(b)
	if err != nil {
		return nil, fmt.Errorf("load keyset %s: %w", path, err)
	}
	return k, nil
}

// CreateKeyset generates a keyset and writes it to path with mode 0600. The file
// appears whole or not at all and never replaces another: an existing path is
// fs.ErrExist, because the data sealed under it would be lost.
func CreateKeyset(path string, use Use) (*Keyset, error) {
	k, err := NewKeyset(use)
	if err != nil {
		return nil, err
	}
	b, err := k.marshal()
	if err != nil {
		return nil, fmt.Errorf("create keyset %s: %w", path, err)
	}
	defer clear(b)
	if err := writePrivate(path, b); err != nil {
		return nil, fmt.Errorf("create keyset %s: %w", path, err)
	}
	return k, nil
}

// LoadOrCreateKeyset reads the keyset file at path, or creates it if there is
// none. Processes that start together end up with the same keyset.
func LoadOrCreateKeyset(path string, use Use) (*Keyset, error) {
	k, err := LoadKeyset(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	k, err = CreateKeyset(path, use)
	if errors.Is(err, fs.ErrExist) {
		return LoadKeyset(path)
	}
	return k, err
}

// parseKeyset drops the causes of its failures: parsers quote what they could
// not read, and that may be a key.
func parseKeyset(b []byte) (*Keyset, error) {
	var f keysetFile
	err := json.Unmarshal(b, &f, json.RejectUnknownMembers(true))
	if err != nil || f.Format != keysetFormat {
		return nil, ErrKeysetCorrupt
	}
	defer clear(f.Keyset)
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(f.Keyset)))
	if err != nil {
		return nil, ErrKeysetCorrupt
	}
	return openKeyset(h, f.Use)
}

func (k *Keyset) marshal() ([]byte, error) {
	var b bytes.Buffer
	if err := k.cleartext(keyset.NewJSONWriter(&b)); err != nil {
		return nil, err
	}
	defer clear(b.Bytes())
	f := keysetFile{Format: keysetFormat, Use: k.use, Keyset: b.Bytes()}
	return json.Marshal(f, jsontext.WithIndent("  "))
}

// readPrivate checks the mode of the very file that it reads.
func readPrivate(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, ErrKeysetCorrupt
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, ErrKeysetExposed
	}
	return io.ReadAll(io.LimitReader(f, maxKeysetFile))
}

// writePrivate writes a temporary file beside path and links it there: a link,
// unlike a rename, fails if the path exists.
func writePrivate(path string, b []byte) error {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, ".keyset-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // at worst a private file stays behind
	_, err = tmp.Write(b)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes the new name durable before anything is sealed under the keys.
func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the directory of the operator's file
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
