//go:build unix

package service

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// The objects in deploy/kubernetes, with the fields that they use.
type (
	object struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   metadata
	}
	metadata struct {
		Name   string
		Labels map[string]string
	}
	selector struct {
		MatchLabels map[string]string `yaml:"matchLabels"`
	}
	deployment struct {
		object `yaml:",inline"`
		Spec   struct {
			Replicas int
			Strategy struct{ Type string }
			Selector selector
			Template struct {
				Metadata metadata
				Spec     pod
			}
		}
	}
	pod struct {
		TerminationGracePeriodSeconds int            `yaml:"terminationGracePeriodSeconds"`
		AutomountServiceAccountToken  bool           `yaml:"automountServiceAccountToken"`
		SecurityContext               map[string]any `yaml:"securityContext"`
		Containers                    []container
		Volumes                       []struct {
			Name                  string
			PersistentVolumeClaim struct {
				ClaimName string `yaml:"claimName"`
			} `yaml:"persistentVolumeClaim"`
		}
	}
	container struct {
		Name, Image string
		Args        []string
		Ports       []struct {
			Name          string
			ContainerPort int `yaml:"containerPort"`
		}
		StartupProbe    probe `yaml:"startupProbe"`
		ReadinessProbe  probe `yaml:"readinessProbe"`
		LivenessProbe   probe `yaml:"livenessProbe"`
		Resources       map[string]map[string]string
		SecurityContext map[string]any `yaml:"securityContext"`
		VolumeMounts    []struct {
			Name      string
			MountPath string `yaml:"mountPath"`
		} `yaml:"volumeMounts"`
	}
	probe struct {
		Exec             struct{ Command []string }
		PeriodSeconds    int `yaml:"periodSeconds"`
		TimeoutSeconds   int `yaml:"timeoutSeconds"`
		FailureThreshold int `yaml:"failureThreshold"`
	}
	service struct {
		object `yaml:",inline"`
		Spec   struct {
			Type                  string
			ExternalTrafficPolicy string `yaml:"externalTrafficPolicy"`
			Selector              map[string]string
			Ports                 []struct {
				Name       string
				Port       int
				TargetPort string `yaml:"targetPort"`
			}
		}
	}
	budget struct {
		object `yaml:",inline"`
		Spec   struct {
			MaxUnavailable             int    `yaml:"maxUnavailable"`
			UnhealthyPodEvictionPolicy string `yaml:"unhealthyPodEvictionPolicy"`
			Selector                   selector
		}
	}
	claim struct {
		object `yaml:",inline"`
		Spec   struct {
			AccessModes []string `yaml:"accessModes"`
			Resources   map[string]map[string]string
		}
	}
)

// TestKubernetes runs the container of the deployment, with other ports and folders, and each of its probes. The
// other objects name what the deployment has.
func TestKubernetes(t *testing.T) {
	t.Parallel()
	var d deployment
	var s service
	var b budget
	var c claim
	for file, v := range map[string]any{"deployment": &d, "service": &s, "poddisruptionbudget": &b, "volume": &c} {
		readYAML(t, "kubernetes/"+file+".yaml", v)
	}
	labels := d.Spec.Template.Metadata.Labels
	for kind, selected := range map[string]map[string]string{"deployment": d.Spec.Selector.MatchLabels, "service": s.Spec.Selector, "budget": b.Spec.Selector.MatchLabels} {
		if len(selected) == 0 || !maps.Equal(selected, labels) {
			t.Errorf("the %s selects %v, not %v", kind, selected, labels)
		}
	}
	run := d.Spec.Template.Spec.Containers[0]
	ports := make(map[string]int)
	for _, p := range run.Ports {
		ports[p.Name] = p.ContainerPort
	}
	for _, p := range s.Spec.Ports {
		if ports[p.TargetPort] == 0 {
			t.Errorf("the service names the port %s", p.TargetPort)
		}
	}
	volume := d.Spec.Template.Spec.Volumes[0]
	if volume.Name != run.VolumeMounts[0].Name || volume.PersistentVolumeClaim.ClaimName != c.Metadata.Name {
		t.Errorf("the volume is %+v", volume)
	}
	if !slices.Contains(run.Args, "--data="+run.VolumeMounts[0].MountPath) || ports["chat"] != 4000 || ports["web"] != 8080 {
		t.Errorf("the arguments %q do not fit the volume and the ports %v", run.Args, ports)
	}
	for _, arg := range run.Args {
		if value, ok := strings.CutPrefix(arg, "--drain="); ok {
			drain, err := time.ParseDuration(value)
			if grace := time.Duration(d.Spec.Template.Spec.TerminationGracePeriodSeconds) * time.Second; err != nil || grace < drain+10*time.Second {
				t.Errorf("the pod is killed after %v, %v", grace, err)
			}
		}
	}

	admin := harness.FreeAddr(t)
	places := strings.NewReplacer("127.0.0.1:9090", admin, "=:4000", "=127.0.0.1:0", "=:8080", "=127.0.0.1:0", "/var/lib/partyline", t.TempDir())
	replace := func(args []string) (replaced []string) {
		for _, arg := range args {
			replaced = append(replaced, places.Replace(arg))
		}
		return replaced
	}
	p := harness.StartPartyline(t, nil, replace(run.Args)...)
	harness.ExpectLine(t, p.Err, `.*"msg":"listening","admin":.*`)
	for name, probe := range map[string]probe{"healthz": run.StartupProbe, "readyz": run.ReadinessProbe, "healthz ": run.LivenessProbe} {
		command := replace(probe.Exec.Command)
		if command[0] != "/partyline" || !strings.HasSuffix(command[len(command)-1], "/"+strings.TrimSpace(name)) {
			t.Errorf("the probe runs %q", command)
		}
		if check := harness.StartPartyline(t, nil, command[1:]...); check.ExitCode(t, harness.Patience) != 0 {
			t.Errorf("%q fails: %s", command, check.Err)
		}
	}
	(&harness.Program{Process: p}).Stop(t)
}
