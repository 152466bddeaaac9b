package vault

import (
	"bytes"
	"context"
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
	"github.com/tink-crypto/tink-go/v2/tink"
)

// keysetFormat marks our file around Tink's own JSON, so that another file given
// by mistake is refused before its keys are looked at.
const keysetFormat = "vezne-keyset-1"

// maxKeysetFile bounds what is read; a keyset of a hundred keys is 30 KiB.
const maxKeysetFile = 1 << 20

// keysetFile is the file's JSON. Keyset is what tinkey calls a cleartext keyset,
// Sealed what it calls an encrypted one; a file has one of them.
type keysetFile struct {
	Format string         `json:"format"`
	Use    Use            `json:"use"`
	Keyset jsontext.Value `json:"keyset,omitzero"`
	Sealed jsontext.Value `json:"sealed,omitzero"`
}

// KeysetFile says where a keyset is kept.
type KeysetFile struct {
	Path string
	// KMS, if set, is the key of a key management service that seals the file.
	// Without it the file lies open, with its mode as its only protection.
	KMS tink.AEADWithContext
}

// Load reads the keyset. It fails with fs.ErrNotExist when there is none,
// ErrKeysetExposed when anyone but its owner may read or write it,
// ErrKeysetCorrupt when it holds no keyset, ErrKeysetLocked and
// ErrKeysetUnlocked when file and KMS do not fit each other, and with the KMS's
// own error when that does not open it; every error names the path.
func (f KeysetFile) Load(ctx context.Context) (*Keyset, error) {
	b, err := readPrivate(f.Path)
	if err != nil {
		return nil, fmt.Errorf("load keyset %s: %w", f.Path, err)
	}
	defer clear(b)
	k, err := f.parse(ctx, b)
	if err != nil {
		return nil, fmt.Errorf("load keyset %s: %w", f.Path, err)
	}
	return k, nil
}

// Create generates a keyset and writes it with mode 0600. The file appears whole
// or not at all and never replaces another: an existing path is fs.ErrExist,
// because the data sealed under it would be lost.
func (f KeysetFile) Create(ctx context.Context, use Use) (*Keyset, error) {
	k, err := NewKeyset(use)
	if err != nil {
		return nil, err
	}
	if err := f.write(ctx, k, os.Link); err != nil {
		return nil, fmt.Errorf("create keyset %s: %w", f.Path, err)
	}
	return k, nil
}

// Replace writes the keyset over the one in the file, whole or not at all.
func (f KeysetFile) Replace(ctx context.Context, k *Keyset) error {
	if err := f.write(ctx, k, os.Rename); err != nil {
		return fmt.Errorf("replace keyset %s: %w", f.Path, err)
	}
	return nil
}

// LoadOrCreate reads the keyset, or creates it if there is none. Processes that
// start together end up with the same keyset.
func (f KeysetFile) LoadOrCreate(ctx context.Context, use Use) (*Keyset, error) {
	k, err := f.Load(ctx)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	k, err = f.Create(ctx, use)
	if errors.Is(err, fs.ErrExist) {
		return f.Load(ctx)
	}
	return k, err
}

// LoadKeyset reads a keyset file that no KMS seals.
func LoadKeyset(path string) (*Keyset, error) {
	return KeysetFile{Path: path}.Load(context.Background())
}

// CreateKeyset creates a keyset file that no KMS seals.
func CreateKeyset(path string, use Use) (*Keyset, error) {
	return KeysetFile{Path: path}.Create(context.Background(), use)
}

// LoadOrCreateKeyset reads or creates a keyset file that no KMS seals.
func LoadOrCreateKeyset(path string, use Use) (*Keyset, error) {
	return KeysetFile{Path: path}.LoadOrCreate(context.Background(), use)
}

// parse drops the causes of its own failures: parsers quote what they could not
// read, and that may be a key. What a KMS says is kept.
func (f KeysetFile) parse(ctx context.Context, b []byte) (*Keyset, error) {
	var file keysetFile
	err := json.Unmarshal(b, &file, json.RejectUnknownMembers(true))
	if err != nil || file.Format != keysetFormat || (file.Keyset == nil) == (file.Sealed == nil) {
		return nil, ErrKeysetCorrupt
	}
	defer clear(file.Keyset)
	var h *keyset.Handle
	switch {
	case file.Sealed == nil && f.KMS != nil:
		return nil, ErrKeysetUnlocked
	case file.Sealed != nil && f.KMS == nil:
		return nil, ErrKeysetLocked
	case file.Sealed != nil:
		spy := &listened{AEADWithContext: f.KMS}
		h, err = keyset.ReadWithContext(ctx, keyset.NewJSONReader(bytes.NewReader(file.Sealed)), spy,
			sealedKeysetData(file.Use))
		if spy.err != nil {
			return nil, spy.err
		}
	default:
		h, err = insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(file.Keyset)))
	}
	if err != nil {
		return nil, ErrKeysetCorrupt
	}
	return openKeyset(h, file.Use)
}

// listened remembers what the KMS said, which Tink replaces by a text of its own.
type listened struct {
	tink.AEADWithContext
	err error
}

func (l *listened) DecryptWithContext(ctx context.Context, ciphertext, data []byte) ([]byte, error) {
	plain, err := l.AEADWithContext.DecryptWithContext(ctx, ciphertext, data)
	l.err = err
	return plain, err
}

// sealedKeysetData binds a sealed keyset to its format and use.
func sealedKeysetData(u Use) []byte { return []byte(keysetFormat + " " + string(u)) }

func (f KeysetFile) marshal(ctx context.Context, k *Keyset) ([]byte, error) {
	file := keysetFile{Format: keysetFormat, Use: k.use}
	var b bytes.Buffer
	defer func() { clear(b.Bytes()) }()
	w := keyset.NewJSONWriter(&b)
	if f.KMS != nil {
		if err := k.handle.WriteWithContext(ctx, w, f.KMS, sealedKeysetData(k.use)); err != nil {
			return nil, fmt.Errorf("seal: %w", err)
		}
		file.Sealed = b.Bytes()
	} else {
		if err := insecurecleartextkeyset.Write(k.handle, w); err != nil {
			return nil, err
		}
		file.Keyset = b.Bytes()
	}
	return json.Marshal(file, jsontext.WithIndent("  "))
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
	if Exposed(info) {
		return nil, ErrKeysetExposed
	}
	return io.ReadAll(io.LimitReader(f, maxKeysetFile))
}

// write writes a temporary file beside the path and puts it there by os.Link,
// which fails if the path exists, or os.Rename, which does not.
func (f KeysetFile) write(ctx context.Context, k *Keyset, put func(from, to string) error) error {
	b, err := f.marshal(ctx, k)
	if err != nil {
		return err
	}
	defer clear(b)
	dir := filepath.Dir(f.Path)
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
	if err := put(tmp.Name(), f.Path); err != nil {
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
