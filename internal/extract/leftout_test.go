package extract_test

import (
	"fmt"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
)

// TestWhatAListLeavesOutIsNotGone: a list that comes in one answer without documents
// that are there, or as that of another kind, makes nothing gone, and its kind is not
// complete. Each document is asked for alone before that.
func TestWhatAListLeavesOutIsNotGone(t *testing.T) {
	for _, tt := range []struct{ kind, route, do string }{
		{"folders", "GET /folders", "none"},
		{"boards", "GET /boards", "none"},
		{"roles", "GET /roles", "short"},
		{"connections", "GET /connections", "none"},
		{"lookml_models", "GET /lookml_models", "short"},
		{"dashboards", "GET /dashboards/search", "none"},
	} {
		t.Run(tt.kind+" "+tt.do, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 5, Quirks: lookersim.Quirks{NoTotals: true}})
			kind := record.Kind(tt.kind)
			r.run(record.RunComplete, start(kind))
			r.rules(fmt.Sprintf("route=%s do=%s", tt.route, tt.do))
			result := r.run(record.RunPartial, start(kind))
			got := countsOf(t, result, kind)
			if got.Gone != 0 || got.Listing != record.Incomplete {
				t.Errorf("%+v, want nothing gone and an incomplete listing", got)
			}
			r.rules()
			compare(t, r, kind)
			r.run(record.RunComplete, start(kind))
		})
	}
}

// TestGoneFromAListCostsACall: what is not in a list in one answer any more and is
// not there alone either is gone, at one call each.
func TestGoneFromAListCostsACall(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 5})
	r.run(record.RunComplete, start("groups"))
	calls := r.run(record.RunComplete, start("groups")).API.Calls
	mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: "groups", ID: "9"})
	result := r.run(record.RunComplete, start("groups"))
	if got := countsOf(t, result, "groups"); got.Gone != 1 || result.API.Calls != calls+1 {
		t.Errorf("%+v in %d calls more, want one gone at one call", got, result.API.Calls-calls)
	}
}

// confused stands before the server and answers the first calls of one route as if
// another had been asked for.
func (r *rig) confused(route, other string, times int32) {
	r.t.Helper()
	server, err := url.Parse(r.url)
	if err != nil {
		r.t.Fatal(err)
	}
	var left atomic.Int32
	left.Store(times)
	front := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(server)
		if p.In.URL.Path == route && left.Add(-1) >= 0 {
			p.Out.URL.Path, p.Out.URL.RawPath = other, ""
		}
	}})
	simtest.Cleanup(r.t, front.Close)
	r.url = front.URL
}

// TestAListOfAnotherKind: a list in one answer that is that of another kind is asked for
// again, in the first run too, where no stored document tells what it lacks. Where it
// stays so, its kind is incomplete.
func TestAListOfAnotherKind(t *testing.T) {
	for _, tt := range []struct{ kind, route, other string }{
		{"permission_sets", "/api/4.0/permission_sets", "/api/4.0/model_sets"},
		{"roles", "/api/4.0/roles", "/api/4.0/model_sets"},
		{"folders", "/api/4.0/folders", "/api/4.0/roles"},
	} {
		kind := record.Kind(tt.kind)
		t.Run(tt.kind+" once", func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 5})
			r.confused(tt.route, tt.other, 1)
			result := r.run(record.RunComplete, start(kind))
			compare(t, r, kind)
			if len(result.Run.Notes) > 0 {
				t.Errorf("notes %q, want none", result.Run.Notes)
			}
		})
		t.Run(tt.kind+" for good", func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 5})
			r.confused(tt.route, tt.other, 1<<30)
			got := countsOf(t, r.run(record.RunPartial, start(kind)), kind)
			if got.Listing != record.Incomplete || !strings.Contains(got.Reason, "rows that are no "+tt.kind) {
				t.Errorf("%+v, want it incomplete for its rows", got)
			}
		})
	}
}
