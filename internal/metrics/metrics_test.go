package metrics_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/metrics"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/view"
	"github.com/lookervault/lookervault/pipeline"
)

func snapshot() job.Snapshot {
	return job.Snapshot{
		Kinds: []job.KindProgress{
			{Kind: "dashboards", Listed: 100, Committed: 40, Failed: 2, Bytes: 5000},
			{Kind: "looks", Listed: 7},
		},
		API: job.Traffic{Calls: 30, Good: 25, Throttled: 4, Failed: 1, Retries: 5, Paused: 1500 * time.Millisecond, Rate: 9.5, Bytes: 9000},
		Stages: []pipeline.StageStats{
			{Name: "fetch", Workers: 8, In: 30, Out: 42, Busy: 16 * time.Second, Starved: time.Second, Queued: 3, Capacity: 64},
		},
	}
}

func TestLive(t *testing.T) {
	live := metrics.NewLive("1.2.3", func() (int64, job.Snapshot, bool) { return 7, snapshot(), true })
	want := `
# HELP lookervault_api_calls_total Calls to the API by how they were answered, retries included.
# TYPE lookervault_api_calls_total counter
lookervault_api_calls_total{result="broken"} 0
lookervault_api_calls_total{result="failed"} 1
lookervault_api_calls_total{result="good"} 25
lookervault_api_calls_total{result="refused"} 0
lookervault_api_calls_total{result="throttled"} 4
# HELP lookervault_documents_committed_total Documents that were committed, faults included.
# TYPE lookervault_documents_committed_total counter
lookervault_documents_committed_total{kind="dashboards"} 40
lookervault_documents_committed_total{kind="looks"} 0
# HELP lookervault_stage_seconds_total Time of a stage's workers by what they did.
# TYPE lookervault_stage_seconds_total counter
lookervault_stage_seconds_total{stage="fetch",state="blocked"} 0
lookervault_stage_seconds_total{stage="fetch",state="busy"} 16
lookervault_stage_seconds_total{stage="fetch",state="starved"} 1
`
	err := testutil.CollectAndCompare(live, strings.NewReader(want),
		"lookervault_api_calls_total", "lookervault_documents_committed_total", "lookervault_stage_seconds_total")
	if err != nil {
		t.Error(err)
	}
	problems, err := testutil.CollectAndLint(live)
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if err != nil {
		t.Error(err)
	}
	waiting := metrics.NewLive("1.2.3", func() (int64, job.Snapshot, bool) { return 0, job.Snapshot{}, false })
	if n := testutil.CollectAndCount(waiting); n != 1 {
		t.Errorf("%d metrics before the run, want the version only", n)
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestHandler(t *testing.T) {
	live := metrics.NewLive("1.2.3", func() (int64, job.Snapshot, bool) { return 7, snapshot(), true })
	server := httptest.NewServer(metrics.Handler(live))
	defer server.Close()
	status, body := get(t, server.URL+"/metrics")
	for _, want := range []string{`lookervault_run_id 7`, `lookervault_build_info{version="1.2.3"} 1`, `lookervault_api_rate_limit 9.5`, "go_goroutines", "process_resident_memory_bytes"} {
		if status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("status %d, no %s in\n%s", status, want, body)
		}
	}
	if status, body := get(t, server.URL+"/healthz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("healthz: %d %q", status, body)
	}
	if status, _ := get(t, server.URL+"/"); status != http.StatusNotFound {
		t.Errorf("/: %d", status)
	}
}

func TestServer(t *testing.T) {
	live := metrics.NewLive("1.2.3", func() (int64, job.Snapshot, bool) { return 0, job.Snapshot{}, false })
	server, err := metrics.Serve(t.Context(), "127.0.0.1:0", live)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := metrics.Serve(t.Context(), server.Addr(), live); err == nil {
		t.Error("two servers at one address")
	}
	if status, _ := get(t, "http://"+server.Addr()+"/healthz"); status != http.StatusOK {
		t.Errorf("healthz: %d", status)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	// Somebody else may listen there by now.
	if response, err := http.Get("http://" + server.Addr() + "/metrics"); err == nil {
		defer response.Body.Close()
		if body, _ := io.ReadAll(response.Body); strings.Contains(string(body), `lookervault_build_info{version="1.2.3"}`) {
			t.Error("it answers after it was closed")
		}
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lookervault.prom")
	end := time.Date(2026, 3, 1, 4, 30, 0, 0, time.UTC)
	s := view.Summary{
		Run: 7, Instance: "demo", Outcome: record.RunComplete, Time: end, Seconds: 12.5, VaultBytes: 1 << 20, Bytes: 5000,
		CallsByClass: map[string]int64{"query": 4, "administrative": 20}, CallsMonth: map[string]int64{"query": 9},
		Kinds: []record.Counts{{Kind: "looks", Listed: 5, New: 3, Same: 2}},
	}
	write := func() string {
		t.Helper()
		if err := metrics.WriteFile(t.Context(), path, s, metrics.Before{
			Oldest: map[record.Kind]time.Time{"content_access": end.Add(-7 * 24 * time.Hour)},
		}); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	lacks := func(text string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(text, w+"\n") {
				t.Errorf("no %s in\n%s", w, text)
			}
		}
	}
	lacks(write(), `lookervault_last_success_timestamp_seconds{instance_name="demo"} 1.7723394e+09`,
		`lookervault_run_outcome{instance_name="demo",outcome="complete"} 1`, `lookervault_run_outcome{instance_name="demo",outcome="failed"} 0`,
		`lookervault_run_documents{instance_name="demo",kind="looks",result="new"} 3`, `lookervault_run_calls{class="query",instance_name="demo"} 4`,
		`lookervault_oldest_observation_timestamp_seconds{instance_name="demo",kind="content_access"} 1.7717346e+09`,
		`lookervault_run_exit_code{instance_name="demo"} 0`, `lookervault_vault_bytes{instance_name="demo"} 1.048576e+06`)

	// A run that failed later does not hide when the last one did not.
	s.Outcome, s.ExitCode, s.Time = record.RunFailed, 1, end.Add(time.Hour)
	lacks(write(), `lookervault_last_success_timestamp_seconds{instance_name="demo"} 1.7723394e+09`,
		`lookervault_run_timestamp_seconds{instance_name="demo"} 1.772343e+09`, `lookervault_run_outcome{instance_name="demo",outcome="failed"} 1`)

	// Another instance's success is none of this one's.
	s.Instance = "other"
	if text := write(); strings.Contains(text, "last_success") {
		t.Errorf("a success of another instance in\n%s", text)
	}
	if err := os.WriteFile(path, []byte("not { metrics"), 0o600); err != nil {
		t.Fatal(err)
	}
	lacks(write(), `lookervault_run_exit_code{instance_name="other"} 1`)

	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestFileOfALaterRun begins with a run of less: when everything was complete last, only the
// vault knows.
func TestFileOfALaterRun(t *testing.T) {
	end := time.Date(2026, 3, 1, 4, 30, 0, 0, time.UTC)
	lesser, admin := false, true
	run := func(id int64, hours int, caller *bool) record.Run {
		return record.Run{
			ID: id, Instance: "demo", Outcome: record.RunComplete, Scope: record.Scope{All: true}, Caller: record.Caller{Admin: caller},
			Started: end.Add(time.Duration(hours-1) * time.Hour), Finished: end.Add(time.Duration(hours) * time.Hour),
		}
	}
	const name = "lookervault_last_success_timestamp_seconds{instance_name=\"demo\""
	tests := []struct {
		name   string
		file   string // of the run before
		before []record.Run
		exit   int
		want   []string
	}{
		{"the vault knows none", "", nil, 0, []string{`,scope="kinds looks"} 1.7723394e+09`}},
		{"the vault knows one", "", []record.Run{run(2, -1, &admin), run(1, -2, &admin)}, 0,
			[]string{`,scope="kinds looks"} 1.7723394e+09`, `} 1.7723358e+09`}},
		{"a lesser key's is told apart", "", []record.Run{run(2, -1, &lesser), run(1, -2, &admin)}, 0,
			[]string{`,scope="kinds looks"} 1.7723394e+09`, `,scope="this key"} 1.7723358e+09`, `} 1.7723322e+09`}},
		{"the file of before is newer", name + "} 1.7723376e+09\n", []record.Run{run(1, -2, &admin)}, 0,
			[]string{`,scope="kinds looks"} 1.7723394e+09`, `} 1.7723376e+09`}},
		{"the vault is newer", name + "} 1.77e+09\n", []record.Run{run(1, -2, &admin)}, 0,
			[]string{`,scope="kinds looks"} 1.7723394e+09`, `} 1.7723322e+09`}},
		{"this run counts by its exit code", "", []record.Run{run(7, 0, &admin)}, 5, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "lookervault.prom")
			if tt.file != "" {
				if err := os.WriteFile(path, []byte("# TYPE lookervault_last_success_timestamp_seconds gauge\n"+tt.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s := view.Summary{Run: 7, Instance: "demo", Outcome: record.RunComplete, Scope: record.Scope{Kinds: []record.Kind{"looks"}}, Time: end, ExitCode: tt.exit}
			if err := metrics.WriteFile(t.Context(), path, s, metrics.Before{Complete: tt.before}); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for line := range strings.Lines(string(data)) {
				if rest, ok := strings.CutPrefix(strings.TrimSpace(line), name); ok {
					got = append(got, rest)
				}
			}
			slices.Sort(got)
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
