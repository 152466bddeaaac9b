package kit_test

import (
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
)

// TestCardNumberInText holds that a text with a card's number is refused by its field,
// with nothing of it in the answer, wherever it may be stored.
func TestCardNumberInText(t *testing.T) {
	t.Parallel()
	const number = "5421190122090656"
	for name, tt := range map[string]struct {
		body string
		read func(o *kit.Object)
		free bool
	}{
		"required_text":      {`{"a":"order ` + number + `"}`, func(o *kit.Object) { o.Text("a", 1, 100) }, false},
		"optional_text":      {`{"a":"5421 1901 2209 0656"}`, func(o *kit.Object) { o.OptionalText("a", 100) }, false},
		"string":             {`{"a":"` + number + `"}`, func(o *kit.Object) { o.String("a") }, false},
		"optional_string":    {`{"a":"` + number + `"}`, func(o *kit.Object) { o.OptionalString("a") }, false},
		"member_of_a_list":   {`{"a":["x","` + number + `"]}`, func(o *kit.Object) { o.Strings("a", 9, 100) }, false},
		"text_of_a_path":     {`{}`, func(o *kit.Object) { o.CardFree("a", number) }, false},
		"another_number":     {`{"a":"5421190122090657"}`, func(o *kit.Object) { o.Text("a", 1, 100) }, true},
		"card_field":         {`{"a":"` + number + `"}`, func(o *kit.Object) { o.Private("a") }, true},
		"password":           {`{"a":"` + number + `"}`, func(o *kit.Object) { o.PrivateText("a", 1, 100) }, true},
		"setting_of_a_POS":   {`{"a":"` + number + `"}`, func(o *kit.Object) { o.OptionalPrivateText("a", 100) }, true},
		"setting_left_empty": {`{"a":""}`, func(o *kit.Object) { o.OptionalPrivateText("a", 100) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, err := kit.ParseObject([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			tt.read(o)
			err = o.Err()
			if tt.free {
				if err != nil {
					t.Error(err)
				}
				return
			}
			f := fault.From(err)
			if f.Code != fault.CardNumberInText || len(f.Fields) != 1 || f.Fields[0].Name != "a" || strings.Contains(err.Error(), "5421") {
				t.Errorf("refused with %v", err)
			}
		})
	}
}
