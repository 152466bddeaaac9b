package webhook

import "time"

// pauses are the waits after each failed attempt but the last: an hour of growing
// ones for a receiver that restarts, then rarer ones, three days in all.
var pauses = [...]time.Duration{
	10 * time.Second, 50 * time.Second, 4 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 4 * time.Hour,
	8 * time.Hour, 8 * time.Hour, 8 * time.Hour, 8 * time.Hour, 8 * time.Hour, 8 * time.Hour, 8 * time.Hour, 8 * time.Hour,
}

// Attempts is how often a delivery is tried before it is given up.
const Attempts = len(pauses) + 1

// Pause returns how long a delivery waits after its failed attempt of the number
// given, counted from 1; false after the last one.
func Pause(attempt int) (time.Duration, bool) {
	if attempt < 1 || attempt >= Attempts {
		return 0, false
	}
	return pauses[attempt-1], true
}
