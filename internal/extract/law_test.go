package extract_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/stages"
)

// TestCompleteMeansEqual is a law, over seeded chaos: after a run with the outcome
// complete the vault equals what the server holds. After any other run each
// difference is named: by a fault, by how the listing of its kind ended, or by a
// note; what hangs on an owner whose kind is so named counts as named.
// LOOKERVAULT_TEST_SEEDS asks for more than a few seeds.
func TestCompleteMeansEqual(t *testing.T) {
	for seed := range many(t, 8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			c := newChaos(t, uint64(seed)+1000)
			defer func() {
				if t.Failed() {
					for _, line := range c.log {
						t.Log(line)
					}
				}
			}()
			open := false
			for range 2 + c.rand.IntN(3) {
				s := start()
				s.Resume = open && c.rand.IntN(3) > 0
				c.change(s.Resume)
				c.spoil()
				c.believable()
				c.impatient()
				c.mislead()
				c.hollow()
				c.litter()
				c.disturb()
				s.Full = !s.Resume && c.rand.IntN(5) == 0
				result, err := c.end(s)
				c.log = append(c.log, fmt.Sprintf("resume %v: %v, %s", s.Resume, err, result.Run.Outcome))
				if err != nil && !expected(err) {
					t.Fatalf("run: %v", err)
				}
				if result.Run.ID == 0 {
					continue
				}
				open = result.Run.Resumable()
				c.undisturbed()
				c.rig.kill = nil
				c.law(result)
				if t.Failed() {
					return
				}
			}
		})
	}
}

// change changes what the server holds between two runs. What changes between the
// parts of one, or in the middle, was seen before or after.
func (c *chaos) change(resume bool) {
	if !resume {
		c.move()
	}
	c.quiet() // which lets changes happen that wait for a request
	c.wrap = c.sink
}

// impatient gives up calls soon where some hang: the run would take longer than it may.
func (c *chaos) impatient() {
	if slices.ContainsFunc(c.sim.Rules(), func(r lookersim.Rule) bool { return r.Do == lookersim.FaultHang }) {
		c.config.Looker.Timeout = config.Duration(100 * time.Millisecond)
	}
}

// believable takes back rules whose answers nothing can tell from the truth: half of
// a list that comes whole, without a total, and the members of another role.
func (c *chaos) believable() {
	rules := slices.DeleteFunc(c.sim.Rules(), func(r lookersim.Rule) bool {
		everywhere := strings.HasSuffix(r.Route, "*")
		return r.Do == lookersim.FaultShort && (everywhere || r.Kind == "roles") || r.Do == lookersim.FaultSwap && everywhere
	})
	if err := c.sim.SetRules(rules...); err != nil {
		c.t.Fatal(err)
	}
}

// mislead puts faults in place that look like answers.
func (c *chaos) mislead() {
	if c.rand.IntN(2) == 0 {
		return
	}
	every := []string{"route=GET /groups ", "route=GET /folders ", "route=GET /* "}
	for _, kind := range defaults() {
		every = append(every, "kind="+string(kind)+" ")
	}
	where := pick(c.rand, every...)
	what := pick(c.rand, "do=null", "do=value", "do=other", "do=swap", "status=404", "do=html", "do=short", "do=empty",
		"status=404 body=page", "status=404 body=short", "do=stray", "status=403", "do=wrap", "do=gzip", "do=again")
	// An answer that tells nothing of whose it is cannot be told from another's, and a
	// singleton that was never there is not missed. An empty list may be one.
	switch {
	case what == "do=stray" && !slices.Contains([]string{"kind=dashboards ", "kind=users ", "kind=roles ", "route=GET /groups ", "route=GET /folders "}, where):
		what = "do=other"
	case what == "do=swap" && !slices.Contains([]string{"kind=dashboards ", "kind=users ", "kind=roles "}, where):
		what = "do=other"
	case what == "do=short" && where != "kind=dashboards " && where != "kind=users ":
		what = "do=null"
	case strings.HasPrefix(what, "status=40") && where == "route=GET /* ":
		what = "do=html"
	}
	when := pick(c.rand, fmt.Sprintf(" p=%.2f", 0.02+0.5*c.rand.Float64()), fmt.Sprintf(" nth=%d", 1+c.rand.IntN(12)),
		fmt.Sprintf(" after=%d", c.rand.IntN(60)), fmt.Sprintf(" after=%d times=%d", c.rand.IntN(10), 1+c.rand.IntN(6)))
	c.log = append(c.log, "misled by "+where+what+when)
	rule, err := lookersim.ParseRule(where + what + when)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.sim.AddRules(rule); err != nil {
		c.t.Fatal(err)
	}
}

// hollow lets the server answer every list without rows, from some request on, for some of them or
// for good.
func (c *chaos) hollow() {
	if c.rand.IntN(3) > 0 {
		return
	}
	rule := fmt.Sprintf("route=GET /* do=none after=%d", c.rand.IntN(120))
	if c.rand.IntN(2) == 0 {
		rule += fmt.Sprintf(" times=%d", 1+c.rand.IntN(60))
	}
	c.log = append(c.log, rule)
	parsed, err := lookersim.ParseRule(rule)
	if err != nil {
		c.t.Fatal(err)
	}
	// The first rule that fires wins.
	if err := c.sim.SetRules(append([]lookersim.Rule{parsed}, c.sim.Rules()...)...); err != nil {
		c.t.Fatal(err)
	}
}

// litter puts rows into lists that are no documents, or are documents once more.
func (c *chaos) litter() {
	var rows []lookersim.BadRow
	for range max(0, c.rand.IntN(5)-2) {
		rows = append(rows, lookersim.BadRow{
			Kind: pick(c.rand, "dashboards", "looks", "users", "roles", "folders", "boards", "lookml_models", "connections"),
			At:   1 + c.rand.IntN(40),
			Form: pick(c.rand, lookersim.RowNull, lookersim.RowNumber, lookersim.RowNoID, lookersim.RowNullID, lookersim.RowEmptyID, lookersim.RowTwice, lookersim.RowOther, lookersim.RowFar),
		})
	}
	// One with another name is another document where the name is the id.
	rows = slices.DeleteFunc(rows, func(b lookersim.BadRow) bool {
		return (b.Form == lookersim.RowOther || b.Form == lookersim.RowFar) && (b.Kind == "lookml_models" || b.Kind == "connections")
	})
	c.log = append(c.log, fmt.Sprintf("bad rows %v", rows))
	if err := c.sim.SetBadRows(rows...); err != nil {
		c.t.Fatal(err)
	}
}

// law compares the vault with the server and wants every difference named by the
// run.
func (c *chaos) law(result extract.Result) {
	c.t.Helper()
	differences := c.differences()
	if result.Run.Outcome == record.RunComplete {
		notServed := make(map[record.Kind]bool) // kinds of which the run says that this edition lacks them
		for _, k := range result.Run.Kinds {
			notServed[k.Kind] = k.Listing == record.Denied || k.Listing == record.Unavailable
		}
		// What dangles is named, and so hangs what it would have named.
		dangling := slices.ContainsFunc(c.faults(), func(f vault.Fault) bool { return f.Class == record.FaultDangling })
		for ref, what := range differences {
			if dangling && what == missing && slices.Contains(behind, ref.Kind) || notServed[ref.Kind] {
				continue
			}
			// A setting that no run has stored, and of which Looker says twice that it does not have it.
			if ref.Kind == "settings" && what == missing && namedByNote(result, ref) {
				continue
			}
			c.t.Errorf("the run says complete, and %s is %s", ref, what)
		}
		return
	}
	named := c.named(result)
	for ref, what := range differences {
		if !named(ref) {
			c.t.Errorf("%s is %s, and nothing says so: outcome %s, %q", ref, what, result.Run.Outcome, result.Run.Notes)
		}
	}
}

// missing is a document that the server holds and the vault does not.
const missing = "missing"

// differences says of each document that is not in the vault as it is on the
// server what is wrong with it.
func (c *chaos) differences() map[record.Ref]string {
	c.t.Helper()
	found := make(map[record.Ref]string)
	served, stored := c.served(), c.stored()
	secrets, err := stages.NewSecrets(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	for ref, item := range served {
		document, ok := stored[ref]
		body, _ := secrets[ref.Kind].Redact(c.bodyOf(ref.Kind, item))
		switch {
		case !ok && slices.Contains(behind, ref.Kind) && !c.pointedTo(ref):
		case !ok:
			found[ref] = missing
		case string(body) != string(document.Body) && string(item.Body) != string(document.Body): // two rows of one id are settled by a single fetch
			found[ref] = "not what the server holds"
		case string(document.State) != item.State:
			found[ref] = "in another state: " + string(document.State)
		}
	}
	for ref := range stored {
		if _, ok := served[ref]; ok {
			continue
		}
		row, _ := catalogue.Find(ref.Kind)
		_, path := row.Single(ref.ID)
		if status, _ := c.sim.Peek(path); status == http.StatusOK && slices.Contains(behind, ref.Kind) {
			continue
		}
		found[ref] = "not on the server any more"
	}
	return found
}

// pointedTo reports whether a document that the server holds names one that
// nothing lists.
func (c *chaos) pointedTo(ref record.Ref) bool {
	for _, parent := range catalogue.LeadingTo(ref.Kind) {
		for _, item := range c.served(parent) {
			if strings.Contains(string(item.Body), `"`+ref.ID+`"`) {
				return true
			}
		}
	}
	return false
}

// named returns a function that reports whether a run names a difference.
func (c *chaos) named(result extract.Result) func(record.Ref) bool {
	c.t.Helper()
	short := make(map[record.Kind]bool) // kinds of which the run does not claim to know everything
	ended := make(map[record.Kind]bool)
	for _, k := range result.Run.Kinds {
		ended[k.Kind] = true
		short[k.Kind] = k.Listing != record.Complete
	}
	faults := make(map[record.Ref]bool)
	failed := make(map[record.Kind]bool)
	for _, f := range c.faults() {
		faults[f.Ref], failed[f.Kind] = true, true
		if f.ID == "" || strings.HasPrefix(f.ID, "#") {
			short[f.Kind] = true
		}
	}
	var owner func(kind record.Kind) bool
	owner = func(kind record.Kind) bool {
		return slices.ContainsFunc(catalogue.LeadingTo(kind), func(parent record.Kind) bool {
			return short[parent] || !ended[parent] || owner(parent) || failed[parent]
		})
	}
	return func(ref record.Ref) bool {
		return faults[ref] || short[ref.Kind] || !ended[ref.Kind] || owner(ref.Kind) || namedByNote(result, ref)
	}
}

// namedByNote reports whether a note of a run names a document as not there.
func namedByNote(result extract.Result, ref record.Ref) bool {
	return slices.ContainsFunc(result.Run.Notes, func(note string) bool {
		about, found := strings.CutPrefix(note, string(ref.Kind)+": ")
		_, ids, listed := strings.Cut(about, "not on this instance, or not for this key: ")
		if !listed { // explores, see catalogue.Listing
			_, ids, listed = strings.Cut(about, "are not served (404): ")
		}
		return found && listed && slices.Contains(strings.Split(ids, ", "), ref.ID)
	})
}
