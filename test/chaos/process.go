package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// readyLimit is how long a process may take to become ready on a busy machine,
// recovery included; stopLimit is above the 30 seconds promised for draining.
const (
	readyLimit = 60 * time.Second
	stopLimit  = 40 * time.Second
)

// launcher starts children from a thread that lives as long as this process: the
// kernel ends them when the thread that started them is gone, so that nothing
// outlives a harness that was killed.
type launcher struct{ work chan func() }

func newLauncher() *launcher {
	l := &launcher{work: make(chan func())}
	go func() {
		runtime.LockOSThread()
		for f := range l.work {
			f()
		}
	}()
	return l
}

func (l *launcher) start(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	done := make(chan error, 1)
	l.work <- func() { done <- cmd.Start() }
	return <-done
}

// process is a vezne process that is killed and started again.
type process struct {
	name     string
	url      string
	args     []string
	binary   string
	env      []string
	logPath  string
	launcher *launcher
	// died is told of an end that nobody asked for.
	died func(format string, args ...any)

	mu    sync.Mutex // held while the process is started or ended
	cmd   *exec.Cmd
	ended chan struct{}
	asked bool // its end was asked for
	ready bool
}

// startUntilReady starts the process, again if it gives up because something
// that it needs is not there yet, and waits until it wants work.
func (p *process) startUntilReady(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	for {
		if err := p.launch(); err != nil {
			return fmt.Errorf("start %s: %w", p.name, err)
		}
		if p.awaitReady(ctx) {
			return nil
		}
		if !wait(ctx, 200*time.Millisecond) {
			return fmt.Errorf("%s does not become ready: %s", p.name, tail(p.logPath))
		}
	}
}

func (p *process) launch() error {
	log, err := os.OpenFile(p.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the child has its own
	cmd := exec.Command(p.binary, p.args...)
	cmd.Stdout, cmd.Stderr, cmd.Env = log, log, p.env
	if err := p.launcher.start(cmd); err != nil {
		return err
	}
	ended := make(chan struct{})
	p.cmd, p.ended, p.asked, p.ready = cmd, ended, false, false
	go func() {
		_ = cmd.Wait() // its state tells
		close(ended)
	}()
	return nil
}

// awaitReady reports false when the process has ended instead.
func (p *process) awaitReady(ctx context.Context) bool {
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/readyz", http.NoBody)
		if err != nil {
			return false
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close() // the status says it
			if response.StatusCode == http.StatusOK {
				p.ready = true
				return true
			}
		}
		select {
		case <-p.ended:
			return false
		case <-ctx.Done():
			p.end(syscall.SIGKILL)
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// kill ends the process without a warning.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end(syscall.SIGKILL)
}

// stop drains the process and returns its exit code.
func (p *process) stop() (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0, nil
	}
	p.reportDeath()
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-time.After(stopLimit):
		p.end(syscall.SIGKILL)
		return -1, errors.New(p.name + " outlasts its drain")
	}
}

func (p *process) end(s syscall.Signal) {
	if p.cmd == nil {
		return
	}
	p.reportDeath()
	_ = p.cmd.Process.Signal(s) // it may have ended by itself
	<-p.ended
}

// reportDeath tells of a process that was ready and has ended by itself.
func (p *process) reportDeath() {
	select {
	case <-p.ended:
		if p.ready && !p.asked {
			p.died("%s ended by itself, exit code %d: %s", p.name, p.cmd.ProcessState.ExitCode(), tail(p.logPath))
		}
	default:
	}
	p.asked = true
}

// alive makes sure that the process runs.
func (p *process) alive(ctx context.Context) error {
	p.mu.Lock()
	running := p.cmd != nil
	if running {
		select {
		case <-p.ended:
			p.reportDeath()
			running = false
		default:
		}
	}
	p.mu.Unlock()
	if running {
		return nil
	}
	return p.startUntilReady(ctx)
}

// tail returns the end of a log.
func tail(path string) string {
	const most = 2000
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Sprintf("(%v)", err)
	}
	return string(text[max(0, len(text)-most):])
}
