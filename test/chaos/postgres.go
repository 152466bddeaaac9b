package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// database names the database and its user.
const database = "vezne"

// postgres is a PostgreSQL server with every commit on disk, listening on TCP so
// that a proxy can stand before it.
type postgres struct {
	bin      string
	dir      string
	port     int
	attr     *syscall.SysProcAttr
	launcher *launcher
	cmd      *exec.Cmd
	ended    chan struct{}
}

func newPostgres(ctx context.Context, l *launcher, dir string) (*postgres, error) {
	bin, err := postgresBinaries()
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	p := &postgres{bin: bin, dir: dir, port: port, launcher: l}
	if p.attr, err = unprivileged(dir); err != nil {
		return nil, err
	}
	init := p.command("initdb", "--pgdata", p.data(), "--username", database, "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C")
	if out, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	if err := p.start(ctx); err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, p.dsn("postgres", p.port))
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+database)
	return p, errors.Join(err, conn.Close(ctx))
}

// postgresBinaries returns where initdb, postgres and pg_ctl are.
func postgresBinaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_ctl") // the pattern is well-formed
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("pg_ctl")
	if err != nil {
		return "", errors.New("neither /usr/lib/postgresql/*/bin/pg_ctl nor pg_ctl in PATH: install the package postgresql")
	}
	return filepath.Dir(path), nil
}

// unprivileged returns the attributes of a process that is not root, which
// PostgreSQL refuses to be, and gives it the directory.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(dir, int(uid), int(gid))
	}
	return nil, errors.New("running as root and no user postgres or nobody to run PostgreSQL as")
}

func (p *postgres) data() string { return filepath.Join(p.dir, "data") }

// dsn returns the address of a database behind a port of this machine.
func (*postgres) dsn(name string, port int) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable&connect_timeout=5", database, port, name)
}

func (p *postgres) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(p.bin, name), args...)
	attr := *p.attr
	cmd.Dir, cmd.SysProcAttr = p.dir, &attr
	return cmd
}

// start starts the server and waits until it accepts connections.
func (p *postgres) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	log, err := os.OpenFile(filepath.Join(p.dir, "postgres.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the child has its own
	cmd := p.command("postgres", "-D", p.data(), "-p", strconv.Itoa(p.port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories="+p.dir, "-c", "max_connections=100", "-c", "log_min_messages=log")
	cmd.Stdout, cmd.Stderr = log, log
	if err := p.launcher.start(cmd); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	ended := make(chan struct{})
	p.cmd, p.ended = cmd, ended
	go func() {
		_ = cmd.Wait() // it ends when told to
		close(ended)
	}()
	for {
		conn, err := pgx.Connect(ctx, p.dsn("postgres", p.port))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ended:
			return fmt.Errorf("postgres ended: %s", tail(log.Name()))
		default:
		}
		if !wait(ctx, 50*1e6) {
			return fmt.Errorf("postgres does not accept connections: %w", err)
		}
	}
}

// stopImmediately ends the server as a crash does.
func (p *postgres) stopImmediately(ctx context.Context) error { return p.stop(ctx, "immediate") }

func (p *postgres) stop(ctx context.Context, mode string) error {
	if out, err := p.command("pg_ctl", "stop", "-D", p.data(), "-m", mode, "-w").CombinedOutput(); err != nil {
		return fmt.Errorf("pg_ctl stop: %w: %s", err, out)
	}
	select {
	case <-p.ended:
	case <-ctx.Done():
	}
	return nil
}
