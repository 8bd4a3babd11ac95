package lookersim

import (
	"fmt"
	"slices"
)

// Mail is one message that the server would have sent because of a write.
type Mail struct {
	To  string `json:"to"`
	Why string `json:"why"` // such as "scheduled_plans/4 ran once"
}

// Effects are what writes make of the world outside.
type Effects struct {
	// Awake are the schedules and alerts that run by themselves, as kind/id in the
	// order of ids: enabled and not disabled, whoever made them so.
	Awake []string `json:"awake"`
	// Mailed is what was sent since New, in order.
	Mailed []Mail `json:"mailed"`
}

// Effects returns what is awake and what was mailed.
func (s *Server) Effects() Effects {
	w := s.world
	w.mu.RLock()
	defer w.mu.RUnlock()
	found := Effects{Awake: []string{}, Mailed: slices.Clone(w.mailed)}
	for _, k := range []struct{ kind, member, value string }{{"scheduled_plans", "enabled", "true"}, {"alerts", "is_disabled", "false"}} {
		for f := range w.tables[k.kind].present() {
			if f.t.attribute(w, f.row, k.member).text == k.value {
				found.Awake = append(found.Awake, k.kind+"/"+f.t.idOf(w, f.row))
			}
		}
	}
	return found
}

func (e *edit) mail(to, why string, args ...any) {
	e.w.mailed = append(e.w.mailed, Mail{To: to, Why: fmt.Sprintf(why, args...)})
}

func (e *edit) mailPlan(d *draft) {
	array := lookup(d.body, "scheduled_plan_destination")
	for from, to := range elements(array) {
		e.mail(rawValue(lookup(array[from:to], "address")).text, "scheduled_plans/%s ran once", d.text("id"))
	}
}
