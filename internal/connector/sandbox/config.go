package sandbox

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/secret"
)

const (
	// DefaultKey is the MAC key of the demo. It is public: whoever starts a real
	// gateway must not find it in use.
	DefaultKey = "sandbox-demo-mac-key"
	// DefaultTerminal is the terminal of a POS that names none.
	DefaultTerminal = "VZ000001"
)

// Registration is the sandbox bank's entry in the list of connectors.
var Registration = connector.Registration{
	Name:  "sandbox",
	Title: "Sandbox bank",
	Settings: []connector.Setting{
		{Name: "url", Title: "Address of the bank; the built-in simulator if empty"},
		{Name: "terminal", Title: "Terminal number", Default: DefaultTerminal},
		{Name: "key", Title: "MAC key", Secret: true, Default: DefaultKey},
		{Name: "model", Title: "3-D Secure model: 3d, or 3d_pay if the bank books by itself", Default: model3D},
		{Name: "card_again", Title: "Whether the bank wants the card once more after 3-D Secure: no, or yes (model 3d only)", Default: "no"},
	},
	Connector: (*bank)(nil),
	Open:      open,
	Simulator: newSimulator,
}

// errTestOnly keeps money of a real shop from a bank that does not exist.
var errTestOnly = errors.New("the sandbox bank is a simulator and needs test mode")

func open(settings map[string]string, env connector.Environment) (connector.Connector, error) {
	if !env.TestMode {
		return nil, fmt.Errorf("open sandbox: url: %w", errTestOnly)
	}
	address, err := bankAddress(settings["url"], env.SimulatorURL)
	if err != nil {
		return nil, fmt.Errorf("open sandbox: url: %w", err)
	}
	terminal := orDefault(settings["terminal"], DefaultTerminal)
	if !validName(terminal) {
		return nil, errors.New("open sandbox: terminal: want 1 to 64 letters, digits, dots, dashes or underscores")
	}
	model := orDefault(settings["model"], model3D)
	if model != model3D && model != model3DPay {
		return nil, errors.New("open sandbox: model: want 3d or 3d_pay")
	}
	again := orDefault(settings["card_again"], "no")
	if again != "no" && (again != "yes" || model != model3D) {
		return nil, errors.New("open sandbox: card_again: want no, or yes with the model 3d")
	}
	if env.HTTP == nil || env.Clock == nil {
		return nil, errors.New("open sandbox: no HTTP client or clock")
	}
	return &bank{
		http:      env.HTTP,
		clock:     env.Clock,
		address:   address,
		terminal:  terminal,
		model:     model,
		cardAgain: again == "yes",
		macs:      newAuthenticator(secret.FromString(orDefault(settings["key"], DefaultKey))),
	}, nil
}

func bankAddress(setting, simulators string) (string, error) {
	if setting == "" {
		if simulators == "" {
			return "", errors.New("missing, and no simulator runs")
		}
		setting = strings.TrimSuffix(simulators, "/") + "/sandbox"
	}
	u, err := url.Parse(setting)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("want http or https, a host and a path")
	}
	return strings.TrimSuffix(u.String(), "/"), nil
}

func orDefault(s, d string) string {
	if s == "" {
		return d
	}
	return s
}

// validName says which terminals and references the bank takes.
func validName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return s != "" && len(s) <= 64
}
