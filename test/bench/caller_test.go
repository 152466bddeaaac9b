package bench_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// caller pays over one connection that it keeps. It is not net/http's client,
// whose work would be measured as if it were the server's.
type caller struct {
	conn    net.Conn
	reader  *bufio.Reader
	request []byte
}

// answerLimit ends a benchmark whose server hangs.
const answerLimit = 60 * time.Second

func dial(url string) (*caller, error) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		return nil, err
	}
	return &caller{conn: conn, reader: bufio.NewReader(conn)}, nil
}

// orders numbers the orders of the whole run.
type orders struct{ last atomic.Int64 }

const (
	bodyStart = `{"orderId":"bench-`
	bodyEnd   = `","amount":100.50,"currency":"TRY","cardHolderName":"John Doe","pan":"5421190122090656",` +
		`"expiryMonth":"04","expiryYear":"28","cvv":"916","requestIp":"192.168.1.1","requestPort":8080}`
	head = "POST /api/payment HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n" +
		"X-API-KEY: api-key\r\nX-API-SECRET: secret-key\r\nContent-Length: "
)

// pay makes one payment and fails unless it is approved.
func (c *caller) pay(o *orders) error {
	number := strconv.FormatInt(o.last.Add(1), 10)
	c.request = append(c.request[:0], head...)
	c.request = strconv.AppendInt(c.request, int64(len(bodyStart)+len(number)+len(bodyEnd)), 10)
	c.request = append(append(append(append(c.request, "\r\n\r\n"...), bodyStart...), number...), bodyEnd...)
	status, body, err := c.send(c.request)
	if err != nil {
		return err
	}
	if status != "200" || !bytes.Contains(body, []byte(`"status":"SUCCESS"`)) {
		return fmt.Errorf("payment was answered %s %s", status, body)
	}
	return nil
}

// optionsRequest asks what installments are on offer for a card of the demo.
const optionsRequest = "POST /api/installment-options HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n" +
	"X-API-KEY: api-key\r\nX-API-SECRET: secret-key\r\nContent-Length: 50\r\n\r\n" +
	`{"amount":1000.00,"currency":"TRY","pan":"542119"}`

// options asks for installment options and fails unless there are several.
func (c *caller) options() error {
	status, body, err := c.send([]byte(optionsRequest))
	if err != nil {
		return err
	}
	if status != "200" || bytes.Count(body, []byte(`"installmentCount"`)) < 2 {
		return fmt.Errorf("options were answered %s %s", status, body)
	}
	return nil
}

// get asks for a path with the headers and returns the body of a 200.
func (c *caller) get(path, headers string) ([]byte, error) {
	status, body, err := c.send([]byte("GET " + path + " HTTP/1.1\r\nHost: bench\r\n" + headers + "\r\n"))
	if err == nil && status != "200" {
		err = fmt.Errorf("GET %s was answered %s %s", path, status, body)
	}
	return body, err
}

// send sends a request and reads its answer.
func (c *caller) send(request []byte) (status string, body []byte, err error) {
	if err := c.conn.SetDeadline(time.Now().Add(answerLimit)); err != nil {
		return "", nil, err
	}
	if _, err := c.conn.Write(request); err != nil {
		return "", nil, err
	}
	return c.answer()
}

// answer reads an HTTP/1.1 answer with a Content-Length.
func (c *caller) answer() (status string, body []byte, err error) {
	length := -1
	for first := true; ; first = false {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return "", nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if first && len(line) >= 12 {
			status = string(line[9:12])
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return "", nil, err
			}
		}
	}
	if length < 0 {
		return "", nil, errors.New("answer without a length")
	}
	body = make([]byte, length)
	_, err = io.ReadFull(c.reader, body)
	return status, body, err
}

func (c *caller) close() { _ = c.conn.Close() } // the answers were read
