package app

import "runtime/debug"

// Version is the tag or commit that was built; "(devel)" outside a checkout.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
