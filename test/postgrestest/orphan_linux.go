package postgrestest

import "syscall"

// dyingWithParent has the kernel end the process when this one is gone, also
// when it was killed and could not clean up.
func dyingWithParent(attr *syscall.SysProcAttr) *syscall.SysProcAttr {
	a := *attr
	a.Pdeathsig = syscall.SIGQUIT
	return &a
}
