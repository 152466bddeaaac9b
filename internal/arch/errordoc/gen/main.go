// Command gen writes docs/errors.md. It is run by go generate in the folder of
// package fault.
package main

import (
	"fmt"
	"os"

	"github.com/vezne/vezne/internal/arch/errordoc"
)

// target is relative to internal/fault, where go generate starts the command.
const target = "../../docs/errors.md"

func main() {
	if err := os.WriteFile(target, errordoc.Render(), 0o644); err != nil { //nolint:gosec // documentation is public
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}
