package chaos

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// Build compiles the vezne binary with the build tags into a directory.
func Build(dir string, tags ...string) (string, error) {
	path := filepath.Join(dir, "vezne")
	cmd := exec.Command("go", "build", "-tags", strings.Join(append(tags, "chaosclock"), ","), "-o", path, "github.com/vezne/vezne/cmd/vezne")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build vezne: %w: %s", err, out)
	}
	return path, nil
}

// Fixtures writes the demo's data into a directory, with banks that are given up
// after three seconds, two of them in the model "3D pay" and two that want the card
// again after 3-D Secure, and checkouts that live for twenty minutes: unknown
// outcomes are what this is about, and a run should have many of them.
func Fixtures(dir, demo string) (string, error) {
	text, err := os.ReadFile(demo)
	if err != nil {
		return "", fmt.Errorf("read the demo's data: %w", err)
	}
	// Whatever the demo says of time-outs is taken out first.
	quick := timeoutForm.ReplaceAllString(string(text), "")
	const connector = "        connector: sandbox\n"
	if !strings.Contains(quick, connector) {
		return "", errors.New("the demo's data has another form than expected")
	}
	for terminal, more := range map[string]string{
		"YAPIKREDI": "model: 3d_pay", "INTERNATIONAL": "model: 3d_pay", "AKBANK": `card_again: "yes"`, "GARANTI": `card_again: "yes"`,
	} {
		settings := "settings: {terminal: " + terminal
		if !strings.Contains(quick, settings+"}\n") {
			return "", errors.New("the demo's data has no terminal " + terminal)
		}
		quick = strings.Replace(quick, settings+"}\n", settings+", "+more+"}\n", 1)
	}
	const merchant = "    name: Demo Market\n"
	if !strings.Contains(quick, merchant) {
		return "", errors.New("the demo's data has another merchant than expected")
	}
	quick = strings.Replace(quick, merchant, merchant+"    checkout: {life: 20m}\n", 1)
	path := filepath.Join(dir, "fixtures.yaml")
	return path, os.WriteFile(path, []byte(strings.ReplaceAll(quick, connector, connector+"        timeout: 3s\n")), 0o600)
}

var timeoutForm = regexp.MustCompile(`(?m)^        timeout:.*\n`)
