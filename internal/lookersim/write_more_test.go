package lookersim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
)

const destination = `"scheduled_plan_destination":[{"format":"csv","type":"email","address":"a@example.com","secret_parameters":"s3cret"}]`

func TestSchedulesAreWritten(t *testing.T) {
	s, c := start(t, small())
	dash := c.read("/dashboards/search?sorts=id&limit=1").text("rows.0.id")
	before := s.Effects().Awake
	made := c.write("POST", "/scheduled_plans", `{"name":"Monday","dashboard_id":"`+dash+`","crontab":"0 5 * * 1","enabled":false,"user_id":"2","title":"no",`+destination+`}`)
	id := made.text("id")
	if made.text("enabled") != "false" || made.text("user.id") != "2" || made.text("scheduled_plan_destination.0.scheduled_plan_id") != id || made.text("title") == "no" {
		t.Errorf("made %v", made)
	}
	if strings.Contains(fmt.Sprint(made), "s3cret") {
		t.Error("the answer tells a secret")
	}
	if diff := cmp.Diff(before, s.Effects().Awake); diff != "" {
		t.Errorf("a schedule that sleeps woke something (-before +after):\n%s", diff)
	}
	c.write("PATCH", "/scheduled_plans/"+id, `{"enabled":true}`)
	if awake := s.Effects().Awake; !slices.Contains(awake, "scheduled_plans/"+id) {
		t.Errorf("awake: %v", awake)
	}
	for body, want := range map[string]string{
		`{"name":"x","crontab":"0 5 * * 1",` + destination + `}`:                                                     "look_id missing_field",
		`{"name":"x","dashboard_id":"` + dash + `",` + destination + `}`:                                             "crontab missing_field",
		`{"name":"x","dashboard_id":"` + dash + `","crontab":"0 5 * * 1"}`:                                           "scheduled_plan_destination missing_field",
		`{"name":"x","look_id":"1","crontab":"0 5 * * 1",` + destination + `}`:                                       "require_no_results missing_field",
		`{"name":"x","dashboard_id":"` + dash + `","look_id":"1","crontab":"0 5 * * 1",` + destination + `}`:         "look_id invalid",
		`{"name":"x","dashboard_id":"88888","crontab":"0 5 * * 1",` + destination + `}`:                              "dashboard_id invalid",
		`{"name":"x","dashboard_id":"` + dash + `","crontab":"0 5 * * 1","embed":null,` + destination + `}`:          "embed invalid",
		`{"name":"x","dashboard_id":"` + dash + `","crontab":"0 5 * * 1","scheduled_plan_destination":[{"type":1}]}`: "scheduled_plan_destination.format missing_field",
	} {
		field, code, _ := strings.Cut(want, " ")
		c.refusedAs("POST", "/scheduled_plans", body, 422, field, code)
	}
	c.refusedAs("PATCH", "/scheduled_plans/"+id, `{"scheduled_plan_destination":[]}`, 422, "scheduled_plan_destination", "missing_field")
	if got := s.Effects().Mailed; len(got) != 0 {
		t.Errorf("mailed %v", got)
	}
	c.write("POST", "/scheduled_plans/"+id+"/run_once", `{}`)
	if diff := cmp.Diff([]lookersim.Mail{{To: "a@example.com", Why: "scheduled_plans/" + id + " ran once"}}, s.Effects().Mailed); diff != "" {
		t.Errorf("mailed (-want +got):\n%s", diff)
	}
	if got := c.read("/scheduled_plans/search?name=Monday").list("rows"); len(got) != 0 {
		t.Error("the plan of somebody else is listed as the caller's own")
	}
	if got := c.read("/scheduled_plans/search?name=Monday&all_users=true").column("rows", "id"); !cmp.Equal(got, []string{id}) {
		t.Errorf("found %v", got)
	}
	if got := c.read("/scheduled_plans/dashboard/"+dash+"?all_users=true").column("rows", "id"); !slices.Contains(got, id) {
		t.Errorf("the dashboard has the schedules %v", got)
	}
	c.write("DELETE", "/dashboards/"+dash, "")
	c.refusedAs("GET", "/scheduled_plans/"+id, "", 404, "", "")
}

func TestAlertsAreWritten(t *testing.T) {
	s, c := start(t, small())
	d := c.read("/dashboards/search?sorts=id&limit=1")
	dash, tile, other := d.text("rows.0.id"), d.text("rows.0.dashboard_elements.0.id"), d.text("rows.0.dashboard_elements.1.id")
	rest := `"comparison_type":"EQUAL_TO","cron":"0 5 * * *","destinations":[{"destination_type":"EMAIL","email_address":"a@example.com"}],"field":{"title":"T","name":"orders.count"},"threshold":1.0,"owner_id":"2"`
	made := c.write("POST", "/alerts", `{"dashboard_element_id":"`+tile+`","is_disabled":true,`+rest+`}`)
	id := made.text("id")
	if made.text("owner_display_name") == "" || made.text("investigative_content_id") != dash || made.text("threshold") != "1.0" {
		t.Errorf("made %v", made)
	}
	if slices.Contains(s.Effects().Awake, "alerts/"+id) {
		t.Error("the alert is awake")
	}
	c.refusedAs("POST", "/alerts", `{`+rest+`}`, 422, "dashboard_element_id", "missing_field")
	c.refusedAs("POST", "/alerts", `{"dashboard_element_id":"5",`+rest+`}`, 422, "dashboard_element_id", "invalid")
	c.refusedAs("PUT", "/alerts/"+id, `{"dashboard_element_id":"`+other+`",`+rest+`}`, 422, "dashboard_element_id", "invalid")
	put := c.write("PUT", "/alerts/"+id, `{"custom_title":"new",`+rest+`}`)
	if put.text("custom_title") != "new" || put.text("dashboard_element_id") != tile || put.text("is_disabled") != "false" {
		t.Errorf("put %v", put)
	}
	patched := c.write("PATCH", "/alerts/"+id, `{"is_disabled":true,"custom_title":"no"}`)
	if patched.text("is_disabled") != "true" || patched.text("custom_title") != "new" {
		t.Errorf("patched %v", patched)
	}
	c.write("PATCH", "/users/2", `{"first_name":"Ann","last_name":"Other"}`)
	if got := c.read("/alerts/" + id).text("owner_display_name"); got != "Ann Other" {
		t.Errorf("the alert is %q's", got)
	}
	c.write("DELETE", "/dashboard_elements/"+tile, "")
	c.refusedAs("GET", "/alerts/"+id, "", 404, "", "")
}

func TestBoardsAreWritten(t *testing.T) {
	_, c := start(t, small())
	board := c.write("POST", "/boards", `{"title":"B","board_sections":[1]}`).text("id")
	first := c.write("POST", "/board_sections", `{"board_id":"`+board+`","title":"one"}`).text("id")
	second := c.write("POST", "/board_sections", `{"board_id":"`+board+`","title":"two"}`).text("id")
	item := c.write("POST", "/board_items", `{"board_section_id":"`+first+`","dashboard_id":"1","title":"no"}`)
	link := c.write("POST", "/board_items", `{"board_section_id":"`+first+`","custom_url":"https://x.example","use_custom_url":true}`).text("id")
	if item.text("title") == "no" || item.text("url") != "/dashboards/1" {
		t.Errorf("made %v", item)
	}
	c.refusedAs("POST", "/board_items", `{"board_section_id":"`+first+`"}`, 422, "dashboard_id", "missing_field")
	c.refusedAs("POST", "/board_items", `{"board_section_id":"`+first+`","look_id":"88888"}`, 422, "look_id", "invalid")
	c.write("PATCH", "/boards/"+board, `{"section_order":["`+second+`","`+first+`"]}`)
	c.refusedAs("PATCH", "/boards/"+board, `{"section_order":["`+second+`"]}`, 422, "section_order", "invalid")
	c.write("PATCH", "/board_sections/"+first, `{"item_order":["`+link+`","`+item.text("id")+`"]}`)
	c.write("PATCH", "/board_items/"+link, `{"board_section_id":"`+second+`"}`)
	c.write("PATCH", "/dashboards/1", `{"title":"Echoed"}`)
	b := c.read("/boards/" + board)
	got := fmt.Sprintf("%v %v %v %v", b.at("section_order"), b.at("board_sections.0.item_order"), b.at("board_sections.1.item_order"), b.text("board_sections.0.board_items.0.title"))
	if want := fmt.Sprintf("[%s %s] [%s] [%s] Echoed", second, first, item.text("id"), link); got != want {
		t.Errorf("the board is %s, want %s", got, want)
	}
	old := c.read("/boards/1")
	c.write("PATCH", "/board_sections/"+old.text("board_sections.0.id"), `{"title":"edited"}`)
	c.write("DELETE", "/board_sections/"+first, "")
	if got := c.read("/boards/1").text("board_sections.0.title"); got != "edited" {
		t.Errorf("the section is called %q", got)
	}
	if got := c.read("/boards/"+board).column("board_sections", "id"); !cmp.Equal(got, []string{second}) {
		t.Errorf("sections: %v", got)
	}
}

func TestPeopleAreWritten(t *testing.T) {
	s, c := start(t, small())
	user := c.write("POST", "/users", `{"first_name":"Ann","last_name":"Lee","email":"no@example.com","group_ids":["3"],"locale":"de_DE"}`)
	id := user.text("id")
	if user.text("display_name") != "Ann Lee" || user.at("email") != nil || fmt.Sprint(user.at("group_ids"), user.at("role_ids")) != "[1] []" {
		t.Errorf("made %v", user)
	}
	c.write("POST", "/users/"+id+"/credentials_email", `{"email":"Ann@Example.com"}`)
	c.refusedAs("POST", "/users/"+id+"/credentials_email", `{"email":"other@example.com"}`, 409, "email", "already_exists")
	next := c.write("POST", "/users", `{"first_name":"Bob"}`).text("id")
	c.refusedAs("POST", "/users/"+next+"/credentials_email", `{"email":"ann@example.COM"}`, 409, "email", "already_exists")
	if got := c.read("/users/search?email=ann@example.com").column("rows", "id"); !cmp.Equal(got, []string{id}) {
		t.Errorf("found %v", got)
	}
	if mailed := s.Effects().Mailed; len(mailed) != 0 {
		t.Errorf("mailed %v", mailed)
	}
	c.write("POST", "/users/"+id+"/credentials_email/send_password_reset", "")
	if mailed := s.Effects().Mailed; len(mailed) != 1 || mailed[0].To != "Ann@Example.com" {
		t.Errorf("mailed %v", mailed)
	}
	c.refusedAs("PATCH", "/users/1", `{"is_disabled":true}`, 422, "is_disabled", "invalid")
	c.refusedAs("DELETE", "/users/1", "", 403, "", "")

	group := c.write("POST", "/groups", `{"name":"G"}`).text("id")
	outer := c.write("POST", "/groups", `{"name":"H"}`).text("id")
	c.refusedAs("POST", "/groups", `{"name":"G"}`, 409, "name", "already_exists")
	c.write("POST", "/groups/"+group+"/users", `{"user_id":"`+id+`"}`)
	c.write("POST", "/groups/"+outer+"/groups", `{"group_id":"`+group+`"}`)
	c.refusedAs("POST", "/groups/"+group+"/groups", `{"group_id":"`+outer+`"}`, 400, "", "")
	set := c.write("POST", "/permission_sets", `{"name":"P","permissions":["access_data"]}`).text("id")
	models := c.write("POST", "/model_sets", `{"name":"M","models":["thelook"]}`).text("id")
	role := c.write("POST", "/roles", `{"name":"R","permission_set_id":"`+set+`","model_set_id":"`+models+`"}`)
	if role.text("permission_set.name") != "P" || role.text("model_set.models.0") != "thelook" {
		t.Errorf("made %v", role)
	}
	c.write("PUT", "/roles/"+role.text("id")+"/groups", `["`+outer+`"]`)
	if got := c.read("/users/" + id); fmt.Sprint(got.at("group_ids"), got.at("role_ids")) != fmt.Sprintf("[1 %s] [%s]", group, role.text("id")) {
		t.Errorf("the user has %v and %v", got.at("group_ids"), got.at("role_ids"))
	}
	if got := c.read("/groups/" + group).text("user_count"); got != "1" {
		t.Errorf("the group counts %s", got)
	}
	if got := c.read("/groups/search/with_hierarchy?id=" + group); got.text("rows.0.parent_group_ids.0") != outer || got.text("rows.0.name") != "G" {
		t.Errorf("with hierarchy: %v", got)
	}
	if got := c.read("/roles/"+role.text("id")+"/groups").column("rows", "id"); !cmp.Equal(got, []string{outer}) {
		t.Errorf("the role's groups: %v", got)
	}
	c.write("PATCH", "/permission_sets/"+set, `{"name":"P2"}`)
	if got := c.read("/roles/" + role.text("id")).text("permission_set.name"); got != "P2" {
		t.Errorf("the role repeats %q", got)
	}
	c.refusedAs("DELETE", "/permission_sets/"+set, "", 405, "", "")
	c.refusedAs("PATCH", "/permission_sets/1", `{"name":"x"}`, 405, "", "")
	c.refusedAs("DELETE", "/roles/1", "", 405, "", "")
	c.refusedAs("PUT", "/roles/1/users", `[]`, 422, "user_ids", "invalid")
	c.write("PUT", "/roles/"+role.text("id")+"/users", `["`+next+`"]`)
	if got := c.read("/roles/"+role.text("id")+"/users?direct_association_only=true").column("rows", "id"); !cmp.Equal(got, []string{next}) {
		t.Errorf("the role's users: %v", got)
	}
	c.write("PUT", "/users/"+next+"/roles", `[]`)
	if got := c.read("/users/" + next).list("role_ids"); len(got) != 0 {
		t.Errorf("the user has the roles %v", got)
	}
	c.write("DELETE", "/groups/"+outer, "")
	if got := c.read("/users/" + id).list("role_ids"); len(got) != 0 {
		t.Errorf("the role came with a group that is gone: %v", got)
	}
	c.write("DELETE", "/groups/"+group+"/users/"+id, "")
	c.refusedAs("DELETE", "/groups/"+group+"/users/"+id, "", 404, "", "")
	robot := c.write("POST", "/users/service_accounts", `{"service_account_name":"robot"}`)
	if got := c.read("/users/search?is_service_account=true&sorts=-id").text("rows.0.id"); got != robot.text("id") {
		t.Errorf("the service account is %v", robot)
	}
}

func TestDeletingSomebodyTrashesWhatWasHers(t *testing.T) {
	opts := small()
	opts.PersonalFolders = true
	s, c := start(t, opts)
	d := c.read("/dashboards/search?sorts=id&limit=1")
	dash, owner := d.text("rows.0.id"), "2"
	home := c.read("/users/" + owner).text("personal_folder_id")
	c.write("PATCH", "/dashboards/"+dash, `{"user_id":"`+owner+`","folder_id":"1"}`)
	guest := c.read("/looks/search?sorts=id&limit=1").text("rows.0.id")
	c.write("PATCH", "/looks/"+guest, `{"user_id":"3","folder_id":"`+home+`"}`)
	of := c.write("POST", "/scheduled_plans", `{"name":"of her content","dashboard_id":"`+dash+`","crontab":"0 5 * * 1","user_id":"3",`+destination+`}`).text("id")
	by := c.write("POST", "/scheduled_plans", `{"name":"by her","dashboard_id":"`+c.read("/dashboards/search?sorts=-id&limit=1&user_id=1").text("rows.0.id")+`","crontab":"0 5 * * 1","user_id":"2",`+destination+`}`).text("id")
	alerts := len(s.IDs("alerts"))
	c.write("DELETE", "/users/"+owner, "")
	for path, want := range map[string]string{"/dashboards/" + dash: "true", "/looks/" + guest: "true"} {
		if got := c.read(path).text("deleted"); got != want {
			t.Errorf("%s: deleted is %s", path, got)
		}
	}
	for _, path := range []string{"/scheduled_plans/" + of, "/scheduled_plans/" + by, "/folders/" + home, "/users/" + owner} {
		c.refusedAs("GET", path, "", 404, "", "")
	}
	if got := len(s.IDs("alerts")); got != alerts {
		t.Errorf("%d alerts of %d are left", got, alerts)
	}
}

func TestAttributeValuesAreWritten(t *testing.T) {
	_, c := start(t, small())
	id := c.write("POST", "/user_attributes", `{"name":"own","label":"L","type":"string","is_system":true}`).text("id")
	c.refusedAs("POST", "/user_attributes", `{"name":"own","label":"L","type":"string"}`, 422, "name", "already_exists")
	c.refusedAs("PATCH", "/user_attributes/1", `{"label":"x"}`, 422, "id", "invalid")
	rows := c.write("POST", "/user_attributes/"+id+"/group_values", `[{"group_id":"3","value":"c","rank":2},{"group_id":"1","value":"a","rank":1}]`)
	if got := fmt.Sprint(rows.column("rows", "group_id"), rows.column("rows", "value")); got != "[1 3] [a c]" {
		t.Errorf("values: %s", got)
	}
	value := func() string {
		d := c.read("/users/5/attribute_values?all_values=true&include_unset=true&user_attribute_ids=" + id)
		return d.text("rows.0.value") + " of " + d.text("rows.0.source")
	}
	if got := value(); got != "a of Group: 1" {
		t.Errorf("the value is %s", got)
	}
	c.write("PATCH", "/users/5/attribute_values/"+id, `{"value":"mine"}`)
	if got := value(); got != "mine of User Setting" {
		t.Errorf("the value is %s", got)
	}
	c.write("DELETE", "/users/5/attribute_values/"+id, "")
	c.write("PATCH", "/groups/1/attribute_values/"+id, `{"value":"b"}`)
	if got := value(); got != "b of Group: 1" {
		t.Errorf("the value is %s", got)
	}
	c.write("DELETE", "/groups/1/attribute_values/"+id, "")
	if got := c.read("/user_attributes/"+id+"/group_values").column("rows", "group_id"); !cmp.Equal(got, []string{"3"}) {
		t.Errorf("groups: %v", got)
	}
}

func TestAccessIsWritten(t *testing.T) {
	s, c := start(t, small())
	access := func(id string) []string {
		d := c.read("/content_metadata_access?content_metadata_id=" + id)
		var list []string
		for i := range d.list("rows") {
			at := func(name string) string { return d.text(fmt.Sprintf("rows.%d.%s", i, name)) }
			list = append(list, at("permission_type")+" "+at("group_id")+at("user_id"))
		}
		return list
	}
	parent := ""
	for _, id := range s.IDs("content_access") {
		if d := c.read("/content_metadata/" + id); d.text("folder_id") != "" && d.text("folder_id") != "lookml" {
			parent = d.text("folder_id")
			break
		}
	}
	folder := c.write("POST", "/folders", `{"name":"f","parent_id":"`+parent+`"}`)
	id, above := folder.text("content_metadata_id"), c.read("/folders/"+parent).text("content_metadata_id")
	if d := c.read("/content_metadata/" + id); d.text("inherits") != "true" || d.text("inheriting_id") != above {
		t.Errorf("a new folder: %v", d)
	}
	c.refusedAs("POST", "/content_metadata_access", `{"content_metadata_id":"`+id+`","permission_type":"view","group_id":"1"}`, 422, "content_metadata_id", "invalid")
	c.write("PATCH", "/content_metadata/"+id, `{"inherits":false}`)
	if diff := cmp.Diff(access(above), access(id)); diff != "" {
		t.Errorf("the entries of the parent are not copied (-parent +folder):\n%s", diff)
	}
	made := c.write("POST", "/content_metadata_access", `{"content_metadata_id":"`+id+`","permission_type":"view","user_id":"56"}`).text("id")
	c.refusedAs("POST", "/content_metadata_access", `{"content_metadata_id":"`+id+`","permission_type":"edit","user_id":"56"}`, 422, "group_id", "already_exists")
	c.write("PUT", "/content_metadata_access/"+made, `{"permission_type":"edit"}`)
	if got := access(id); got[len(got)-1] != "edit 56" {
		t.Errorf("entries: %v", got)
	}
	c.write("DELETE", "/content_metadata_access/"+made, "")
	c.refusedAs("DELETE", "/content_metadata_access/"+made, "", 404, "", "")
	drawn := c.read("/content_metadata_access?content_metadata_id=" + above).text("rows.0.id")
	c.write("PUT", "/content_metadata_access/"+drawn, `{"permission_type":"edit"}`)
	if got := access(above); !strings.HasPrefix(got[0], "edit ") || len(got) != len(access(id)) {
		t.Errorf("entries: %v", got)
	}
	c.write("PATCH", "/content_metadata/"+id, `{"inherits":true}`)
	if got := access(id); len(got) != 0 {
		t.Errorf("entries: %v", got)
	}
	board := c.write("POST", "/boards", `{"title":"B"}`).text("content_metadata_id")
	c.write("POST", "/content_metadata_access?send_boards_notification_email=true", `{"content_metadata_id":"`+board+`","permission_type":"view","group_id":"1"}`)
	if got := s.Effects().Mailed; len(got) != 1 {
		t.Errorf("mailed %v", got)
	}
}
