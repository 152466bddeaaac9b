package storage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// heartbeat is how long a listening connection may be silent before it has to
	// prove that it still reaches the server, and heartbeatLimit how long the proof
	// may take: a connection that a firewall has forgotten never says so itself.
	heartbeat      = 5 * time.Second
	heartbeatLimit = 2 * time.Second
	// listenTimeout bounds the making of a listening connection.
	listenTimeout = 5 * time.Second
)

// ErrNoNotifications is an engine on which nobody has to be told: one process
// alone holds a SQLite file.
var ErrNoNotifications = errors.New("this database has no notifications")

// Listen holds a connection of its own that listens on a channel. It calls up
// once it does, and heard for each notification; both run on the caller's
// goroutine and must be quick. A connection that is silent is tried every five
// seconds. Listen returns when ctx ends or the connection is lost, and the caller
// may call it again: what was told meanwhile is not told again. On SQLite it is
// ErrNoNotifications.
func (d *DB) Listen(ctx context.Context, channel string, up, heard func()) error {
	b, ok := d.backend.(*postgresBackend)
	if !ok {
		return ErrNoNotifications
	}
	conn, err := b.listen(ctx, channel)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer closeListening(ctx, conn)
	up()
	for {
		told, err := await(ctx, conn)
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		if told {
			heard()
		}
	}
}

func (b *postgresBackend) listen(ctx context.Context, channel string) (*pgx.Conn, error) {
	dialing, cancel := context.WithTimeout(ctx, listenTimeout)
	defer cancel()
	config := b.reads.Config().ConnConfig
	config.RuntimeParams = maps.Clone(config.RuntimeParams)
	config.RuntimeParams["application_name"] = "vezne listener"
	conn, err := pgx.ConnectConfig(dialing, config)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if _, err := conn.Exec(dialing, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
		closeListening(ctx, conn)
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	return conn, nil
}

// await waits for one notification, and reports false if there was none while
// the connection is well.
func await(ctx context.Context, conn *pgx.Conn) (bool, error) {
	waiting, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	_, err := conn.WaitForNotification(waiting)
	if err == nil || ctx.Err() != nil || waiting.Err() == nil {
		return err == nil, err
	}
	proving, stop := context.WithTimeout(ctx, heartbeatLimit)
	defer stop()
	if err := conn.Ping(proving); err != nil {
		return false, fmt.Errorf("no heartbeat: %w", err)
	}
	return false, nil
}

// closeListening gives the connection up; one that is dead already needs no
// farewell.
func closeListening(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), heartbeatLimit)
	defer cancel()
	_ = conn.Close(ctx)
}
