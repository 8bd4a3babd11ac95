package ui_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault/memory"
	"github.com/lookervault/lookervault/sinks"
)

// wire has a simulated Looker answer in simulated time.
type wire struct{ sim *lookersim.Server }

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r = r.Clone(r.Context()); r.Body == nil {
		r.Body = http.NoBody
	}
	answer := httptest.NewRecorder()
	w.sim.ServeHTTP(answer, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return answer.Result(), nil
}

// measure makes a run of dashboards in a bubble and returns what was measured of it: what takes time
// is what a test lets take time.
func measure(t *testing.T, c config.Config, options lookersim.Options, commit func(context.Context, int, record.Batch) error) record.Session {
	t.Helper()
	options.Sizes = lookersim.DefaultSizes()
	options.Sizes.Dashboards, options.SmallTiles, options.Quirks.PoorRows = 80, true, []string{"dashboards"}
	sim, err := lookersim.New(options)
	if err != nil {
		t.Fatal(err)
	}
	meter, limits := &extract.Meter{}, ui.Limits{PerSecond: float64(c.RateLimit.PerSecond)}
	client, err := looker.New(looker.Config{
		BaseURL: "https://looker.example.com", Transport: wire{sim}, ClientID: lookersim.DefaultClientID, ClientSecret: lookersim.DefaultClientSecret, VerifySSL: true,
		Timeout: 30 * time.Second, MaxBody: 1 << 26, Connections: 16, Version: "test", Log: hclog.NewNullLogger(), Observe: meter.Count,
		Limits: looker.Limits{PerSecond: limits.PerSecond, Adaptive: true},
		Retry:  looker.Retry{Attempts: 9, MaxWait: time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	sink := sinks.NewFaulty(memory.New())
	sink.BeforeCommit = commit
	var session record.Session
	began := time.Now()
	_, err = extract.Run(t.Context(), extract.Job{
		Config: c, Client: client, Sink: sink, Log: hclog.NewNullLogger(), Now: time.Now, Meter: meter,
		Kinds: slices.DeleteFunc(catalogue.All(), func(k *catalogue.Spec) bool { return k.Name != "dashboards" }),
		Start: record.Start{Instance: "test", Scope: record.Scope{Kinds: []record.Kind{"dashboards"}}, At: began},
		Measured: func(view *extract.View, _ error) *record.Session {
			session = ui.SessionOf(view.Snapshot(), nil, began, time.Since(began), limits, 0)
			return &session
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// What is made slow is what is blamed.
func TestAdviceOfRealRuns(t *testing.T) {
	plain := config.Default(2)
	plain.RateLimit.PerSecond, plain.Stages.List.PageSize = 0, 10
	listed := plain
	listed.Stages.Fetch.Workers = 2 // too few for a list as long as this
	limited := plain
	limited.RateLimit.PerSecond = 10
	narrow := plain
	narrow.Limits.InFlightItems, narrow.Stages.Batch.Records = 12, 10
	slow := func(context.Context, int, record.Batch) error {
		time.Sleep(40 * time.Millisecond)
		return nil
	}
	for _, test := range []struct {
		name    string
		config  config.Config
		options lookersim.Options
		commit  func(context.Context, int, record.Batch) error
		reason  string
		want    []string
	}{
		{"slow sink", narrow, lookersim.Options{}, slow, ui.ReasonWrite, []string{"Write is the limit", "fetch was held up by it"}},
		{"slow server", listed, lookersim.Options{Latency: 100 * time.Millisecond}, nil, ui.ReasonLatency, []string{"Server latency is the limit", "More fetch workers would help"}},
		{"low limit", limited, lookersim.Options{}, nil, ui.ReasonRateLimit, []string{"The rate limit is the limit", "that the configuration allows"}},
		{"low limit of the server", plain, lookersim.Options{RateLimit: lookersim.RateLimit{PerSecond: 20, RetryAfter: "seconds"}}, nil, ui.ReasonServerLimit, []string{"The rate limit of Looker is the limit", "429"}},
		{"so many at once", plain, lookersim.Options{Latency: 150 * time.Millisecond, RateLimit: lookersim.RateLimit{AtOnce: 3}}, nil, ui.ReasonAtOnce, []string{"this server takes 3 calls at once: --workers 3 "}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var session record.Session
			synctest.Test(t, func(t *testing.T) { session = measure(t, test.config, test.options, test.commit) })
			if session.Bottleneck != test.reason {
				t.Errorf("bottleneck %s, want %s", session.Bottleneck, test.reason)
			}
			for _, want := range test.want {
				if !strings.Contains(session.Advice, want) {
					t.Errorf("advice %q lacks %q", session.Advice, want)
				}
			}
		})
	}
}

// Answers that come in a bunch are no more calls a second than are allowed.
func TestNoMoreCallsThanAllowedAreShown(t *testing.T) {
	tracker := ui.NewTracker(ui.Backup(record.Begun{Run: 1}), ui.Limits{PerSecond: 10}, began)
	snapshot := job.Snapshot{API: job.Traffic{Calls: 24, Rate: 9.7}}
	if got := tracker.Frame(snapshot, began.Add(2*time.Second)).CallsPerSecond; got != 9.7 {
		t.Errorf("%v calls a second of 9.7", got)
	}
}
