package vault_test

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/vault"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// gcmVector is a case of McGrew and Viega, "The Galois/Counter Mode of
// Operation", appendix B, those with 256-bit keys and 96-bit nonces.
type gcmVector struct {
	name                               string
	key, nonce, plain, data, body, tag string
}

func gcmVectors() []gcmVector {
	const key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
	zero := strings.Repeat("00", 32)
	return []gcmVector{
		{name: "case_13_nothing", key: zero, nonce: zero[:24], tag: "530f8afbc74536b9a963b4f1c4cb738b"},
		{
			name: "case_14_one_block", key: zero, nonce: zero[:24], plain: zero[:32],
			body: "cea7403d4d606b6e074ec5d3baf39d18", tag: "d0d1c8a799996bf0265b98b5d48ab919",
		},
		{
			name: "case_16_with_authenticated_data", key: key, nonce: "cafebabefacedbaddecaf888",
			plain: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" +
				"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
			data: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
			body: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" +
				"8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
			tag: "76fc6ece0f4e1768cddf8853bb2d551b",
		},
	}
}

func TestAEAD_vectors(t *testing.T) {
	t.Parallel()
	for _, tt := range gcmVectors() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, err := vault.NewAEAD(unhex(t, tt.key))
			if err != nil {
				t.Fatal(err)
			}
			nonce, body, tag, data := unhex(t, tt.nonce), unhex(t, tt.body), unhex(t, tt.tag), unhex(t, tt.data)
			got, err := a.Open(nil, nil, slices.Concat(nonce, body, tag), data)
			if err != nil || !bytes.Equal(got, unhex(t, tt.plain)) {
				t.Fatalf("got %x and %v", got, err)
			}
			for failure, parts := range map[string][4][]byte{
				"modified_tag":                {nonce, body, flip(tag), data},
				"modified_nonce":              {flip(nonce), body, tag, data},
				"modified_ciphertext":         {nonce, append(slices.Clone(body), 0), tag, data},
				"modified_authenticated_data": {nonce, body, tag, append(slices.Clone(data), 0)},
				"truncated_tag":               {nonce, body, tag[:12], data},
			} {
				if _, err := a.Open(nil, nil, slices.Concat(parts[0], parts[1], parts[2]), parts[3]); err == nil {
					t.Errorf("%s is accepted", failure)
				}
			}
		})
	}
}

func flip(b []byte) []byte {
	c := slices.Clone(b)
	c[len(c)-1] ^= 1
	return c
}

// The cases of RFC 4231 for HMAC-SHA256.
func TestMAC_vectors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, key, message, want string }{
		{
			"case_1", strings.Repeat("0b", 20), "4869205468657265",
			"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
		},
		{
			"case_2_short_key", "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
		},
		{
			"case_3_long_data", strings.Repeat("aa", 20), strings.Repeat("dd", 50),
			"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
		},
		{
			"case_6_key_longer_than_a_block", strings.Repeat("aa", 131),
			hex.EncodeToString([]byte("Test Using Larger Than Block-Size Key - Hash Key First")),
			"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := vault.MAC(unhex(t, tt.key), unhex(t, tt.message)); !bytes.Equal(got, unhex(t, tt.want)) {
				t.Fatalf("got %x", got)
			}
		})
	}
}
