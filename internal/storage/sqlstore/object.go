package sqlstore

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// object is a JSON object that is being written; members that are zero are left out. It
// writes the documents that every payment stores, which by reflection cost as much as
// the payment's own statement.
type object []byte

// begin opens the object, as the next element if it stands in an array.
func (o object) begin() object {
	if n := len(o); n > 0 && o[n-1] == '}' {
		o = append(o, ',')
	}
	return append(o, '{')
}

func (o object) end() object { return append(o, '}') }

// name writes the name of a member, which needs no escapes.
func (o object) name(name string) object {
	if o[len(o)-1] != '{' {
		o = append(o, ',')
	}
	o = append(o, '"')
	o = append(o, name...)
	return append(o, '"', ':')
}

func (o object) text(name, value string) object {
	if value == "" {
		return o
	}
	quoted, err := jsontext.AppendQuote(o.name(name), value)
	if err != nil {
		panic("sqlstore: " + err.Error()) // text was made valid before it came here
	}
	return quoted
}

func (o object) number(name string, value int64) object {
	if value == 0 {
		return o
	}
	return strconv.AppendInt(o.name(name), value, 10)
}

func (o object) flag(name string, value bool) object {
	if !value {
		return o
	}
	return append(o.name(name), "true"...)
}
