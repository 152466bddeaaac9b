package card

import "unique"

// hidden keeps digits behind a pointer. Package fmt calls no method of a value
// that sits in an unexported field of another struct, and would print a plain
// string there; of a pointer it prints the address. The handle is also the same
// for the same digits, so that values that hold it compare with ==.
type hidden struct{ handle unique.Handle[string] }

func hide(digits string) hidden { return hidden{unique.Make(digits)} }

func (h hidden) reveal() string {
	if h == (hidden{}) {
		return ""
	}
	return h.handle.Value()
}
