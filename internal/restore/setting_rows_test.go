package restore_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// settingItems are settings by their ids.
func settingItems(ids ...string) (refs []record.Ref) {
	for _, id := range ids {
		refs = append(refs, record.Ref{Kind: "settings", ID: id})
	}
	return refs
}

// A tunnel that is made anew goes through its server, also through one that is made anew.
func TestTunnelsComeBackWithTheirServers(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(r *rig, server, tunnel string){
		"a tunnel is deleted": func(r *rig, _, tunnel string) { r.do("DELETE", "/ssh_tunnel/"+tunnel, "") },
		"both are deleted": func(r *rig, server, tunnel string) {
			r.do("DELETE", "/ssh_tunnel/"+tunnel, "")
			r.do("DELETE", "/ssh_server/"+server, "")
		},
		"both are edited": func(r *rig, server, tunnel string) {
			r.do("PATCH", "/ssh_server/"+server, `{"ssh_server_host":"192.0.2.7","ssh_server_port":2222}`)
			r.do("PATCH", "/ssh_tunnel/"+tunnel, `{"database_port":1,"local_host_port":2}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			r.do("POST", "/ssh_servers", `{"ssh_server_name":"own","ssh_server_host":"192.0.2.1","ssh_server_port":22,"ssh_server_user":"u"}`)
			server := r.rowsOf("settings", "ssh_servers", "", "ssh_server_id")[1]
			r.do("POST", "/ssh_tunnels", `{"ssh_server_id":"`+server+`","database_host":"db","database_port":5432}`)
			connection := first(t, r, "connections")
			r.do("PATCH", "/connections/"+connection.ID, `{"tunnel_id":"`+r.rowsOf("settings", "ssh_tunnels", "", "tunnel_id")[1]+`"}`)
			items := settingItems("ssh_tunnels", "ssh_servers")
			run := r.backup()
			was := r.saidOf("ssh_tunnels", "database_host", "database_port", "local_host_port", "ssh_server_name", "ssh_server_host", "ssh_server_port")
			for range 2 { // the second time what came back is lost
				servers, tunnels := r.rowsOf("settings", "ssh_servers", "", "ssh_server_id"), r.rowsOf("settings", "ssh_tunnels", "", "tunnel_id")
				lose(r, servers[1], tunnels[1])
				complete(t, r.apply(r.plan(restore.Request{Items: items, Run: run})))
				if diff := cmp.Diff(was, r.saidOf("ssh_tunnels", "database_host", "database_port", "local_host_port", "ssh_server_name", "ssh_server_host", "ssh_server_port")); diff != "" {
					t.Errorf("tunnels (-before +after):\n%s", diff)
				}
				// The connection names the tunnel of the backup, and is led to the one of now.
				r.apply(r.plan(restore.Request{Items: []record.Ref{connection}, Run: run}))
				if got, want := canon.Text(canon.Member(r.document(connection), "tunnel_id")), r.rowsOf("settings", "ssh_tunnels", "", "tunnel_id")[1]; got != want {
					t.Errorf("%s goes through tunnel %s, not %s", connection, got, want)
				}
				if again := r.plan(restore.Request{Items: items, Run: run}); deeds(again)[record.DeedReuse] != len(items) {
					t.Errorf("a plan afterwards: %v", deeds(again))
				}
			}
		})
	}
}

// saidOf are members of the rows of a setting.
func (r *rig) saidOf(setting string, names ...string) map[string][]string {
	said := make(map[string][]string)
	for _, name := range names {
		said[name] = r.rowsOf("settings", setting, "", name)
	}
	return said
}

// Applications that log in with OAuth are known by their ids elsewhere: one that was
// deleted comes back with its own.
func TestClientApplicationsComeBackWithTheirIDs(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(r *rig){
		"it is deleted": func(r *rig) { r.do("DELETE", "/oauth_client_apps/own.app", "") },
		"it is edited": func(r *rig) {
			r.do("PATCH", "/oauth_client_apps/own.app", `{"enabled":false,"group_id":null,"redirect_uri":"https://other.example"}`)
		},
		"another one was added": func(r *rig) {
			r.do("POST", "/oauth_client_apps/other", `{"redirect_uri":"https://x.example","display_name":"Other"}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			r.do("POST", "/oauth_client_apps/own.app", `{"redirect_uri":"https://own.example","display_name":"Own","description":"<&>","enabled":true,"group_id":"3"}`)
			run := r.backup()
			members := []string{"client_guid", "redirect_uri", "display_name", "description", "enabled", "group_id"}
			was := r.saidOf("oauth_client_apps", members...)
			lose(r)
			complete(t, r.apply(r.plan(restore.Request{Items: settingItems("oauth_client_apps"), Run: run})))
			if diff := cmp.Diff(was, r.saidOf("oauth_client_apps", members...)); diff != "" {
				t.Errorf("(-before +after):\n%s", diff)
			}
		})
	}
}

// A restore that made a tunnel, and a connection through it, is undone in that order: the connection goes
// before the tunnel, which Looker keeps as long as something goes through it.
func TestAnUndoDeletesWhatGoesThroughATunnelFirst(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	r.do("POST", "/ssh_servers", `{"ssh_server_name":"own","ssh_server_host":"192.0.2.1","ssh_server_port":22,"ssh_server_user":"u"}`)
	server := r.rowsOf("settings", "ssh_servers", "", "ssh_server_id")[1]
	r.do("POST", "/ssh_tunnels", `{"ssh_server_id":"`+server+`","database_host":"db","database_port":5432}`)
	tunnel := r.rowsOf("settings", "ssh_tunnels", "", "tunnel_id")[1]
	connection := first(t, r, "connections")
	r.do("PATCH", "/connections/"+connection.ID, `{"tunnel_id":"`+tunnel+`"}`)
	r.backup()
	r.do("DELETE", "/connections/"+connection.ID, "")
	r.do("DELETE", "/ssh_tunnel/"+tunnel, "")
	done := r.apply(r.plan(restore.Request{Items: append(settingItems("ssh_tunnels"), connection)}))
	complete(t, done)
	plan := r.plan(restore.Request{Undo: done.ID})
	deletion, update := onlyAction(t, plan, connection), onlyAction(t, plan, settingItems("ssh_tunnels")[0])
	if deletion.Deed != record.DeedDelete || !slices.Contains(update.Needs, deletion.Seq) {
		t.Errorf("%s %s is action %d, and %s needs %v", deletion.Deed, deletion.Ref, deletion.Seq, update.Ref, update.Needs)
	}
	complete(t, r.apply(plan))
}

// A server that is made anew for a tunnel, which goes through one that is to be deleted: neither can be
// written first as a whole. The restore says what Looker refuses, and the next one completes it.
func TestATunnelGoesBackFromAServerThatIsDeleted(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	own := r.addRow("ssh_servers", "ssh_server_id", `{"ssh_server_name":"own","ssh_server_host":"192.0.2.1","ssh_server_port":22,"ssh_server_user":"u"}`)
	tunnel := r.addRow("ssh_tunnels", "tunnel_id", `{"ssh_server_id":"`+own+`","database_host":"db","database_port":5432}`)
	run := r.backup()
	other := r.addRow("ssh_servers", "ssh_server_id", `{"ssh_server_name":"other","ssh_server_host":"192.0.2.2","ssh_server_port":22,"ssh_server_user":"u"}`)
	r.do("PATCH", "/ssh_tunnel/"+tunnel, `{"ssh_server_id":"`+other+`"}`)
	r.do("DELETE", "/ssh_server/"+own, "")
	request := restore.Request{Items: settingItems("ssh_tunnels", "ssh_servers"), Run: run}
	first := r.apply(r.plan(request))
	servers, tunnels := onlyAction(t, first, settingItems("ssh_servers")[0]), onlyAction(t, first, settingItems("ssh_tunnels")[0])
	if servers.State != record.ActionFailed || tunnels.State != record.ActionBlocked || !slices.Equal(tunnels.Needs, []int{servers.Seq}) || len(servers.Needs) > 0 {
		t.Errorf("servers %s and need %v, tunnels %s and need %v", servers.State, servers.Needs, tunnels.State, tunnels.Needs)
	}
	complete(t, r.apply(r.plan(request)))
	names, ids := r.rowsOf("settings", "ssh_servers", "", "ssh_server_name"), r.rowsOf("settings", "ssh_servers", "", "ssh_server_id")
	if now := r.rowsOf("settings", "ssh_tunnels", "", "ssh_server_id")[1]; slices.Contains(names, "other") || now != ids[slices.Index(names, "own")] {
		t.Errorf("there are servers %q of ids %q, and the tunnel goes through %s", names, ids, now)
	}
}
