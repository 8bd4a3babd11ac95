package lookersim

import (
	"net/http"
	"slices"
)

// rowWrites is how the rows of a setting that is a list are written.
type rowWrites struct {
	list     string // the setting's id, and the path of POST
	one      string // the path of a row, without its id
	key      string // the member that is the id of a row
	fields   string // what a request may say
	required []string
	defaults string // what a new row says of itself, a JSON object
	// check looks at a row before it is stored, and sets what follows from the request.
	check func(e *edit, d *draft) *refusal
	// stored follows a change of a row, nil for none.
	stored func(e *edit, id string)
	// held says why a row cannot be deleted, nil for never.
	held func(e *edit, id string) *refusal
}

// settingRows are the rows of a setting that is a list.
func (e *edit) settingRows(setting string) (found, [][]byte) {
	f, _ := e.row("settings", setting)
	return f, list(e.w.draftOf(f).body)
}

func (e *edit) storeRows(f found, rows [][]byte) {
	e.w.store(f.t, f.index, draft{joined(nil, rows, nil)}, f.row.state)
}

// rowAt is where the row with an id is among others, -1 for nowhere.
func rowAt(rows [][]byte, key, id string) int {
	return slices.IndexFunc(rows, func(doc []byte) bool { return rawValue(lookup(doc, key)).text == id })
}

func (k rowWrites) create(e *edit) ([]byte, *refusal) {
	d := draft{[]byte("{}")}
	d.str(k.key, e.w.partID())
	d.defaults(k.defaults)
	f, rows := e.settingRows(k.list)
	return k.put(e, f, append(rows, nil), len(rows), d)
}

func (k rowWrites) update(e *edit) ([]byte, *refusal) {
	f, rows := e.settingRows(k.list)
	at := rowAt(rows, k.key, e.id())
	if at < 0 {
		return nil, absent
	}
	return k.put(e, f, rows, at, draft{rows[at]})
}

// put makes a draft, changed by the request, one of the rows.
func (k rowWrites) put(e *edit, f found, rows [][]byte, at int, d draft) ([]byte, *refusal) {
	d.take(e.sent, fieldSet(k.fields))
	for _, name := range k.required {
		if d.text(name) == "" {
			return nil, missing(name)
		}
	}
	if k.check != nil {
		if no := k.check(e, &d); no != nil {
			return nil, no
		}
	}
	rows[at] = d.body
	e.storeRows(f, rows)
	if k.stored != nil {
		k.stored(e, d.text(k.key))
	}
	return d.body, nil
}

func (k rowWrites) remove(e *edit) ([]byte, *refusal) {
	f, rows := e.settingRows(k.list)
	at := rowAt(rows, k.key, e.id())
	if at < 0 {
		return nil, absent
	}
	if k.held != nil {
		if no := k.held(e, e.id()); no != nil {
			return nil, no
		}
	}
	e.storeRows(f, slices.Delete(rows, at, at+1))
	return nil, nil
}

func (k rowWrites) routes() []route {
	return []route{
		{pattern: "POST /" + k.list, kind: "settings", write: k.create},
		{pattern: "PATCH /" + k.one + "/{id}", kind: "settings", write: k.update},
		{pattern: "DELETE /" + k.one + "/{id}", kind: "settings", write: k.remove},
	}
}

// The members of an SSH server that a request says; its tunnels repeat them.
var serverMembers = []string{"ssh_server_name", "ssh_server_host", "ssh_server_port", "ssh_server_user"}

func serverWrites() rowWrites {
	return rowWrites{list: "ssh_servers", one: "ssh_server", key: "ssh_server_id", fields: "ssh_server_name ssh_server_host ssh_server_port ssh_server_user",
		required: serverMembers, defaults: `{"finger_print":"new finger print","sha_finger_print":"new sha finger print","public_key":"public key","status":"unknown"}`,
		stored: func(e *edit, id string) {
			f, tunnels := e.settingRows("ssh_tunnels")
			for i := range tunnels {
				if d := (draft{tunnels[i]}); d.text("ssh_server_id") == id {
					e.throughServer(&d)
					tunnels[i] = d.body
				}
			}
			e.storeRows(f, tunnels)
		},
		held: func(e *edit, id string) *refusal {
			if _, tunnels := e.settingRows("ssh_tunnels"); rowAt(tunnels, "ssh_server_id", id) >= 0 {
				return forbidden(http.StatusBadRequest, "Tunnels go through the server")
			}
			return nil
		},
	}
}

// throughServer repeats in a tunnel what its server is. It reports whether there is one.
func (e *edit) throughServer(tunnel *draft) bool {
	_, servers := e.settingRows("ssh_servers")
	at := rowAt(servers, "ssh_server_id", tunnel.text("ssh_server_id"))
	if at < 0 {
		return false
	}
	for _, name := range serverMembers {
		tunnel.raw(name, lookup(servers[at], name))
	}
	return true
}

func tunnelWrites() rowWrites {
	return rowWrites{list: "ssh_tunnels", one: "ssh_tunnel", key: "tunnel_id", fields: "ssh_server_id local_host_port database_host database_port",
		required: []string{"ssh_server_id", "database_host", "database_port"}, defaults: `{"local_host_port":2222,"last_attempt":"never","status":"unknown"}`,
		check: func(e *edit, d *draft) *refusal {
			if !e.throughServer(d) {
				return unknown("ssh_server_id", d.text("ssh_server_id"))
			}
			return nil
		},
	}
}
