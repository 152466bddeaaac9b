// Package api holds the OpenAPI 3.0 documents of the surfaces. The server shows
// them under /docs, and tests hold every answer against them.
package api

import "embed"

// Documents are the documents, one YAML file per surface.
//
//go:embed *.yaml
var Documents embed.FS
