package vault

import "io/fs"

// Exposed reports whether others than its owner may touch a file that holds a
// secret. If root owns it and the process is not root's, its group may read it:
// that is how Kubernetes lends a secret, and no process without rights could read
// such a file otherwise. PostgreSQL has the same rule for ssl_key_file.
func Exposed(info fs.FileInfo) bool { return exposed(info.Mode().Perm(), lent(info)) }

func exposed(perm fs.FileMode, lent bool) bool {
	if lent {
		return perm&0o037 != 0
	}
	return perm&0o077 != 0
}
