package wire_test

import (
	"io"
	"log"
)

// quiet is the log of a server that is meant to complain.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
