package lookersim_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSetupIsWritten(t *testing.T) {
	s, c := start(t, small())
	theme := c.write("POST", "/themes", `{"name":"own_1","settings":{"font_family":"Mono","nonsense":1}}`)
	if theme.text("settings.font_family") != "Mono" || theme.text("settings.base_font_size") != c.read("/themes/1").text("settings.base_font_size") || theme.at("settings.nonsense") != nil {
		t.Errorf("made %v", theme)
	}
	c.refusedAs("POST", "/themes", `{"name":"own_1"}`, 422, "name", "already_exists")
	c.refusedAs("POST", "/themes", `{"name":"own 1"}`, 422, "name", "invalid")
	if got := c.write("PATCH", "/themes/"+theme.text("id"), `{"settings":{"title_color":"#123456"}}`); got.text("settings.font_family") != "Mono" || got.text("settings.title_color") != "#123456" {
		t.Errorf("patched %v", got)
	}
	c.refusedAs("DELETE", "/themes/1", "", 400, "", "")
	c.write("DELETE", "/themes/"+theme.text("id"), "")

	colours := c.write("POST", "/color_collections", `{"label":"Own","categoricalPalettes":[{"id":"old","label":"a","type":"Categorical","colors":["#1"]}]}`)
	if colours.text("categoricalPalettes.0.id") == "old" || colours.text("categoricalPalettes.0.colors.0") != "#1" {
		t.Errorf("made %v", colours)
	}
	if got := c.read("/color_collections/" + colours.text("id")).text("label"); got != "Own" {
		t.Errorf("read %q", got)
	}
	c.refusedAs("PATCH", "/color_collections/google", `{"label":"x"}`, 403, "", "")

	c.refusedAs("POST", "/queries", `{"model":"new_model","view":"v"}`, 404, "", "")
	c.write("POST", "/lookml_models", `{"name":"new_model","project_name":"thelook","allowed_db_connection_names":["bigquery"],"label":"no"}`)
	c.write("POST", "/queries", `{"model":"new_model","view":"v"}`)
	c.refusedAs("POST", "/lookml_models", `{"name":"new_model"}`, 422, "name", "already_exists")
	if got := c.read("/lookml_models").column("rows", "name"); !slices.Contains(got, "new_model") {
		t.Errorf("models: %v", got)
	}
	if got := c.read("/model_sets/1").list("models"); !slices.Contains(got, any("new_model")) {
		t.Errorf("all models: %v", got)
	}
	c.write("DELETE", "/lookml_models/new_model", "")
	c.refusedAs("GET", "/lookml_models/new_model", "", 404, "", "")

	if got := c.write("POST", "/connections", `{"name":"new_db","host":"h","password":"p","dialect_name":"snowflake"}`); got.text("has_password") != "true" || got.at("password") != nil {
		t.Errorf("made %v", got)
	}
	if got := c.write("PATCH", "/connections/new_db", `{"host":"i","name":"new_db"}`).text("host"); got != "i" {
		t.Errorf("host %q", got)
	}
	c.write("DELETE", "/connections/new_db", "")

	hub := c.write("POST", "/integration_hubs", `{"url":"https://hub.example","authorization_token":"s"}`)
	if hub.text("has_authorization_token") != "true" {
		t.Errorf("made %v", hub)
	}
	integration := s.IDs("integrations")[0]
	got := c.write("PATCH", "/integrations/"+integration, `{"enabled":true,"params":[{"name":"endpoint","value":"https://new.example"},{"name":"api_key","value":"secret"}]}`)
	if fmt.Sprintf("%v %v", got.at("params.0.value"), got.at("params.1.value")) != "<nil> https://new.example" {
		t.Errorf("params: %v", got.at("params"))
	}
	c.refusedAs("PATCH", "/integrations/"+integration, `{"params":[{"name":"no"}]}`, 422, "params", "invalid")

	agent := c.write("POST", "/agents", `{"name":"A","sources":[{"model":"thelook","explore":"orders"}],"created_by_user_id":"2"}`).text("id")
	c.write("PATCH", "/agents/"+agent, `{"deleted":true}`)
	if got := c.read("/agents/search?deleted=true&id="+agent).column("rows", "id"); !cmp.Equal(got, []string{agent}) {
		t.Errorf("trashed agents: %v", got)
	}
	c.write("PATCH", "/agents/"+agent, `{"deleted":false,"name":"B"}`)
	c.write("DELETE", "/agents?id="+agent, "")
	c.refusedAs("GET", "/agents/"+agent, "", 404, "", "")
	if got := c.write("PATCH", "/legacy_features/1", `{"enabled_locally":true,"name":"no"}`); got.text("enabled") != "true" || got.text("name") == "no" {
		t.Errorf("patched %v", got)
	}
}

func TestSettingsAreWritten(t *testing.T) {
	_, c := start(t, small())
	before := c.read("/setting")
	c.write("PATCH", "/setting", `{"timezone":"UTC","embed_config":{"sso_auth_enabled":true},"marketplace_site":"no","nonsense":1}`)
	after := c.read("/setting")
	if got := differing(before, after); !cmp.Equal(got, []string{"embed_config", "timezone"}) {
		t.Errorf("changed %v", got)
	}
	if got := differing(before.at("embed_config").(map[string]any), after.at("embed_config").(map[string]any)); !cmp.Equal(got, []string{"sso_auth_enabled"}) {
		t.Errorf("changed %v", got)
	}
	c.write("PATCH", "/session_config", `{"session_minutes":5}`)
	if got := c.read("/session_config").text("session_minutes"); got != "5" {
		t.Errorf("session_minutes is %s", got)
	}
}

// A golden query is of no agent until one names it, and every agent that names it
// shows what it is now.
func TestGoldenQueriesAreWritten(t *testing.T) {
	_, c := start(t, small())
	golden := c.write("POST", "/golden_queries", `{"questions":["How many?"],"answer":"/explore/thelook/orders"}`)
	if golden.text("is_active") != "true" || golden.at("query_id") != nil || golden.text("created_by_user_id") != "1" {
		t.Errorf("made %v", golden)
	}
	c.refusedAs("POST", "/golden_queries", `{"questions":["How many?"]}`, 422, "answer", "missing_field")
	id := golden.text("id")
	c.refusedAs("POST", "/agents", `{"name":"A","golden_query_ids":[7]}`, 422, "golden_query_ids", "invalid")
	agent := c.write("POST", "/agents", `{"name":"A","golden_query_ids":[`+id+`]}`)
	if got := agent.text("golden_queries.0.questions.0"); got != "How many?" {
		t.Errorf("made %v", agent)
	}
	path := "/agents/" + agent.text("id")
	c.write("PATCH", "/golden_queries/"+id, `{"is_active":false}`)
	if got := c.read(path); got.text("golden_queries.0.is_active") != "false" || got.text("golden_queries.0.last_updated_by_user_id") != "1" {
		t.Errorf("after an edit: %v", got)
	}
	c.write("DELETE", "/golden_queries/"+id, "")
	if got := c.read(path); len(got.list("golden_queries"))+len(got.list("golden_query_ids")) != 0 {
		t.Errorf("after it was deleted: %v", got)
	}
	c.refusedAs("PATCH", "/golden_queries/"+id, `{}`, 404, "", "")
	c.refusedAs("DELETE", "/golden_queries/"+id, "", 404, "", "")

	// Agents of the seed share one.
	seeded := c.read("/agents/1").text("golden_query_ids.0")
	if got := c.write("PATCH", "/golden_queries/"+seeded, `{"answer":"43"}`); got.at("query_id") != nil || got.text("questions.0") != "How many orders > 10?" {
		t.Errorf("patched %v", got)
	}
	for _, agent := range []string{"1", "2"} {
		if got := c.read("/agents/" + agent).text("golden_queries.0.answer"); got != "43" {
			t.Errorf("agent %s: answer %q", agent, got)
		}
	}
}

// A tunnel repeats what its server is, and keeps it from being deleted.
func TestTunnelsAreWritten(t *testing.T) {
	_, c := start(t, small())
	server := c.write("POST", "/ssh_servers", `{"ssh_server_name":"new","ssh_server_host":"192.0.2.1","ssh_server_port":22,"ssh_server_user":"u","status":"no"}`)
	if server.text("status") == "no" {
		t.Errorf("made %v", server)
	}
	c.refusedAs("POST", "/ssh_servers", `{"ssh_server_name":"new"}`, 422, "ssh_server_host", "missing_field")
	id := server.text("ssh_server_id")
	tunnel := c.write("POST", "/ssh_tunnels", `{"ssh_server_id":"`+id+`","database_host":"db","database_port":5432}`)
	if tunnel.text("ssh_server_host") != "192.0.2.1" {
		t.Errorf("made %v", tunnel)
	}
	c.refusedAs("POST", "/ssh_tunnels", `{"ssh_server_id":"77","database_host":"db","database_port":5432}`, 422, "ssh_server_id", "invalid")
	c.write("PATCH", "/ssh_server/"+id, `{"ssh_server_host":"192.0.2.2"}`)
	c.write("PATCH", "/ssh_tunnel/"+tunnel.text("tunnel_id"), `{"database_port":5433}`)
	if got := c.read("/ssh_tunnels"); got.text("rows.1.ssh_server_host") != "192.0.2.2" || got.text("rows.1.database_port") != "5433" || got.text("rows.0.ssh_server_host") == "192.0.2.2" {
		t.Errorf("tunnels %v", got)
	}
	c.refusedAs("DELETE", "/ssh_server/"+id, "", 400, "", "")
	c.write("DELETE", "/ssh_tunnel/"+tunnel.text("tunnel_id"), "")
	c.write("DELETE", "/ssh_server/"+id, "")
	if got := c.read("/ssh_servers").column("rows", "ssh_server_id"); !cmp.Equal(got, []string{"1"}) {
		t.Errorf("servers %v", got)
	}
	c.refusedAs("PATCH", "/ssh_server/"+id, `{}`, 404, "", "")
	c.refusedAs("DELETE", "/ssh_tunnel/"+tunnel.text("tunnel_id"), "", 404, "", "")
}

// Whoever registers an application chooses its id.
func TestClientApplicationsAreWritten(t *testing.T) {
	_, c := start(t, small())
	app := c.write("POST", "/oauth_client_apps/own.app", `{"redirect_uri":"https://a.example","display_name":"Own","client_guid":"no"}`)
	if app.text("client_guid") != "own.app" || app.text("enabled") != "false" || app.at("group_id") != nil {
		t.Errorf("made %v", app)
	}
	c.refusedAs("POST", "/oauth_client_apps/own.app", `{"redirect_uri":"https://b.example","display_name":"Own"}`, 409, "client_guid", "already_exists")
	c.refusedAs("POST", "/oauth_client_apps/other", `{"display_name":"Own"}`, 422, "redirect_uri", "missing_field")
	c.write("PATCH", "/oauth_client_apps/own.app", `{"enabled":true,"group_id":"3"}`)
	if got := c.read("/oauth_client_apps/own.app"); got.text("enabled") != "true" || got.text("group_id") != "3" {
		t.Errorf("read %v", got)
	}
	for range 2 { // the second time there is nothing, which is no error
		c.write("DELETE", "/oauth_client_apps/own.app", "")
	}
	c.refusedAs("GET", "/oauth_client_apps/own.app", "", 404, "", "")
	c.write("POST", "/oauth_client_apps/own.app", `{"redirect_uri":"https://a.example","display_name":"Again"}`)
}

// TestTheRestIsWritten asks the write routes that no other test asks.
func TestTheRestIsWritten(t *testing.T) {
	_, c := start(t, small())
	user := c.write("POST", "/users", `{"first_name":"A"}`).text("id")
	c.write("POST", "/users/"+user+"/credentials_email", `{"email":"a@x.example"}`)
	c.write("PATCH", "/users/"+user+"/credentials_email", `{"email":"b@x.example"}`)
	if got := c.read("/users/" + user); got.text("email") != "b@x.example" || got.text("credentials_email.email") != "b@x.example" {
		t.Errorf("e-mail: %v", got)
	}
	c.write("DELETE", "/users/"+user+"/credentials_email", "")
	robot := c.write("POST", "/users/service_accounts", `{"service_account_name":"r"}`).text("id")
	if got := c.write("PATCH", "/users/service_accounts/"+robot, `{"is_disabled":true}`); got.text("is_disabled") != "true" {
		t.Errorf("patched %v", got)
	}
	c.refusedAs("PATCH", "/users/service_accounts/"+user, `{"is_disabled":true}`, 404, "", "")
	c.write("DELETE", "/users/service_accounts/"+robot, "")

	inner, outer := c.write("POST", "/groups", `{"name":"i"}`).text("id"), c.write("POST", "/groups", `{"name":"o"}`).text("id")
	c.write("PATCH", "/groups/"+inner, `{"name":"j"}`)
	c.write("POST", "/groups/"+outer+"/groups", `{"group_id":"`+inner+`"}`)
	c.write("DELETE", "/groups/"+outer+"/groups/"+inner, "")
	c.write("PATCH", "/user_attributes/7", `{"user_can_edit":true,"name":"edited","label":"L","type":"string"}`)
	c.write("DELETE", "/user_attributes/8", "")
	models := c.write("POST", "/model_sets", `{"name":"m","models":[]}`).text("id")
	c.write("PATCH", "/model_sets/"+models, `{"models":["thelook"]}`)
	set := c.write("POST", "/permission_sets", `{"name":"p","permissions":[]}`).text("id")
	role := c.write("POST", "/roles", `{"name":"r","permission_set_id":"`+set+`","model_set_id":"`+models+`"}`).text("id")
	c.write("PATCH", "/roles/"+role, `{"name":"s"}`)
	c.write("DELETE", "/roles/"+role, "")
	c.write("DELETE", "/model_sets/"+models, "")
	c.write("DELETE", "/permission_sets/"+set, "")

	plan := c.read("/scheduled_plans?all_users=true").text("rows.0.id")
	c.write("DELETE", "/scheduled_plans/"+plan, "")
	alert := c.read("/alerts/search?all_owners=true").text("rows.0.id")
	c.write("POST", "/alerts/"+alert+"/enqueue", "")
	c.write("DELETE", "/alerts/"+alert, "")
	board := c.write("POST", "/boards", `{"title":"b"}`).text("id")
	section := c.write("POST", "/board_sections", `{"board_id":"`+board+`"}`).text("id")
	item := c.write("POST", "/board_items", `{"board_section_id":"`+section+`","look_id":"1"}`).text("id")
	c.write("DELETE", "/board_items/"+item, "")
	c.write("DELETE", "/boards/"+board, "")

	c.write("PATCH", "/dashboards/1/certification", `{"certification_status":"certified","notes":"n"}`)
	c.write("PATCH", "/looks/1/certification", `{"certification_status":"certified"}`)
	if got := c.read("/dashboards/1").text("certification_metadata.notes"); got != "n" {
		t.Errorf("notes %q", got)
	}
	colours := c.write("POST", "/color_collections", `{"label":"c"}`).text("id")
	c.write("PATCH", "/color_collections/"+colours, `{"label":"d"}`)
	c.write("DELETE", "/color_collections/"+colours, "")
	c.write("PATCH", "/lookml_models/thelook", `{"unlimited_db_connections":true}`)
	hub := c.write("POST", "/integration_hubs", `{"url":"https://h.example"}`).text("id")
	c.write("PATCH", "/integration_hubs/"+hub, `{"url":"https://i.example"}`)
	c.write("DELETE", "/integration_hubs/"+hub, "")
	for _, setting := range []string{"password_config", "ldap_config", "oidc_config", "saml_config"} {
		c.write("PATCH", "/"+setting, `{}`)
	}
}
