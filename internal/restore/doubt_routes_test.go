package restore_test

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// postRoutes are all routes by which restores make something, of kinds, parts and sets.
func postRoutes() map[string]bool {
	routes := make(map[string]bool)
	add := func(route catalogue.Send) {
		if route.Method == "POST" {
			routes[route.String()] = true
		}
	}
	var walk func(w *catalogue.Write)
	walk = func(w *catalogue.Write) {
		if w == nil {
			return
		}
		if w.Find != catalogue.Same { // a query that is made again is the same one
			add(w.Create)
		}
		add(w.Update)
		for i := range w.Sets {
			add(w.Sets[i].Add)
		}
		for i := range w.Parts {
			walk(w.Parts[i].Write)
		}
	}
	for _, kind := range catalogue.All() {
		walk(kind.Write)
		for i := range kind.Variants {
			walk(kind.Variants[i].Write)
		}
	}
	return routes
}

// special is how something is lost that comes back by a route of its own.
type special struct {
	// make prepares an instance before its backup, and returns what is asked back.
	make func(r *rig) record.Ref
	// lose takes away what the route makes, given what that is called now.
	lose func(r *rig, now string)
}

// document is a document of the instance. Some settings are lists of what the instance
// keeps apart.
func (r *rig) document(ref record.Ref) []byte {
	if ref.Kind == "settings" {
		_, body := r.sim.Peek("/" + ref.ID)
		return body
	}
	return r.sim.Document(string(ref.Kind), ref.ID)
}

// rowsOf are the members of the rows of a list that a document has.
func (r *rig) rowsOf(kind record.Kind, id, list, member string) (values []string) {
	r.t.Helper()
	body := r.document(record.Ref{Kind: kind, ID: id})
	if list != "" {
		body = canon.Member(body, list)
	}
	for _, row := range mustRows(r.t, body) {
		values = append(values, canon.Text(canon.Member(row, member)))
	}
	return values
}

// deletes deletes what stands at a path, %s being its id.
func deletes(path string) func(*rig, string) {
	return func(r *rig, now string) { r.do("DELETE", strings.ReplaceAll(path, "%s", now), "") }
}

// specials are the routes by which no document of a kind is made that every instance has.
var specials = map[string]special{
	"POST /content_metadata_access": {
		func(r *rig) record.Ref {
			metadata := canon.Text(canon.Member(r.sim.Document("folders", r.add("/folders", `{"name":"Closed","parent_id":"1"}`)), "content_metadata_id"))
			r.do("PATCH", "/content_metadata/"+metadata, `{"inherits":false}`)
			r.add("/content_metadata_access", `{"content_metadata_id":"`+metadata+`","permission_type":"view","group_id":"3"}`)
			return record.Ref{Kind: "content_access", ID: metadata}
		},
		func(r *rig, now string) {
			groups, ids := r.rowsOf("content_access", now, "", "group_id"), r.rowsOf("content_access", now, "", "id")
			r.do("DELETE", "/content_metadata_access/"+ids[slices.Index(groups, "3")], "")
		},
	},
	"POST /roles": {func(r *rig) record.Ref {
		return record.Ref{Kind: "roles", ID: r.make("roles", `{"name":"Own","permission_set_id":"2","model_set_id":"1"}`)}
	}, deletes("/roles/%s")},
	"POST /permission_sets": {func(r *rig) record.Ref {
		return record.Ref{Kind: "permission_sets", ID: r.make("permission_sets", `{"name":"Own","permissions":["access_data"]}`)}
	}, deletes("/permission_sets/%s")},
	"POST /model_sets": {func(r *rig) record.Ref {
		return record.Ref{Kind: "model_sets", ID: r.make("model_sets", `{"name":"Own","models":["thelook"]}`)}
	}, deletes("/model_sets/%s")},
	"POST /dashboard_filters": {
		func(r *rig) record.Ref {
			dashboard := r.add("/dashboards", `{"title":"Filtered","folder_id":"1"}`)
			r.add("/dashboard_filters", `{"dashboard_id":"`+dashboard+`","name":"Day","title":"Day","type":"date_filter"}`)
			return record.Ref{Kind: "dashboards", ID: dashboard}
		},
		func(r *rig, now string) {
			r.do("DELETE", "/dashboard_filters/"+r.rowsOf("dashboards", now, "dashboard_filters", "id")[0], "")
		},
	},
	"POST /dashboard_layouts": {
		func(r *rig) record.Ref {
			r.add("/dashboard_layouts", `{"dashboard_id":"1","type":"newspaper","label":"Second"}`)
			return record.Ref{Kind: "dashboards", ID: "1"}
		},
		func(r *rig, now string) {
			labels, ids := r.rowsOf("dashboards", now, "dashboard_layouts", "label"), r.rowsOf("dashboards", now, "dashboard_layouts", "id")
			r.do("DELETE", "/dashboard_layouts/"+ids[slices.Index(labels, "Second")], "")
		},
	},
	"POST /groups/{group_id}/users": {
		func(r *rig) record.Ref {
			user := r.make("users", `{"first_name":"Ann","last_name":"Test"}`)
			r.do("POST", "/groups/3/users", `{"user_id":"`+user+`"}`)
			return record.Ref{Kind: "users", ID: user}
		}, deletes("/groups/3/users/%s"),
	},
	"POST /groups/{group_id}/groups": {
		func(r *rig) record.Ref {
			group := r.make("groups", `{"name":"Of groups"}`)
			r.do("POST", "/groups/"+group+"/groups", `{"group_id":"3"}`)
			return record.Ref{Kind: "group_groups", ID: group}
		}, deletes("/groups/%s/groups/3"),
	},
	"POST /user_attributes/{user_attribute_id}/group_values": {
		func(r *rig) record.Ref {
			id := r.make("user_attributes", `{"name":"region","label":"Region","type":"string","default_value":"EU"}`)
			r.do("POST", "/user_attributes/"+id+"/group_values", `[{"group_id":"3","value":"US"}]`)
			return record.Ref{Kind: "user_attribute_group_values", ID: id}
		},
		func(r *rig, now string) { r.do("POST", "/user_attributes/"+now+"/group_values", `[]`) },
	},
	"POST /users/{user_id}/credentials_email": {
		func(r *rig) record.Ref {
			user := r.make("users", `{"first_name":"Ann","last_name":"Test"}`)
			r.do("POST", "/users/"+user+"/credentials_email", `{"email":"ann@example.com"}`)
			return record.Ref{Kind: "users", ID: user}
		}, deletes("/users/%s/credentials_email"),
	},
	"POST /users/service_accounts": {
		func(r *rig) record.Ref {
			return record.Ref{Kind: "users", ID: r.make("users/service_accounts", `{"service_account_name":"Robot"}`)}
		}, deletes("/users/service_accounts/%s"),
	},
	"POST /lookml_models": {func(r *rig) record.Ref { return first(r.t, r, "lookml_models") }, deletes("/lookml_models/%s")},
	"POST /themes": {func(r *rig) record.Ref {
		return record.Ref{Kind: "themes", ID: r.make("themes", `{"name":"own"}`)}
	}, deletes("/themes/%s")},
	"POST /color_collections": {func(r *rig) record.Ref {
		r.make("color_collections", `{"label":"First"}`) // which has the id of one of Looker's own
		return record.Ref{Kind: "color_collections", ID: r.make("color_collections", `{"label":"Own"}`)}
	}, deletes("/color_collections/%s")},
	"POST /connections": {func(r *rig) record.Ref { return first(r.t, r, "connections") }, deletes("/connections/%s")},
	"POST /agents": {func(r *rig) record.Ref {
		return record.Ref{Kind: "agents", ID: r.make("agents", `{"name":"Own","sources":[{"model":"thelook","explore":"orders"}],"created_by_user_id":"2"}`)}
	}, deletes("/agents?id=%s")},
	"POST /golden_queries": {
		func(r *rig) record.Ref {
			golden := r.add("/golden_queries", `{"questions":["How many?"],"answer":"/explore/thelook/orders"}`)
			return record.Ref{Kind: "agents", ID: r.make("agents", `{"name":"Own","created_by_user_id":"2","golden_query_ids":[%s]}`, golden)}
		},
		func(r *rig, now string) {
			r.do("DELETE", "/golden_queries/"+r.rowsOf("agents", now, "golden_queries", "id")[0], "")
		},
	},
	"POST /oauth_client_apps/{client_guid}": {
		func(r *rig) record.Ref {
			r.do("POST", "/oauth_client_apps/own", `{"redirect_uri":"https://own.example","display_name":"Own","group_id":"3"}`)
			return record.Ref{Kind: "settings", ID: "oauth_client_apps"}
		}, func(r *rig, _ string) { r.do("DELETE", "/oauth_client_apps/own", "") },
	},
	"POST /ssh_servers": {
		func(r *rig) record.Ref {
			r.do("POST", "/ssh_servers", `{"ssh_server_name":"own","ssh_server_host":"192.0.2.1","ssh_server_port":22,"ssh_server_user":"u"}`)
			return record.Ref{Kind: "settings", ID: "ssh_servers"}
		},
		func(r *rig, now string) {
			r.do("DELETE", "/ssh_server/"+r.rowsOf("settings", now, "", "ssh_server_id")[1], "")
		},
	},
	"POST /ssh_tunnels": {
		func(r *rig) record.Ref { return record.Ref{Kind: "settings", ID: "ssh_tunnels"} },
		func(r *rig, now string) {
			r.do("DELETE", "/ssh_tunnel/"+r.rowsOf("settings", now, "", "tunnel_id")[0], "")
		},
	},
	"POST /integration_hubs": {func(r *rig) record.Ref { return first(r.t, r, "integration_hubs") }, deletes("/integration_hubs/%s")},
}

// Every route by which something is made is in one of the tests of lost answers.
func TestEveryPostRouteIsInDoubt(t *testing.T) {
	t.Parallel()
	tested := maps.Clone(postRoutes())
	for route := range creations() {
		delete(tested, route)
	}
	for route := range specials {
		if !tested[route] {
			t.Errorf("%s is no route, or is tested already", route)
		}
		delete(tested, route)
	}
	for route := range tested {
		t.Errorf("no test loses an answer of %s", route)
	}
}

// impatient is a client that does not wait long for the answer that is lost; all others may take
// what they need on a busy machine.
type impatient struct {
	restore.Looker
	lost func(w looker.Write) bool
}

func (c impatient) Send(ctx context.Context, w looker.Write) (*looker.Response, error) {
	if c.lost(w) {
		w.Timeout = 500 * time.Millisecond
	}
	return c.Looker.Send(ctx, w)
}

// parameters of routes are all called so by the simulator.
var parameters = regexp.MustCompile(`\{[^}]*\}`)

// applyLosing plans and applies while one answer of a route is lost.
func (r *rig) applyLosing(route string, loss lookersim.Rule, request restore.Request) record.Restore {
	r.t.Helper()
	plan := r.plan(request)
	loss.Route, loss.Times = parameters.ReplaceAllString(route, "{id}"), 1
	faults := r.sim.Counts().Faults
	if err := r.sim.SetRules(loss); err != nil {
		r.t.Fatal(err)
	}
	r.wrap = nil
	if loss.Do == lookersim.FaultHang {
		lost := func(w looker.Write) bool {
			return parameters.ReplaceAllString(w.Route, "{id}") == loss.Route && r.sim.Counts().Faults == faults
		}
		r.wrap = func(client restore.Looker) restore.Looker { return impatient{client, lost} }
	}
	done := r.apply(plan)
	if r.sim.Counts().Faults == faults {
		r.t.Errorf("no answer of %s was lost", route)
	}
	if err := r.sim.SetRules(); err != nil {
		r.t.Fatal(err)
	}
	return done
}

// inside counts what lies in a document, and what belongs to its sets.
func (r *rig) inside(ref record.Ref) map[string]int {
	r.t.Helper()
	counts := make(map[string]int)
	body := r.document(ref)
	spec := canon.RowFor(catalogue.Lookup(ref.Kind), ref.ID, body)
	for i := range spec.Write.Parts {
		rows, err := canon.PartRows(&spec.Write.Parts[i], body)
		if err != nil {
			r.t.Fatal(err)
		}
		counts[string(spec.Write.Parts[i].Name)] = len(rows)
	}
	for i := range spec.Write.Sets {
		ids, err := canon.SetIDs(&spec.Write.Sets[i], body)
		if err != nil {
			r.t.Fatal(err)
		}
		counts[string(spec.Write.Sets[i].Kind)] = len(ids)
	}
	return counts
}

func all([]byte) bool { return true }

// Whatever happens to the answer, what comes back by a route of its own comes back once.
func TestNothingSpecialIsMadeTwice(t *testing.T) {
	losses := maps.Clone(losses)
	losses["late"] = lookersim.Rule{Do: lookersim.FaultLate, Later: 2}
	losses["later"] = lookersim.Rule{Do: lookersim.FaultLate, Later: 4}
	for turn, route := range slices.Sorted(maps.Keys(specials)) {
		special := specials[route]
		t.Run(strings.ReplaceAll(route, "/", "."), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			ref := special.make(r)
			run, now := r.backup(), ref
			for _, name := range lossesInTurn(turn, losses) {
				r.sim.Arrive()
				before, inside := len(r.refsOf(ref.Kind, "present", all)), r.inside(now)
				special.lose(r, now.ID)
				done := r.applyLosing(route, losses[name], restore.Request{Items: []record.Ref{ref}, Run: run})
				complete(t, done)
				now.ID = targetOf(done, ref)
				if after := len(r.refsOf(ref.Kind, "present", all)); after != before {
					t.Errorf("%s: there are %d %s, %d before", name, after, ref.Kind, before)
				}
				if diff := cmp.Diff(inside, r.inside(now)); diff != "" {
					t.Errorf("%s: parts (-before +after):\n%s", name, diff)
				}
			}
		})
	}
}

// A second one that arrives while what was written is read back makes its document different. It is
// deleted, and the document is read once more.
func TestWhatArrivesWhileItIsReadBack(t *testing.T) {
	t.Parallel()
	special := specials["POST /ssh_servers"]
	r := newRig(t, lookersim.Options{Seed: 1})
	ref := special.make(r)
	run := r.backup()
	for later := 1; later <= 6; later++ {
		r.sim.Arrive()
		special.lose(r, ref.ID)
		done := r.applyLosing("POST /ssh_servers", lookersim.Rule{Do: lookersim.FaultLate, Later: later}, restore.Request{Items: []record.Ref{ref}, Run: run})
		if done.State != record.RestoreComplete {
			t.Errorf("arrives after %d calls: %s, %q", later, done.State, done.Notes)
		}
	}
}
