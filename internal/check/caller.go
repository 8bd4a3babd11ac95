package check

import (
	"context"
	"errors"
	"net/url"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
)

// callerUser is what GET /user says of the caller. Ids are numbers on old servers.
type callerUser struct {
	ID    jsontext.Value   `json:"id"`
	Roles []jsontext.Value `json:"role_ids"`
}

// namedBy are the caller's own document and those that it names.
func namedBy(user []byte) (refs []record.Ref) {
	for _, relation := range catalogue.CallerNames() {
		for _, id := range canon.Named(user, &relation) {
			refs = append(refs, record.Ref{Kind: relation.Kind, ID: id})
		}
	}
	return refs
}

// callerRole is a row of GET /roles.
type callerRole struct {
	ID          jsontext.Value `json:"id"`
	Name        string         `json:"name"`
	Permissions struct {
		AllAccess bool `json:"all_access"`
	} `json:"permission_set"`
}

// KnownRoles is what a vault holds of the roles of an instance. The zero value knows of none.
type KnownRoles struct {
	// Seen means that an earlier run has seen roles: a list of them without rows, which would tell of
	// a lesser key, is doubted then. Where none come, who calls is not known.
	Seen bool
	// Lesser reports whether all roles with these ids are known, and none is an administrator's: a
	// caller who has those may see no role at all. Nil: nothing is known of single roles.
	Lesser func(ids []string) bool
}

// doubt has a client doubt a list of roles without rows, unless the caller's own roles explain it.
func (k KnownRoles) doubt(client *looker.Client, user callerUser) {
	var ids []string
	for _, id := range user.Roles {
		ids = append(ids, canon.Text(id))
	}
	if k.Seen && (len(ids) == 0 || k.Lesser == nil || !k.Lesser(ids)) {
		client.ExpectRows(looker.Request{Route: "GET " + rolesPath, Class: "administrative", Path: rolesPath})
	}
}

// OfAdmin reports whether a role makes its holders administrators. A text that is no role does not.
func OfAdmin(role []byte) bool {
	var r callerRole
	return json.Unmarshal(role, &r) == nil && r.ofAdmin()
}

func (r callerRole) ofAdmin() bool { return r.Permissions.AllAccess || r.Name == "Admin" }

const rolesPath = "/roles"

// Caller asks who is calling and whether that is an administrator. Only
// administrators see everything: a key without the role gets shorter lists, and
// nothing in them says so. Where the server does not answer the question, or answers
// another one, the caller is not known.
func Caller(ctx context.Context, client *looker.Client, known KnownRoles) (record.Caller, error) {
	caller, _, err := callerBy(ctx, client, known, url.Values{"fields": {"id,name,permission_set(all_access)"}})
	return caller, err
}

// CallerByRoles is Caller for who needs the list of roles as well: it is what the call brought
// that tells of the caller, and nil where that brought none.
func CallerByRoles(ctx context.Context, client *looker.Client, known KnownRoles) (record.Caller, *looker.Response, error) {
	return callerBy(ctx, client, known, nil)
}

func callerBy(ctx context.Context, client *looker.Client, known KnownRoles, query url.Values) (record.Caller, *looker.Response, error) {
	var user callerUser
	own, err := get(ctx, client, "/user", url.Values{"fields": {"id,role_ids,group_ids,home_folder_id,personal_folder_id"}}, &user, func() bool { return canon.Text(user.ID) != "" })
	if unanswered(err) {
		return record.Caller{}, nil, nil // who calls is not said; nothing else depends on it
	}
	if err != nil {
		return record.Caller{}, nil, err
	}
	caller := record.Caller{ID: canon.Text(user.ID), Names: namedBy(own.Body)}
	known.doubt(client, user)
	roles, answer, err := callerRoles(ctx, client, query)
	admin := false
	switch class := looker.Class(err); {
	case class == looker.FaultDenied, class == looker.FaultMissing:
		caller.Admin = &admin
		return caller, nil, nil
	case unanswered(err):
		return caller, nil, nil
	case err != nil:
		return record.Caller{}, nil, err
	}
	for _, role := range roles {
		for _, id := range user.Roles {
			admin = admin || canon.Text(role.ID) == canon.Text(id) && role.ofAdmin()
		}
	}
	caller.Admin = &admin
	return caller, answer, nil
}

// callerRoles are the roles that the caller may see, and the answer that they stand in. A row that
// is none costs that row.
func callerRoles(ctx context.Context, client *looker.Client, query url.Values) (roles []callerRole, answer *looker.Response, err error) {
	var rows []jsontext.Value
	answer, err = get(ctx, client, rolesPath, query, &rows, func() bool {
		roles = nil
		for _, row := range rows {
			var role callerRole
			if json.Unmarshal(row, &role) == nil && canon.Text(role.ID) != "" {
				roles = append(roles, role)
			}
		}
		return rows != nil && (len(rows) == 0 || len(roles) > 0)
	})
	return roles, answer, err
}

// unanswered reports whether the server will not answer a question, or cannot: a
// failure of this call, not of the connection.
func unanswered(err error) bool {
	switch looker.Class(err) {
	case looker.FaultDenied, looker.FaultMissing, looker.FaultUnsure, looker.FaultThrottled, looker.FaultServer,
		looker.FaultTruncated, looker.FaultNotJSON, looker.FaultInvalidJSON:
		return true
	}
	return false
}

// get reads a small document that only this program looks at. An answer that does not
// decode, or that fits (nil: any) does not hold to be one to the question, is asked for again.
func get[T any](ctx context.Context, client *looker.Client, path string, query url.Values, into *T, fits func() bool) (*looker.Response, error) {
	return client.Get(ctx, looker.Request{
		Route: "GET " + path, Class: "administrative", Path: path, Query: query, Emptied: true,
		Check: func(body []byte) (looker.FaultClass, error) {
			*into = *new(T)
			if json.Unmarshal(body, into) == nil && (fits == nil || fits()) {
				return "", nil
			}
			// What the decoder says could quote the answer.
			return looker.FaultInvalidJSON, errors.New("the answer is not of the shape that Looker documents")
		},
	})
}
