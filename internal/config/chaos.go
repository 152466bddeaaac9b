//go:build chaosclock

package config

import (
	"os"
	"strings"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/clock"
)

// chaosFile is the environment variable that names a file with a duration, such
// as "-90s": how far this process's clock is off. The file may be replaced while
// the process runs, and the clock steps. It exists in binaries of test/chaos only.
const chaosFile = "CHAOS_CLOCK"

var follow = sync.OnceFunc(func() {
	path := os.Getenv(chaosFile)
	if path == "" {
		return
	}
	readClock(path)
	go func() { // as long as the process
		for range time.Tick(20 * time.Millisecond) {
			readClock(path)
		}
	}()
})

// followClock sets the clock wrong, now and whenever the file changes.
func followClock() { follow() }

func readClock(path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		return
	}
	if d, err := time.ParseDuration(strings.TrimSpace(string(text))); err == nil {
		clock.SetWrong(d)
	}
}
