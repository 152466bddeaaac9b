//go:build race

package bench_test

// raceDetector says that the test was built with -race.
const raceDetector = true
