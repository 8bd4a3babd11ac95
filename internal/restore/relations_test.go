package restore_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// relation is that documents of one kind name those of another one, or parts of these, both of which a
// restore makes anew.
type relation struct {
	from record.Kind
	path string
	to   record.Kind
	part *catalogue.Part // nil where the document itself is named
}

// relations are all of those.
func relations() (all []relation) {
	to := make(map[record.Kind]relation)
	for _, kind := range creatable() {
		to[kind.Name] = relation{to: kind.Name}
		for i := range kind.Write.Parts {
			part := &kind.Write.Parts[i]
			to[part.Name] = relation{to: kind.Name, part: part}
		}
	}
	for _, kind := range creatable() {
		add := func(path string, named record.Kind) {
			r, made := to[named]
			r.from, r.path = kind.Name, path
			if made && (r.part == nil || r.to != kind.Name) && !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
		for r := range kind.Write.AllRefs() {
			add(r.Path, r.Kind)
		}
		for _, set := range kind.Write.Sets {
			add(set.At, set.Kind)
		}
	}
	return all
}

// makeRelated makes what the simulator has none of, or none that can be deleted, and returns both ends.
var makeRelated = map[string]func(r *rig) (from, to record.Ref){
	"dashboards.look_id": func(r *rig) (from, to record.Ref) {
		dashboard, look := r.make("dashboards", `{"title":"Of a test","folder_id":"1"}`), first(r.t, r, "looks")
		r.add("/dashboard_elements", fmt.Sprintf(`{"dashboard_id":%q,"type":"vis","look_id":%q}`, dashboard, look.ID))
		return record.Ref{Kind: "dashboards", ID: dashboard}, look
	},
	"scheduled_plans.tab_ids": func(r *rig) (from, to record.Ref) {
		dashboard := r.make("dashboards", `{"title":"Of a test","folder_id":"1"}`)
		tab := r.add("/dashboard_layouts", fmt.Sprintf(`{"dashboard_id":%q,"type":"newspaper","label":"Second"}`, dashboard))
		plan := r.make("scheduled_plans", `{"name":"Of a test","user_id":"2","dashboard_id":%q,"tab_ids":[%q],"crontab":"0 6 * * *","scheduled_plan_destination":[{"type":"email","format":"wysiwyg_pdf","address":"a@example.com"}]}`, dashboard, tab)
		return record.Ref{Kind: "scheduled_plans", ID: plan}, record.Ref{Kind: "dashboards", ID: dashboard}
	},
	"themes.settings.color_collection_id": func(r *rig) (from, to record.Ref) {
		collection := r.make("color_collections", `{"label":"Ours"}`)
		return record.Ref{Kind: "themes", ID: r.make("themes", `{"name":"ours","settings":{"color_collection_id":%q}}`, collection)}, record.Ref{Kind: "color_collections", ID: collection}
	},
	"roles.permission_set_id": func(r *rig) (from, to record.Ref) {
		set := r.make("permission_sets", `{"name":"Ours","permissions":["access_data"]}`)
		return record.Ref{Kind: "roles", ID: r.make("roles", `{"name":"Ours","permission_set_id":%q,"model_set_id":"1"}`, set)}, record.Ref{Kind: "permission_sets", ID: set}
	},
	"roles.model_set_id": func(r *rig) (from, to record.Ref) {
		set := r.make("model_sets", `{"name":"Ours","models":["thelook"]}`)
		return record.Ref{Kind: "roles", ID: r.make("roles", `{"name":"Ours","permission_set_id":"2","model_set_id":%q}`, set)}, record.Ref{Kind: "model_sets", ID: set}
	},
	"users.home_folder_id": func(r *rig) (from, to record.Ref) {
		folder := r.make("folders", `{"name":"Home","parent_id":"1"}`)
		return record.Ref{Kind: "users", ID: r.make("users", `{"first_name":"A","last_name":"B","home_folder_id":%q}`, folder)}, record.Ref{Kind: "folders", ID: folder}
	},
}

// named are the documents of a relation that a body names.
func (rel relation) named(r *rig, body []byte) (refs []record.Ref) {
	r.t.Helper()
	found, err := canon.References(catalogue.Lookup(rel.from).Write, body)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, named := range found {
		switch {
		case named.By.Path != rel.path:
		case rel.part == nil && named.Kind == rel.to:
			refs = append(refs, named.Ref)
		case rel.part != nil && named.Kind == rel.part.Name:
			refs = append(refs, r.refsOf(rel.to, "present", func(body []byte) bool {
				rows, err := canon.PartRows(rel.part, body)
				return err == nil && slices.ContainsFunc(rows, func(row canon.PartRow) bool { return row.ID == named.ID })
			})...)
		}
	}
	return refs
}

// Documents that name each other come back by one plan when both are gone for ever, and name each other
// again; an undo takes both away, and an undo of that brings them back.
func TestBothEndsOfEveryRelationComeBack(t *testing.T) {
	for _, rel := range relations() {
		t.Run(fmt.Sprintf("%s.%s", rel.from, rel.path), func(t *testing.T) {
			t.Parallel()
			r, _ := newBackedUpRig(t)
			from, to := r.related(rel)
			refs := []record.Ref{from, to}
			r.backup()
			for _, ref := range refs {
				r.do("DELETE", catalogue.Lookup(ref.Kind).Write.Delete.Fill(ref.ID), "")
			}
			broken := r.formsOfWhatIsThere()
			done := r.apply(r.plan(restore.Request{Items: refs}))
			complete(t, done)
			r.isRelated(rel, done, from, to)
			if again := r.plan(restore.Request{Items: refs}); deeds(again)[record.DeedReuse] != len(again.Actions) {
				t.Errorf("a second plan has something to do: %v", deeds(again))
			}
			undone := r.apply(r.plan(restore.Request{Undo: done.ID, Hard: true}))
			if rel.from != "users" && rel.to != "users" { // who owns something stays, disabled
				complete(t, undone)
				if diff := cmp.Diff(broken, r.formsOfWhatIsThere()); diff != "" {
					t.Errorf("after the undo (-want +got):\n%s", diff)
				}
			}
			again := r.apply(r.plan(restore.Request{Undo: undone.ID}))
			complete(t, again)
			r.isRelated(rel, again, record.Ref{Kind: from.Kind, ID: targetOf(done, from)}, record.Ref{Kind: to.Kind, ID: targetOf(done, to)})
		})
	}
}

// related finds two documents of a relation that can be deleted.
func (r *rig) related(rel relation) (from, to record.Ref) {
	r.t.Helper()
	if related := makeRelated[string(rel.from)+"."+rel.path]; related != nil {
		return related(r)
	}
	spec, other := catalogue.Lookup(rel.from), catalogue.Lookup(rel.to)
	caller := record.Ref{Kind: "users", ID: r.caller.ID}
	for _, from := range r.refsOf(rel.from, "present", func(body []byte) bool { return canon.Guarded(spec.Write, body) == nil }) {
		for _, to := range rel.named(r, r.sim.Document(string(from.Kind), from.ID)) {
			body := r.sim.Document(string(to.Kind), to.ID)
			if to != from && from != caller && to != caller && body != nil && canon.Guarded(other.Write, body) == nil {
				return from, to
			}
		}
	}
	r.t.Fatalf("no %s names %s in %s", rel.from, rel.to, rel.path)
	return from, to
}

// isRelated checks that what was made anew of two documents is related as these were.
func (r *rig) isRelated(rel relation, done record.Restore, from, to record.Ref) {
	r.t.Helper()
	made := record.Ref{Kind: to.Kind, ID: targetOf(done, to)}
	named := rel.named(r, r.sim.Document(string(from.Kind), targetOf(done, from)))
	if made.ID == "" || !slices.Contains(named, made) {
		r.t.Errorf("%s names %v, want %s", from, named, made)
	}
}

// formsOfWhatIsThere are the normal forms of everything that can be written, in which all that is not there
// has one name.
func (r *rig) formsOfWhatIsThere() map[record.Ref]string {
	r.t.Helper()
	all := make(map[record.Ref]string)
	for ref := range r.normals() {
		form, err := canon.Normal(catalogue.Lookup(ref.Kind), r.sim.Document(string(ref.Kind), ref.ID), func(kind record.Kind, id string) (string, bool) {
			if spec, ok := catalogue.Find(kind); ok && !spec.Listing.Followed && r.sim.Document(string(kind), id) == nil {
				return "nowhere", true
			}
			return id, true
		})
		if err != nil {
			r.t.Fatal(err)
		}
		all[ref] = string(form)
	}
	return all
}

// A connection goes through the tunnel that is made anew, and that through its server, by one plan. An undo
// takes the server away when no tunnel goes through it any more.
func TestConnectionsFollowTheirTunnels(t *testing.T) {
	for name, both := range map[string]bool{"the tunnel is deleted": false, "both are deleted": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := newBackedUpRig(t)
			server := r.addRow("ssh_servers", "ssh_server_id", `{"ssh_server_name":"own","ssh_server_host":"192.0.2.1","ssh_server_port":22,"ssh_server_user":"u"}`)
			tunnel := r.addRow("ssh_tunnels", "tunnel_id", fmt.Sprintf(`{"ssh_server_id":%q,"database_host":"db","database_port":5432}`, server))
			connection := first(t, r, "connections")
			r.do("PATCH", "/connections/"+connection.ID, fmt.Sprintf(`{"tunnel_id":%q}`, tunnel))
			r.backup()
			through := func() (ofServers, ofTunnels []string, ofConnection string) {
				return r.rowsOf("settings", "ssh_servers", "", "ssh_server_id"), r.rowsOf("settings", "ssh_tunnels", "", "tunnel_id"),
					canon.Text(canon.Member(r.document(connection), "tunnel_id"))
			}
			r.do("DELETE", "/ssh_tunnel/"+tunnel, "")
			if both {
				r.do("DELETE", "/ssh_server/"+server, "")
			}
			servers, tunnels, _ := through()
			items := append(settingItems("ssh_tunnels", "ssh_servers"), connection)
			done := r.inPrice(t, name, restore.Request{Items: items})
			complete(t, done)
			for range 2 {
				serversNow, tunnelsNow, is := through()
				if last := tunnelsNow[len(tunnelsNow)-1]; is != last || len(tunnelsNow) != len(tunnels)+1 || len(serversNow) == 0 {
					t.Errorf("%s goes through tunnel %s, of %v", connection, is, tunnelsNow)
				}
				undone := r.apply(r.plan(restore.Request{Undo: done.ID}))
				complete(t, undone)
				if serversNow, tunnelsNow, is = through(); !slices.Equal(servers, serversNow) || !slices.Equal(tunnels, tunnelsNow) || slices.Contains(tunnels, is) {
					t.Errorf("after the undo: servers %v, want %v; tunnels %v, want %v; the connection goes through %q", serversNow, servers, tunnelsNow, tunnels, is)
				}
				done = r.apply(r.plan(restore.Request{Undo: undone.ID}))
				complete(t, done)
			}
		})
	}
}

// addRow adds a row to a setting that is a list, and returns its id.
func (r *rig) addRow(setting, key, body string) string {
	r.t.Helper()
	r.do("POST", "/"+setting, body)
	ids := r.rowsOf("settings", setting, "", key)
	return ids[len(ids)-1]
}
