package pos

import "time"

const (
	// DefaultTimeout bounds one request to a bank whose POS sets no limit of its
	// own: banks answer within three seconds as a rule, and two banks and their
	// inquiries must fit the 60 seconds in which a caller has an answer.
	DefaultTimeout = 10 * time.Second
	// DefaultCaptureWindow is how long banks commonly keep a pre-authorization.
	DefaultCaptureWindow = 15 * 24 * time.Hour
)

// RequestLimit returns the time that one request to the bank may take.
func (p POS) RequestLimit() time.Duration {
	if p.Timeout > 0 {
		return p.Timeout
	}
	return DefaultTimeout
}

// CaptureLimit returns how long after it a pre-authorization may be captured.
func (p POS) CaptureLimit() time.Duration {
	if p.CaptureWindow > 0 {
		return p.CaptureWindow
	}
	return DefaultCaptureWindow
}
