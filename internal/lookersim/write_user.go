package lookersim

import (
	"net/http"
	"strconv"
	"strings"
)

var userFields = fieldSet("first_name last_name locale home_folder_id is_disabled models_dir_validated ui_state can_manage_api3_creds")

const newUser = `{"credentials_api3":[],"credentials_email":null,"credentials_embed":[],"credentials_google":null,"credentials_ldap":null,"credentials_looker_openid":null,
	"credentials_oidc":null,"credentials_saml":null,"credentials_totp":null,"credentials_workforce":null,"display_name":"","email":null,"embed_group_space_id":null,
	"first_name":null,"group_ids":["1"],"home_folder_id":"1","personal_folder_id":null,"is_disabled":false,"last_name":null,"locale":"en","looker_versions":[],
	"models_dir_validated":null,"presumed_looker_employee":false,"role_ids":[],"sessions":[],"ui_state":{},"can_manage_api3_creds":false,"is_service_account":false,
	"service_account_name":null}`

func userWrites() kindWrites {
	return kindWrites{kind: "users", fields: userFields, defaults: newUser,
		check: func(e *edit, d *draft, id string) *refusal {
			if id == strconv.Itoa(callerID) && d.text("is_disabled") == "true" {
				return invalid("is_disabled", "invalid", "You cannot disable yourself")
			}
			return e.refers("home_folder_id", "folders")
		},
		fill: fillUser,
		born: func(e *edit, num int32) {
			e.w.relate(e.w.relation(&e.w.userGroups), num, []int32{allUsers})
			e.w.relate(e.w.relation(&e.w.userRoles), num, nil)
			e.w.countAgain()
		},
		fixed: func(e *edit, d *draft) *refusal {
			if e.request.Method == http.MethodDelete && d.text("id") == strconv.Itoa(callerID) {
				return forbidden(http.StatusForbidden, "You cannot delete yourself")
			}
			return nil
		},
		dropped: dropUser,
	}
}

func fillUser(e *edit, d *draft, id string) {
	name := strings.TrimSpace(d.text("first_name") + " " + d.text("last_name"))
	if d.text("is_service_account") == "true" {
		name = d.text("service_account_name")
	}
	if id != "" && (e.has("first_name") || e.has("last_name") || e.has("service_account_name") || d.text("display_name") == "") {
		d.str("display_name", name)
	}
	d.str("url", host+"/api/4.0/users/"+id)
	if e.request.Method == http.MethodPost && d.text("is_service_account") != "true" && d.text("personal_folder_id") == "" {
		d.str("personal_folder_id", e.personalFolder(id, name))
	}
}

// personalFolder makes the folder that a person has of their own, with the person.
func (e *edit) personalFolder(user, name string) string {
	f := e.w.create(e.w.tables["folders"], func(d *draft, id string) {
		e.w.inheritAccess(metadataID(metaFolder, int32(number(id))))
		d.str("name", name)
		d.str("parent_id", strconv.Itoa(usersRoot))
		d.str("creator_id", user)
		d.time("created_at", e.now)
		d.zero("child_count")
		d.yes("is_personal", true)
	})
	e.countChildren(strconv.Itoa(usersRoot))
	return f.t.idOf(e.w, f.row)
}

// dropUser is what the deletion of somebody does: content goes to the trash,
// schedules of hers and of her content are deleted, alerts stay.
func dropUser(e *edit, f found) {
	w := e.w
	id := strconv.Itoa(int(f.row.num))
	if folder, ok := e.row("folders", f.t.attribute(w, f.row, "personal_folder_id").text); ok {
		e.dropFolder(folder)
		e.countChildren(strconv.Itoa(usersRoot))
	}
	for kind, member := range map[string]string{"dashboards": "dashboard_id", "looks": "look_id"} {
		t := w.tables[kind]
		hers := map[string]bool{}
		for i, r := range t.rows {
			if r.state == gone || t.attribute(w, r, "user_id").text != id {
				continue
			}
			hers[t.idOf(w, r)] = true
			if r.state == present {
				e.discard(t.found(i), true)
			}
		}
		e.dropIf("scheduled_plans", member, func(of string) bool { return hers[of] })
	}
	e.dropWhere("scheduled_plans", "user_id", id)
	e.dropAccess(func(a accessEntry) bool { return a.user == id })
	w.countAgain()
	w.related.Store(true)
}

// createEmail gives a user e-mail credentials. Nothing is mailed.
func createEmail(e *edit, f found) ([]byte, *refusal) {
	d := e.w.draftOf(f)
	if d.text("credentials_email") != "" {
		return nil, taken(http.StatusConflict, "email", "The user has e-mail credentials")
	}
	if no := e.emailFree(e.id()); no != nil {
		return nil, no
	}
	link := host + "/api/4.0/users/" + e.id()
	c := draft{[]byte(`{"can":{"show_password_reset_url":true},"created_at":null,"email":null,"forced_password_reset_at_next_login":false,"user_id":null,"is_disabled":false,` +
		`"logged_in_at":null,"password_reset_url":null,"account_setup_url":null,"password_reset_url_expired":true,"account_setup_url_expired":true,"type":"email","url":null,"user_url":null}`)}
	c.raw("created_at", plainTime([]byte{}, e.now))
	c.str("user_id", e.id())
	c.str("url", link+"/credentials_email")
	c.str("user_url", link)
	c.take(e.sent, fieldSet("email forced_password_reset_at_next_login"))
	d.raw("credentials_email", c.body)
	d.str("email", e.text("email"))
	e.w.store(f.t, f.index, d, f.row.state)
	return c.body, nil
}

// emailFree checks that nobody else has the address, in any case.
func (e *edit) emailFree(id string) *refusal {
	address := e.text("email")
	if !strings.Contains(address, "@") {
		return invalid("email", "invalid", "Not an e-mail address")
	}
	if other, ok := e.w.userWithEmail(address); ok && other.t.idOf(e.w, other.row) != id {
		return taken(http.StatusConflict, "email", "Email has already been taken.")
	}
	return nil
}

// editingEmail is a write of the e-mail credentials that the user of the path has.
func editingEmail(write func(e *edit, f found, d draft) ([]byte, *refusal)) writeFunc {
	return editing("users", func(e *edit, f found) ([]byte, *refusal) {
		d := e.w.draftOf(f)
		if d.text("credentials_email") == "" {
			return nil, absent
		}
		return write(e, f, d)
	})
}

func updateEmail(e *edit, f found, d draft) ([]byte, *refusal) {
	c := draft{lookup(d.body, "credentials_email")}
	if e.has("email") {
		if no := e.emailFree(e.id()); no != nil {
			return nil, no
		}
		d.str("email", e.text("email"))
	}
	c.take(e.sent, fieldSet("email forced_password_reset_at_next_login"))
	d.raw("credentials_email", c.body)
	e.w.store(f.t, f.index, d, f.row.state)
	return c.body, nil
}

func deleteEmail(e *edit, f found, d draft) ([]byte, *refusal) {
	d.null("credentials_email", "email")
	e.w.store(f.t, f.index, d, f.row.state)
	return nil, nil
}

// resetPassword mails a link to somebody who logs in by e-mail.
func resetPassword(e *edit, _ found, d draft) ([]byte, *refusal) {
	e.mail(d.text("email"), "users/%s was invited", e.id())
	return lookup(d.body, "credentials_email"), nil
}

// serviceAccountSaid are the members of a user that routes of service accounts give.
var serviceAccountSaid = fieldSet("can id service_account_name is_disabled is_service_account group_ids role_ids credentials_api3 url")

func createServiceAccount(e *edit) ([]byte, *refusal) {
	if e.text("service_account_name") == "" {
		return nil, missing("service_account_name")
	}
	k := userWrites()
	k.fields = fieldSet("service_account_name is_disabled")
	k.defaults = strings.Replace(newUser, `"is_service_account":false`, `"is_service_account":true`, 1)
	doc, no := k.create(e)
	if no != nil {
		return nil, no
	}
	return set(serviceAccountSaid.cut(nil, doc), "created_at", appendTime(nil, e.now)), nil
}

func updateServiceAccount(e *edit) ([]byte, *refusal) {
	f, no := e.target("users")
	if no != nil || f.t.attribute(e.w, f.row, "is_service_account").text != "true" {
		return nil, absent
	}
	k := userWrites()
	k.fields = fieldSet("service_account_name is_disabled")
	doc, no := k.update(e)
	if no != nil {
		return nil, no
	}
	return serviceAccountSaid.cut(nil, doc), nil
}
