package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/migration"
	"github.com/vezne/vezne/test/postgrestest"
)

// server is a PostgreSQL server for tests.
type server struct {
	admin *url.URL // DSN of a superuser

	template func() (string, error) // name of a migrated database, made once
}

// The servers of this test binary, each started by the first test that needs it.
var (
	fastServer    = sync.OnceValues(func() (*server, error) { return openServer(postgrestest.Fast) })
	durableServer = sync.OnceValues(func() (*server, error) { return openServer(postgrestest.Durable) })
	running       = &struct {
		sync.Mutex
		servers []*postgrestest.Server
	}{}
)

func serverOf(t testing.TB, d postgrestest.Durability) *server {
	t.Helper()
	open := fastServer
	if d == postgrestest.Durable {
		open = durableServer
	}
	s, err := open()
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	return s
}

// stopServers stops what this process started.
func stopServers() error {
	running.Lock()
	defer running.Unlock()
	var errs []error
	for _, s := range running.servers {
		errs = append(errs, s.Stop())
	}
	running.servers = nil
	return errors.Join(errs...)
}

// openServer returns the server that all packages of a run share, or starts one
// for this package.
func openServer(d postgrestest.Durability) (*server, error) {
	s := &server{}
	s.template = sync.OnceValues(s.findTemplate)
	shared, err := sharedServer(d)
	if err != nil {
		return nil, err
	}
	if shared != nil {
		s.admin = shared
		return s, nil
	}
	started, err := postgrestest.Start(d)
	if err != nil {
		return nil, err
	}
	running.Lock()
	running.servers = append(running.servers, started)
	running.Unlock()
	s.admin = started.Admin()
	return s, nil
}

// sharedServer returns the server that the environment names, nil without one. A
// server that runs without fsync is none for what must be durable. Which server it
// is makes no difference to a test, so it is read past os.Getenv, with which `go
// test` would know no result of an earlier run.
func sharedServer(d postgrestest.Durability) (*url.URL, error) {
	dsn, _ := syscall.Getenv(postgrestest.DSNVariable)
	if dsn == "" {
		return nil, nil
	}
	admin, err := url.Parse(dsn)
	if err != nil {
		return nil, fmt.Errorf("%s is no URL", postgrestest.DSNVariable)
	}
	if d == postgrestest.Fast {
		return admin, nil
	}
	var fsync string
	err = (&server{admin: admin}).do(context.Background(), func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, "SHOW fsync").Scan(&fsync)
	})
	if err != nil || fsync != "on" {
		return nil, err
	}
	return admin, nil
}

// findTemplate returns a migrated database that others are copied from. All
// packages that share a server share it: the first that asks makes it, under a
// name that it gets when it is complete.
func (s *server) findTemplate() (name string, err error) {
	if name, err = templateName(); err != nil {
		return "", err
	}
	return name, s.do(context.Background(), func(ctx context.Context, conn *pgx.Conn) error {
		// The lock ends with the connection.
		if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtext($1))", name); err != nil {
			return err
		}
		var there bool
		if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
			return err
		}
		incomplete, err := s.create(ctx, "")
		if err != nil {
			return err
		}
		if err := storage.Migrate(ctx, s.dsn(incomplete)); err != nil {
			return err
		}
		_, err = conn.Exec(ctx, "ALTER DATABASE "+incomplete+" RENAME TO "+name)
		return err
	})
}

// templateName is made of the migrations, so that a server which outlives them has
// another template for others.
func templateName() (string, error) {
	steps, sum := migration.PostgreSQL(), sha256.New()
	names, err := fs.Glob(steps, "*.sql")
	if err != nil {
		return "", err
	}
	for _, name := range names {
		text, err := fs.ReadFile(steps, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(text), text)
	}
	return "vezne_template_" + hex.EncodeToString(sum.Sum(nil)[:16]), nil
}

func (s *server) database(t testing.TB, migrated bool) string {
	t.Helper()
	template := ""
	if migrated {
		var err error
		if template, err = s.template(); err != nil {
			t.Fatalf("migrate PostgreSQL: %v", err)
		}
	}
	name, err := s.create(t.Context(), template)
	if err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		if err := s.exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	return s.dsn(name)
}

func (s *server) dsn(database string) string {
	u := *s.admin
	u.Path = "/" + database
	return u.String()
}

func (s *server) create(ctx context.Context, template string) (string, error) {
	name := "vezne_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	sql := "CREATE DATABASE " + name
	if template != "" {
		sql += " TEMPLATE " + template
	}
	return name, s.exec(ctx, sql)
}

func (s *server) exec(ctx context.Context, sql string) error {
	return s.do(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, sql)
		return err
	})
}

// do connects to the server's own database.
func (s *server) do(ctx context.Context, work func(context.Context, *pgx.Conn) error) (err error) {
	conn, err := pgx.Connect(ctx, s.admin.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.Background())) }()
	return work(ctx, conn)
}
