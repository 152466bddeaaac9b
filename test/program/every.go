//go:build !quick

package program

const quick = false
