package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// redis is a Redis server that keeps nothing on disk: what it held is gone when it
// is killed, as when the machine that it runs on is lost.
type redis struct {
	binary   string
	dir      string
	port     int
	launcher *launcher
	cmd      *exec.Cmd
	ended    chan struct{}
}

// newRedis starts a server.
func newRedis(ctx context.Context, l *launcher, dir string) (*redis, error) {
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errors.New("no redis-server in PATH: install the package redis-server")
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	r := &redis{binary: binary, dir: dir, port: port, launcher: l}
	return r, r.start(ctx)
}

func (r *redis) url() string { return "redis://" + r.address() }

func (r *redis) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(r.port)) }

// start starts the server and waits until it accepts connections.
func (r *redis) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	log, err := os.OpenFile(filepath.Join(r.dir, "redis.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()                                                                                                       // the child has its own
	cmd := exec.Command(r.binary, "--port", strconv.Itoa(r.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", r.dir) //nolint:gosec // found in PATH
	cmd.Stdout, cmd.Stderr = log, log
	if err := r.launcher.start(cmd); err != nil {
		return fmt.Errorf("start Redis: %w", err)
	}
	ended := make(chan struct{})
	r.cmd, r.ended = cmd, ended
	go func() {
		_ = cmd.Wait() // it ends when told to
		close(ended)
	}()
	for {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", r.address())
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ended:
			return fmt.Errorf("redis-server ended: %s", tail(log.Name()))
		default:
		}
		if !wait(ctx, 50*time.Millisecond) {
			return fmt.Errorf("redis-server does not accept connections: %w", err)
		}
	}
}

// kill ends the server without a warning.
func (r *redis) kill() {
	_ = r.cmd.Process.Kill() // it may have ended
	<-r.ended
}
