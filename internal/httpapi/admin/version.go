package admin

import (
	"strconv"
	"strings"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
)

// etag returns a version as an entity tag (RFC 9110, section 8.8.3).
func etag(version int) string { return `"` + strconv.Itoa(version) + `"` }

// tagged answers with a body and the version that it is of.
func tagged(body any, version int) kit.Response {
	return kit.OK(body).WithHeader("ETag", etag(version))
}

// matches holds that an edit is of the newest version: it must say by If-Match
// which one it is of, unless that is optional. Version 0 is of what is not stored yet,
// which no condition fits.
func matches(r *request, version int, optional bool) error {
	lines := r.Values("If-Match")
	switch {
	case len(lines) == 0 && optional:
		return nil
	case len(lines) == 0:
		return fault.New(fault.PreconditionRequired, fault.VersionRequired, "the header If-Match is required")
	case version > 0 && names(lines, etag(version)):
		return nil
	}
	return fault.New(fault.PreconditionFailed, fault.VersionMismatch, "it was changed since that version")
}

// unconditional refuses a condition on what has no version of its own: it would be
// ignored, and whoever sent it relies on it.
func unconditional(r *request) error {
	if lines := r.Values("If-Match"); len(lines) > 0 && !names(lines, "") {
		return fault.New(fault.PreconditionFailed, fault.VersionMismatch, "a list has no version")
	}
	return nil
}

// names reports whether the lines of an If-Match (RFC 9110, section 13.1.1), which are
// one list, name the tag: by itself, or as anything that exists. The comparison is the
// strong one, which no weak tag passes. A list that cannot be read names nothing, and
// neither does one that has more beside its star.
func names(lines []string, tag string) bool {
	list := strings.TrimSpace(strings.Join(lines, ","))
	if list == "*" {
		return true
	}
	found := false
	for list != "" {
		if rest, comma := strings.CutPrefix(list, ","); comma { // empty elements are allowed
			list = strings.TrimLeft(rest, " \t")
			continue
		}
		one, rest, ok := cutTag(list)
		if !ok {
			return false
		}
		found = found || one == tag
		list = strings.TrimLeft(rest, " \t")
		if list != "" && list[0] != ',' {
			return false
		}
	}
	return found
}

// cutTag cuts an entity tag off, with the mark of a weak one. A comma in it is part of
// it.
func cutTag(list string) (tag, rest string, ok bool) {
	opaque := strings.TrimPrefix(list, "W/")
	if !strings.HasPrefix(opaque, `"`) {
		return "", "", false
	}
	end := strings.IndexByte(opaque[1:], '"')
	if end < 0 {
		return "", "", false
	}
	n := len(list) - len(opaque) + end + 2
	return list[:n], list[n:], true
}
