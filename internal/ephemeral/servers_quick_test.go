//go:build quick

package ephemeral_test

import "testing"

// eachRedis runs nothing: a quick run has no server.
func eachRedis(*testing.T, func(t *testing.T, address string)) {}
