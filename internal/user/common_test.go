package user_test

import (
	"errors"
	"testing"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/user"
)

// TestCommonPasswords holds that what everybody guesses first is refused wherever a
// password is chosen.
func TestCommonPasswords(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		fresh := user.Person{Email: "new@shop.example", Name: "New", Role: merchant.RoleViewer}
		_, token, err := w.Invite(t.Context(), shop, fresh, "test")
		if err != nil {
			t.Fatal(err)
		}
		// choose tries the password at each place, which differ in who chooses it.
		choose := map[string]func(chosen string) error{
			"accept": func(chosen string) error { _, err := w.Accept(t.Context(), string(token.Reveal()), chosen); return err },
			"change": func(chosen string) error { return w.ChangePassword(t.Context(), w.owner, 0, password, chosen) },
			"create": func(chosen string) error {
				other := user.Person{Email: "x@shop.example", Name: "X", Role: merchant.RoleViewer}
				_, err := w.Create(t.Context(), shop, other, chosen, "test")
				return err
			},
		}
		for place, set := range choose {
			for _, chosen := range []string{
				"1234567890", "qwertyuiop", "administrator", "QwertyUiop", "password123", "Password123!", "P@ssw0rd123",
				"iloveyou2024!", "12welcome12", "passwordpassword", "aaaaaaaaaa", "abcabcabcabc", "4dm1n1str4t0r", "1q2w3e4r5t",
			} {
				onField(t, place+" "+chosen, set(chosen), "password")
			}
		}
		for _, chosen := range []string{
			"demo-password-1", "battery staple", "123456789é", "basketball 83749 lamp", "hello 8374 2938 1923",
		} {
			err := choose["create"](chosen)
			var f *fault.Error
			if errors.As(err, &f) && f.Fields[0].Name == "password" {
				t.Errorf("%s: %v", chosen, err)
			}
		}
	})
}
