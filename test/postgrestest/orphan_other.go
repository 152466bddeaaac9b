//go:build !linux

package postgrestest

import "syscall"

// dyingWithParent cannot be had here: a killed test leaves its server behind.
func dyingWithParent(attr *syscall.SysProcAttr) *syscall.SysProcAttr { return attr }
