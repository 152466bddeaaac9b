package storetest

import "net/url"

// FindTemplate returns the template of a server as another package's tests find it.
func FindTemplate(admin *url.URL) (string, error) { return (&server{admin: admin}).findTemplate() }
