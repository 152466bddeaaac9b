package sheet

import "strings"

// split cuts a line into fields (RFC 4180, section 2). A quoted field does not go
// on in the next line: the tables that are read here have none that do, and one
// mark too many would swallow every line up to the next one.
func (r *Reader) split(line string) error {
	r.fields = r.fields[:0]
	if strings.IndexByte(line, '\r') >= 0 {
		return r.problem(0, "a carriage return stands within it: lines must end with a line feed")
	}
	for {
		number := len(r.fields) + 1
		if number > MaxFields {
			return r.problem(0, "has more than %d fields", MaxFields)
		}
		field, rest, why := cutField(strings.TrimLeft(line, " \t"), r.comma)
		if why != "" {
			return r.problem(number, "%s", why)
		}
		if len(field) > MaxField {
			return r.problem(number, "is longer than %d bytes", MaxField)
		}
		r.fields = append(r.fields, strings.TrimSpace(field))
		if rest == "" {
			return nil
		}
		line = rest[1:]
	}
}

// cutField returns the first field and, if another one follows, the rest from the
// separator on. A why says what is wrong with it.
func cutField(line string, comma byte) (field, rest, why string) {
	if !strings.HasPrefix(line, `"`) {
		end := strings.IndexByte(line, comma)
		if end < 0 {
			end = len(line)
		}
		if strings.IndexByte(line[:end], '"') >= 0 {
			return "", "", "a quotation mark stands in a field that does not begin with one"
		}
		return line[:end], line[end:], ""
	}
	end, doubled := closing(line)
	if end < 0 {
		return "", "", "a quoted field must end in its line"
	}
	field, rest = line[1:end], strings.TrimLeft(line[end+1:], " \t")
	if rest != "" && rest[0] != comma {
		return "", "", "text follows the end of a quoted field"
	}
	if doubled {
		field = strings.ReplaceAll(field, `""`, `"`)
	}
	return field, rest, ""
}

// closing returns where a quoted field has its last mark, or -1, and whether a
// doubled mark stands for itself before that.
func closing(line string) (end int, doubled bool) {
	for i := 1; i < len(line); i++ {
		switch {
		case line[i] != '"':
		case i+1 < len(line) && line[i+1] == '"':
			doubled = true
			i++
		default:
			return i, doubled
		}
	}
	return -1, doubled
}
