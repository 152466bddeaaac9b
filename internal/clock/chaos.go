//go:build chaosclock

package clock

import (
	"os"
	"strings"
	"sync"
	"time"
)

// chaosFile is the environment variable that names a file with a duration, such
// as "-90s": how far this process's clock is off. The file may be replaced while
// the process runs, and the clock steps. It exists in binaries of test/chaos only.
const chaosFile = "CHAOS_CLOCK"

// chaosLook is how long an offset is believed before the file is read again.
const chaosLook = 50 * time.Millisecond

var wrong = &struct {
	sync.Mutex
	read   time.Time
	offset time.Duration
}{}

// machine reads a clock that is off by what the file says.
func machine() time.Time {
	now := time.Now()
	wrong.Lock()
	defer wrong.Unlock()
	if now.Sub(wrong.read) > chaosLook {
		wrong.read = now
		if text, err := os.ReadFile(os.Getenv(chaosFile)); err == nil {
			if offset, err := time.ParseDuration(strings.TrimSpace(string(text))); err == nil {
				wrong.offset = offset
			}
		}
	}
	return now.Add(wrong.offset)
}
