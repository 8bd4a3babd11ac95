package extract_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/testenv"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// TestFullRunHeals flips one bit of a vault at a time and makes a full run against the
// same server: the vault then verifies and holds what the server has, or the run's
// notes say what could not be healed, or the run ends with an error of a damaged file.
// LOOKERVAULT_TEST_FLIPS asks for more than a few.
func TestFullRunHeals(t *testing.T) {
	t.Parallel()
	flips := testenv.Rounds(t, testenv.Flips, 12)
	r := newRig(t, lookersim.Options{Seed: 5})
	kinds := []record.Kind{"dashboards", "looks", "folders", "groups"}
	r.run(record.RunComplete, start(kinds...))
	want := holds(t, r)
	whole, err := os.ReadFile(r.path)
	if err != nil {
		t.Fatal(err)
	}
	var used []int
	for i, b := range whole {
		if b != 0 {
			used = append(used, i)
		}
	}
	random := rand.New(rand.NewPCG(3, 5))
	ends := map[string]int{}
	for range flips {
		at, bit := used[random.IntN(len(used))], byte(1)<<random.IntN(8)
		whole[at] ^= bit
		err := os.WriteFile(r.path, whole, 0o600)
		whole[at] ^= bit
		if err != nil {
			t.Fatal(err)
		}
		for _, suffix := range []string{"-wal", "-shm"} {
			_ = os.Remove(r.path + suffix)
		}
		end, err := r.heal(kinds, want)
		if err != nil {
			t.Errorf("bit %#x of byte %d of page %d: %v", bit, at%16384, at/16384+1, err)
		}
		ends[end]++
	}
	t.Logf("%d flips of a file of %d pages: %v", flips, len(whole)/16384, ends)
	if ends["healed"] < flips/2 {
		t.Errorf("only %d of %d flips were healed", ends["healed"], flips)
	}
}

// heal makes a full run on a damaged vault and says how that ended.
func (r *rig) heal(kinds []record.Kind, want map[string]string) (string, error) {
	r.t.Helper()
	sink, err := r.open(r.t.Context())
	if refused(err) {
		return "refused", nil
	}
	if err != nil {
		return "", err
	}
	if err := sink.Close(); err != nil && !refused(err) {
		return "", err
	}
	full := start(kinds...)
	full.Full = true
	result, err := r.try(full)
	if refused(err) {
		return "refused", nil
	}
	if err != nil {
		return "", err
	}
	reader, err := sqlite.OpenReader(r.t.Context(), r.path)
	if err != nil {
		return "", err
	}
	defer reader.Close()
	findings, err := reader.Verify(r.t.Context())
	if err != nil {
		return "", err
	}
	if len(findings) > 0 {
		if notes := strings.Join(result.Run.Notes, "\n"); !strings.Contains(notes, "could not heal") {
			return "", fmt.Errorf("%d things are wrong, the first: %s; the run's notes are %q", len(findings), findings[0], notes)
		}
		return "named", nil
	}
	got := holds(r.t, r)
	for name, hash := range want {
		if got[name] != hash {
			return "", fmt.Errorf("%s has the hash %q, want %q", name, got[name], hash)
		}
	}
	if len(got) != len(want) {
		return "", fmt.Errorf("%d documents, want %d", len(got), len(want))
	}
	return "healed", nil
}

// refused reports whether an error is one of a file that cannot be used.
func refused(err error) bool {
	return errors.Is(err, vault.ErrCorrupt) || errors.Is(err, vault.ErrNotVault) || errors.Is(err, vault.ErrTooNew)
}

// holds is what a vault holds: the hash of every document.
func holds(t *testing.T, r *rig) map[string]string {
	t.Helper()
	reader := simtest.Reader(t, r.path)
	defer reader.Close()
	all := map[string]string{}
	for e, err := range reader.Entries(t.Context(), vault.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		all[e.String()] = e.Hash.String()
	}
	return all
}
