package extract_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/sinks"
)

// numbered is a sink of a former version, which had one policy for all kinds.
type numbered struct {
	sinks.Sink
	policy int
}

func (n numbered) Begin(ctx context.Context, start record.Start) (record.Begun, error) {
	start.Policy, start.Policies = n.policy, nil
	return n.Sink.Begin(ctx, start)
}

func (n numbered) Commit(ctx context.Context, batch record.Batch) error {
	for i := range batch {
		batch[i].Policy = n.policy
	}
	return n.Sink.Commit(ctx, batch)
}

// policyRig counts the calls that bring looks, which are fetched only where a stamp
// tells that they changed.
func policyRig(t *testing.T) (r *rig, looks *atomic.Int64) {
	looks = new(atomic.Int64)
	r = newRig(t, lookersim.Options{Seed: 6, Observe: func(c lookersim.Call) {
		if strings.HasSuffix(c.Route, "/looks") || strings.HasPrefix(c.Route, "GET /looks/{") {
			looks.Add(1)
		}
	}})
	return r, looks
}

// unchanged fails for every kind of a run with changes that nobody made.
func unchanged(t *testing.T, result extract.Result, but ...record.Kind) {
	t.Helper()
	for _, k := range result.Run.Kinds {
		if expected := len(but) > 0 && k.Kind == but[0]; !expected && k.New+k.Changed+k.Gone > 0 {
			t.Errorf("%s: %d new, %d changed, %d gone, and nobody changed anything", k.Kind, k.New, k.Changed, k.Gone)
		}
	}
}

// TestAVaultOfFormerPoliciesHasNoChanges: a former version numbered the rules of all
// kinds together. What it stored is read again once, and nothing of it has changed.
func TestAVaultOfFormerPoliciesHasNoChanges(t *testing.T) {
	t.Parallel()
	sum := sha256.Sum256(fmt.Appendf(nil, "%d redact %q", 2, []string{}))
	for name, policy := range map[string]int{
		"redacting":     int(binary.BigEndian.Uint32(sum[:]) >> 1),
		"not redacting": 2,
	} {
		t.Run(name, func(t *testing.T) {
			r, looks := policyRig(t)
			r.config.Stages.Redact.Enabled = name == "redacting"
			r.wrap = func(s sinks.Sink) sinks.Sink { return numbered{s, policy} }
			r.run(record.RunComplete, start(defaults()...))
			looks.Store(0)
			unchanged(t, r.run(record.RunComplete, start(defaults()...)))
			usual := looks.Load()
			r.wrap = nil
			looks.Store(0)
			unchanged(t, r.run(record.RunComplete, start(defaults()...)))
			if looks.Load() <= usual {
				t.Errorf("%d calls for looks: the stamps of former rules were trusted", looks.Load())
			}
			looks.Store(0)
			unchanged(t, r.run(record.RunComplete, start(defaults()...)))
			if looks.Load() != usual {
				t.Errorf("%d calls for looks, want %d: their stamps were made by these rules", looks.Load(), usual)
			}
		})
	}
}

// TestNewRulesOfAKindLeaveTheOthersAlone: what is redacted of users says nothing of
// looks, whose stamps are as good as before.
func TestNewRulesOfAKindLeaveTheOthersAlone(t *testing.T) {
	r, looks := policyRig(t)
	r.run(record.RunComplete, start(defaults()...))
	looks.Store(0)
	unchanged(t, r.run(record.RunComplete, start(defaults()...)))
	usual := looks.Load()
	r.config.Stages.Redact.Paths = []string{"users.last_name"}
	looks.Store(0)
	unchanged(t, r.run(record.RunComplete, start(defaults()...)), "users")
	if looks.Load() != usual {
		t.Errorf("%d calls for looks, want %d: only the rules of users are new", looks.Load(), usual)
	}
	r.config.Stages.Redact.Paths = []string{"users.last_name", "looks.public_slug"}
	looks.Store(0)
	r.run(record.RunComplete, start(defaults()...))
	if looks.Load() <= usual {
		t.Errorf("%d calls for looks: what is redacted of them is new", looks.Load())
	}
}
