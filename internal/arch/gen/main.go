// Command gen writes what docs/architecture.md and .golangci.yml have from the import
// table. It is run by go generate in the folder of package arch.
package main

import (
	"fmt"
	"os"

	"github.com/vezne/vezne/internal/arch"
)

// root is relative to internal/arch, where go generate starts the command.
const root = "../../"

func main() {
	for name, render := range map[string]func([]byte) ([]byte, error){
		"docs/architecture.md": arch.Page, ".golangci.yml": arch.Lint,
	} {
		if err := rewrite(root+name, render); err != nil {
			fmt.Fprintln(os.Stderr, "gen:", err)
			os.Exit(1)
		}
	}
}

func rewrite(name string, render func([]byte) ([]byte, error)) error {
	old, err := os.ReadFile(name) //nolint:gosec // the names are constants of package arch
	if err != nil {
		return err
	}
	text, err := render(old)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(name, text, 0o644) //nolint:gosec // both are public
}
