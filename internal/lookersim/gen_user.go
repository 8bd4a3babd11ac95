package lookersim

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// The id of the API caller, and the groups and roles that every instance has.
const (
	callerID  = 1
	allUsers  = 1 // the group that everybody is in
	adminRole = 1
	plainRole = 4 // what a caller without Admin has
)

// userKind says what sort of user somebody is.
type userKind uint8

const (
	person userKind = iota
	embedUser
	serviceAccount
)

type user struct {
	num         int32
	kind        userKind
	first, last string
	email       string
	disabled    bool
	random      rng
}

func (w *world) userInfo(num int32) user {
	u := user{num: num, random: w.rngFor("users", num, 0)}
	r := &u.random
	u.first, u.last = r.pick(firstNames), r.pick(lastNames)
	if num != callerID {
		switch p := r.n(100); {
		case p < 8:
			u.kind = embedUser
		case p < 11:
			u.kind = serviceAccount
		}
		u.disabled = r.chance(70)
	}
	u.email = "user" + strconv.Itoa(int(num)) + "+" + strings.ToLower(r.pick(subjects)) + "@example.com"
	u.email = strings.ReplaceAll(u.email, " ", "-")
	return u
}

// userName is the display name of a user.
func (w *world) userName(num int32) string {
	if doc, ok := w.nowNumbered("users", num); ok {
		return rawValue(lookup(doc, "display_name")).text
	}
	u := w.userInfo(num)
	return u.name()
}

func (u *user) name() string {
	if u.kind == serviceAccount {
		return "Service Account " + strconv.Itoa(int(u.num))
	}
	return u.first + " " + u.last
}

// groupsOf lists the groups that a user is in directly, ascending.
func (w *world) groupsOf(num int32) []int32 { return w.nowRelated(&w.userGroups, num, w.drawnGroups) }

func (w *world) drawnGroups(num int32) []int32 {
	list := []int32{allUsers}
	r := w.rngFor("users", num, 1)
	if w.sizes.Groups > 1 {
		for range r.n(4) {
			list = append(list, numberAt(1+r.skew(w.sizes.Groups-1)))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// directRoles lists the roles that a user holds without a group, ascending.
func (w *world) directRoles(num int32) []int32 { return w.nowRelated(&w.userRoles, num, w.drawnRoles) }

func (w *world) drawnRoles(num int32) []int32 {
	if num == callerID {
		if w.opts.Restricted {
			return []int32{plainRole}
		}
		return []int32{adminRole}
	}
	r := w.rngFor("users", num, 2)
	var list []int32
	for range r.n(3) {
		list = append(list, numberAt(1+r.n(w.sizes.Roles-1)))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// rolesOf lists all roles of a user, those of groups included, ascending.
func (w *world) rolesOf(num int32) []int32 {
	list := slices.Clone(w.directRoles(num))
	for _, g := range w.groupsOf(num) {
		list = append(list, w.groupRoles(g)...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// renderUser appends a user as an admin sees it.
func (w *world) renderUser(b []byte, row row, _ fieldTree) []byte {
	u := w.userInfo(row.num)
	r := &u.random
	link := host + "/api/4.0/users/" + strconv.Itoa(int(u.num))
	hash := string(r.hex(nil, 32))
	o := begin(b)
	o.raw("can", `{"index":true,"show":true,"create":true,"show_creds":true,"edit_creds":true,"show_details":true,"update":true,"destroy":true,"sudo":true,"index_details":true}`)
	o.str("avatar_url", "https://gravatar.example/avatar/"+hash+"?s=156&d=blank")
	o.str("avatar_url_without_sizing", "https://gravatar.example/avatar/"+hash+"?d=blank")
	w.credentials(&o, &u, link)
	o.str("display_name", u.name())
	o.opt("email", when(u.kind == person, u.email))
	o.null("embed_group_space_id")
	o.str("first_name", u.first)
	o.ids("group_ids", w.groupsOf(u.num))
	personal := w.personalFolder[u.num]
	o.id("home_folder_id", int64(cmp.Or(personal, sharedRoot)))
	o.id("personal_folder_id", int64(personal))
	o.id("id", int64(u.num))
	o.yes("is_disabled", u.disabled)
	o.str("last_name", u.last)
	o.str("locale", r.pick([]string{"en", "de_DE", "ja_JP", "fr_FR"}))
	o.strs("looker_versions", "26.10.4", "26.12.3")
	o.null("models_dir_validated")
	o.no("presumed_looker_employee")
	o.ids("role_ids", w.rolesOf(u.num))
	w.sessions(&o, &u, link)
	o.members(`"ui_state":{"homepageGroupIdPreference":3,"lastSeenRelease":"26.12","zoom":1.0,"big":12345678901234567890,"tips":{"explore":true}},` +
		`"verified_looker_employee":false,"roles_externally_managed":false,"allow_direct_roles":true,"allow_normal_group_membership":true,` +
		`"allow_roles_from_normal_groups":true,"embed_group_folder_id":null,"is_iam_admin":false`)
	o.yes("can_manage_api3_creds", u.num == callerID)
	o.yes("is_service_account", u.kind == serviceAccount)
	o.opt("service_account_name", when(u.kind == serviceAccount, u.name()))
	o.raw("x_flags", `{"beta":null,"score":1e21}`)
	o.str("url", link)
	return o.end()
}

// credentials writes how a user logs in. The one-time links of e-mail
// credentials are real secrets on a real server.
func (w *world) credentials(o *object, u *user, link string) {
	r := &u.random
	created := epoch + int64(u.num%1500)*day
	o.key("credentials_api3")
	o.b = append(o.b, '[')
	if u.num == callerID || u.kind == serviceAccount {
		o.b = w.apiKey(o.b, u, link, created)
	}
	o.b = append(o.b, ']')
	saml := u.kind == person && r.chance(250)
	if u.kind == person && !saml {
		o.key("credentials_email")
		o.b = emailLogin(o.b, u, link, created)
	} else {
		o.null("credentials_email")
	}
	o.key("credentials_embed")
	o.b = append(o.b, '[')
	if u.kind == embedUser {
		c := begin(o.b)
		c.raw("can", "{}")
		c.key("created_at")
		c.b = plainTime(c.b, created)
		c.str("external_group_id", "tenant-"+strconv.Itoa(r.n(20)))
		c.str("external_user_id", "ext|"+string(r.slug(nil, 12)))
		c.id("id", int64(u.num)+1000)
		c.members(`"is_disabled":false,"logged_in_at":null,"type":"embed"`)
		c.str("url", link+"/credentials_embed/"+strconv.Itoa(int(u.num)+1000))
		o.b = c.end()
	}
	o.b = append(o.b, ']')
	o.null("credentials_google", "credentials_ldap", "credentials_looker_openid", "credentials_oidc")
	if saml {
		c := begin(nil)
		c.raw("can", `{"show_password_reset_url":true}`)
		c.str("created_at", "2021-04-01 10:00:00 +0000")
		c.str("email", u.email)
		c.no("is_disabled")
		c.str("logged_in_at", "2026-06-01 08:30:00 +0000")
		c.str("saml_user_id", u.email)
		c.str("type", "saml")
		c.str("url", link+"/credentials_saml")
		o.raw("credentials_saml", string(c.end()))
	} else {
		o.null("credentials_saml")
	}
	o.null("credentials_totp", "credentials_workforce")
}

func emailLogin(b []byte, u *user, link string, created int64) []byte {
	r := &u.random
	c := begin(b)
	c.raw("can", `{"show_password_reset_url":true}`)
	c.key("created_at")
	c.b = plainTime(c.b, created)
	c.str("email", u.email)
	c.no("forced_password_reset_at_next_login")
	c.id("user_id", int64(u.num))
	c.no("is_disabled")
	c.key("logged_in_at")
	c.b = plainTime(c.b, created+int64(r.n(1000))*day)
	if r.chance(200) {
		c.str("password_reset_url", host+"/password/reset/"+string(r.slug(nil, 40)))
	} else {
		c.null("password_reset_url")
	}
	if r.chance(150) {
		c.str("account_setup_url", host+"/account/setup/"+string(r.slug(nil, 40)))
	} else {
		c.null("account_setup_url")
	}
	c.yes("password_reset_url_expired", r.chance(500))
	c.no("account_setup_url_expired")
	c.str("type", "email")
	c.str("url", link+"/credentials_email")
	c.str("user_url", link)
	return c.end()
}

func (w *world) apiKey(b []byte, u *user, link string, created int64) []byte {
	c := begin(b)
	c.raw("can", "{}")
	c.id("id", int64(u.num)+50)
	c.str("client_id", string(u.random.slug(nil, 20)))
	c.key("created_at")
	c.b = plainTime(c.b, created)
	c.members(`"is_disabled":false,"type":"api3","purpose":null`)
	c.str("url", link+"/credentials_api3/"+strconv.Itoa(int(u.num)+50))
	return c.end()
}

func (w *world) sessions(o *object, u *user, link string) {
	r := &u.random
	o.key("sessions")
	o.b = append(o.b, '[')
	if r.chance(250) && !u.disabled {
		id := int64(r.n(1 << 30))
		s := begin(o.b)
		s.raw("can", `{"index":true,"show":true,"destroy":true}`)
		s.id("id", id)
		s.str("ip_address", "203.0.113."+strconv.Itoa(r.n(256)))
		s.members(`"browser":"Chrome","operating_system":"Mac OS X","city":"Zürich","state":null,"country":"Switzerland","credentials_type":"email",` +
			`"extended_at":"2026-06-20 08:30:00 +0000"`)
		s.num("extended_count", int64(r.n(9)))
		s.members(`"sudo_user_id":null,"created_at":"2026-06-18 08:30:00 +0000","expires_at":"2026-07-18 08:30:00 +0000"`)
		s.str("url", link+"/sessions/"+strconv.FormatInt(id, 10))
		o.b = s.end()
	}
	o.b = append(o.b, ']')
}

// userAttr answers for what filters ask of users without being a member.
func (w *world) userAttr(r row, field string) (value, bool) {
	if r.over != nil && field == "embed_user" {
		return textValue(strconv.FormatBool(string(lookup(r.over.body, "credentials_embed")) != "[]")), true
	}
	if r.over != nil && field == "full_name" {
		return rawValue(lookup(r.over.body, "display_name")), true
	}
	switch field {
	case "embed_user":
		u := w.userInfo(r.num)
		return textValue(strconv.FormatBool(u.kind == embedUser)), true
	case "full_name":
		return textValue(w.userName(r.num)), true
	}
	return value{}, false
}

// publicUser are the members of a user that everybody may see.
var publicUser = fieldSet("can id first_name last_name display_name avatar_url url")
