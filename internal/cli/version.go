package cli

import (
	"fmt"
	"runtime"

	"github.com/vezne/vezne/internal/app"
)

type versionCommand struct{}

// Run prints the version that the build stamped into the binary.
func (versionCommand) Run(w World) error {
	fmt.Fprintf(w.Stdout, "vezne %s %s %s/%s\n", app.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}
