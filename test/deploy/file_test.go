package deploy_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/vezne/vezne/internal/httpapi/admin"
	"github.com/vezne/vezne/internal/httpapi/kit"
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
		Image       string
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
		if !strings.HasPrefix(s.Image, "${IMAGE:-vezne:") && !askedFor.MatchString(s.Image) {
			t.Errorf("%s runs %s: neither ours nor by a digest that must be set", name, s.Image)
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

// askedFor is an image of which compose wants to be told the digest.
var askedFor = regexp.MustCompile(`^[a-z]+:[^@]+@\$\{[A-Z]+_DIGEST:\?`)

// pinned is an image by its digest.
var pinned = regexp.MustCompile(`^[^@:]+@sha256:[0-9a-f]{64}$`)

// checkNightly holds that each night proves the books and the audit log, for which
// the keyset is there.
func checkNightly(t *testing.T, pod podSpec) {
	t.Helper()
	var proofs []string
	for _, c := range pod.Containers {
		proofs = append(proofs, strings.Join(c.Args[:min(2, len(c.Args))], " "))
	}
	if !slices.Equal(proofs, []string{"ledger verify", "audit verify"}) {
		t.Errorf("each night runs %q", proofs)
	}
	if !slices.ContainsFunc(pod.Volumes, func(v struct{ Name string }) bool { return v.Name == "keyset" }) {
		t.Error("the audit log is proven without a keyset")
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
	Volumes    []struct{ Name string }
	Containers []struct {
		Image           string
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

// TestChartPinsItsImage holds what TestRenderedChart cannot without helm: there is no
// digest until one is set, and no tag beside it.
func TestChartPinsItsImage(t *testing.T) {
	t.Parallel()
	values := parse[struct{ Image map[string]string }](t, "deploy/helm/vezne/values.yaml")
	if digest, named := values.Image["digest"]; !named || digest != "" || values.Image["tag"] != "" {
		t.Errorf("the image is %v", values.Image)
	}
	helpers := read(t, "deploy/helm/vezne/templates/_helpers.tpl")
	for _, words := range []string{"required \"image.digest is not set", "fail \"image.digest is not", "^sha256:[0-9a-f]{64}$"} {
		if !strings.Contains(helpers, words) {
			t.Errorf("nothing in the chart says %s", words)
		}
	}
}

// TestProxyLetsABINTableThrough holds the example of a proxy to the limits of the
// server's routes.
func TestProxyLetsABINTableThrough(t *testing.T) {
	t.Parallel()
	text := read(t, "docs/operations.md")
	if !strings.Contains(text, "client_max_body_size "+strconv.Itoa(kit.MaxBody>>10)+"k;\n\n") {
		t.Error("the example has another limit for all routes than the server")
	}
	table := regexp.MustCompile(`location = /admin/v1/bins/import \{\s+client_max_body_size (\d+)m;`).FindStringSubmatch(text)
	if table == nil || table[1] != strconv.Itoa(admin.MaxCSV>>20) {
		t.Errorf("the example lets %v through, the server takes %d MiB", table, admin.MaxCSV>>20)
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
	want := 1
	if o.Kind == "CronJob" {
		want = 2 // the books and the audit log
	}
	if len(pod.Containers) != want {
		t.Fatalf("%s has %d containers", o.Metadata.Name, len(pod.Containers))
	}
	for _, c := range pod.Containers {
		if !c.SecurityContext.ReadOnly || c.SecurityContext.Escalation == nil || *c.SecurityContext.Escalation {
			t.Errorf("%s may write to its root or gain rights", o.Metadata.Name)
		}
		if !pinned.MatchString(c.Image) {
			t.Errorf("%s runs %s, which is not an image by its digest", o.Metadata.Name, c.Image)
		}
	}
	if o.Kind == "CronJob" {
		checkNightly(t, pod)
	}
	c := pod.Containers[0]
	if o.Kind == "Deployment" && (pod.Grace <= 30 || c.Liveness.HTTPGet.Path != "/healthz" || c.Readiness.HTTPGet.Path != "/readyz") {
		t.Errorf("%s has %d s to drain and is asked at %+v, %+v", o.Metadata.Name, pod.Grace, c.Liveness, c.Readiness)
	}
	if o.Kind == "Job" && !strings.Contains(o.Metadata.Annotations["helm.sh/hook"], "pre-upgrade") {
		t.Errorf("%s does not run before an upgrade", o.Metadata.Name)
	}
}
