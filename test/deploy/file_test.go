package deploy_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var rendered = flag.String("rendered", "", "output files of helm template, separated by commas; test/check-deploy gives them")

func TestDockerfile(t *testing.T) {
	t.Parallel()
	text := read(t, "Dockerfile")
	stages := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(text, -1)
	if len(stages) != 2 || stages[1][1] != "scratch" {
		t.Fatalf("stages %v, want one that builds and scratch", stages)
	}
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(read(t, "go.mod"))[1]
	if want := "golang:" + version + "-"; !strings.HasPrefix(stages[0][1], want) {
		t.Errorf("built with %s, go.mod wants %s", stages[0][1], version)
	}
	for _, line := range []string{"USER 65532:65532", `ENTRYPOINT ["/vezne"]`, `CMD ["serve"]`, "STOPSIGNAL SIGTERM"} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
}

type composeFile struct {
	Services map[string]struct {
		Command     []string
		User        string
		ReadOnly    bool     `yaml:"read_only"`
		CapDrop     []string `yaml:"cap_drop"`
		SecurityOpt []string `yaml:"security_opt"`
		Environment map[string]string
		Secrets     []string
		Ports       []string
		Healthcheck struct{ Test []string }
		StopGrace   string `yaml:"stop_grace_period"`
	}
	Secrets map[string]struct{ File string }
}

func TestCompose(t *testing.T) {
	t.Parallel()
	f := parse[composeFile](t, "deploy/compose.yaml")
	for name, s := range f.Services {
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) ||
			!slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s may write to its root or gain rights", name)
		}
		if s.User == "" || strings.HasPrefix(s.User, "0") || s.User == "root" {
			t.Errorf("%s runs as %q", name, s.User)
		}
		if name != "migrate" && len(s.Healthcheck.Test) == 0 {
			t.Errorf("%s has no health check", name)
		}
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s is open to the outside at %s", name, p)
			}
		}
		for _, secret := range s.Secrets {
			if f.Secrets[secret].File == "" {
				t.Errorf("%s wants the secret %s, which is no file", name, secret)
			}
		}
		for variable, value := range s.Environment {
			if strings.Contains(value, "://") || (strings.Contains(variable, "PASSWORD") && !strings.HasSuffix(variable, "_FILE")) {
				t.Errorf("%s has a secret in %s", name, variable)
			}
		}
	}
	if len(f.Services) != 4 || f.Services["vezne"].StopGrace != "40s" {
		t.Errorf("%d services, the node is given %s to drain", len(f.Services), f.Services["vezne"].StopGrace)
	}
}

func TestUnit(t *testing.T) {
	t.Parallel()
	text := read(t, "deploy/systemd/vezne.service")
	for _, line := range []string{"User=vezne", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "TimeoutStopSec=40", "LimitCORE=0"} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
}

type object struct {
	Kind     string
	Metadata struct {
		Name        string
		Annotations map[string]string
	}
	Data map[string]string
	Spec yaml.Node
}

type podSpec struct {
	ServiceToken    *bool `yaml:"automountServiceAccountToken"`
	Grace           int   `yaml:"terminationGracePeriodSeconds"`
	SecurityContext struct {
		RunAsNonRoot bool `yaml:"runAsNonRoot"`
		RunAsUser    int  `yaml:"runAsUser"`
	} `yaml:"securityContext"`
	Containers []struct {
		Args            []string
		SecurityContext struct {
			ReadOnly   bool  `yaml:"readOnlyRootFilesystem"`
			Escalation *bool `yaml:"allowPrivilegeEscalation"`
		} `yaml:"securityContext"`
		Liveness struct {
			HTTPGet struct{ Path string } `yaml:"httpGet"`
		} `yaml:"livenessProbe"`
		Readiness struct {
			HTTPGet struct{ Path string } `yaml:"httpGet"`
		} `yaml:"readinessProbe"`
	}
}

// TestRenderedChart looks at what helm made of the chart. Without -rendered there
// is nothing to look at but the chart's names, which TestEverySettingNamed does.
func TestRenderedChart(t *testing.T) {
	t.Parallel()
	for path := range strings.SplitSeq(*rendered, ",") {
		if path != "" {
			t.Run(path[strings.LastIndex(path, "/")+1:], func(t *testing.T) {
				t.Parallel()
				checkRendered(t, path)
			})
		}
	}
}

func checkRendered(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path) //nolint:gosec // the script names it
	if err != nil {
		t.Fatal(err)
	}
	kinds, decoder := map[string]int{}, yaml.NewDecoder(bytes.NewReader(text))
	for {
		var o object
		if err := decoder.Decode(&o); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		kinds[o.Kind]++
		checkPods(t, o)
	}
	for _, kind := range []string{"Deployment", "Service", "ConfigMap", "Job", "CronJob", "PodDisruptionBudget", "NetworkPolicy"} {
		if kinds[kind] != 1 {
			t.Errorf("%d of kind %s", kinds[kind], kind)
		}
	}
}

// checkPods holds the pods of an object against what every pod must be.
func checkPods(t *testing.T, o object) {
	t.Helper()
	var holder struct {
		Template    struct{ Spec podSpec }
		JobTemplate struct {
			Spec struct{ Template struct{ Spec podSpec } }
		} `yaml:"jobTemplate"`
	}
	if !slices.Contains([]string{"Deployment", "Job", "CronJob"}, o.Kind) {
		return
	}
	if err := o.Spec.Decode(&holder); err != nil {
		t.Fatal(err)
	}
	pod := holder.Template.Spec
	if o.Kind == "CronJob" {
		pod = holder.JobTemplate.Spec.Template.Spec
	}
	if !pod.SecurityContext.RunAsNonRoot || pod.SecurityContext.RunAsUser == 0 || pod.ServiceToken == nil ||
		*pod.ServiceToken {
		t.Errorf("%s runs as root or has a token of the cluster", o.Metadata.Name)
	}
	if len(pod.Containers) != 1 {
		t.Fatalf("%s has %d containers", o.Metadata.Name, len(pod.Containers))
	}
	c := pod.Containers[0]
	if !c.SecurityContext.ReadOnly || c.SecurityContext.Escalation == nil || *c.SecurityContext.Escalation {
		t.Errorf("%s may write to its root or gain rights", o.Metadata.Name)
	}
	if o.Kind == "Deployment" && (pod.Grace <= 30 || c.Liveness.HTTPGet.Path != "/healthz" || c.Readiness.HTTPGet.Path != "/readyz") {
		t.Errorf("%s has %d s to drain and is asked at %+v, %+v", o.Metadata.Name, pod.Grace, c.Liveness, c.Readiness)
	}
	if o.Kind == "Job" && !strings.Contains(o.Metadata.Annotations["helm.sh/hook"], "pre-upgrade") {
		t.Errorf("%s does not run before an upgrade", o.Metadata.Name)
	}
}
