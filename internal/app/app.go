// Package app plugs the house together: it opens storage and banks, builds the
// domain on them and the doors on that, and runs all of it until told to stop.
package app
