package lookersim

import "slices"

// hidden tells which rows of a kind a caller without Admin does not see, nil
// when it sees them all. Nothing on the wire says that rows were left out.
func (w *world) hidden(kind string, restricted bool) func(*world, row) bool {
	if !restricted {
		return nil
	}
	switch kind {
	case "folders":
		return func(w *world, r row) bool { return w.private(r.num) }
	case "dashboards":
		return func(w *world, r row) bool { return w.private(w.dashboardInfo(r.num).folder) }
	case "looks":
		return func(w *world, r row) bool { return w.private(w.lookInfo(r.num).folder) }
	case "boards":
		return func(_ *world, r row) bool { return r.num%3 == 0 }
	case "scheduled_plans":
		return func(w *world, r row) bool { return w.planOwnerOf(r) != callerID }
	case "alerts":
		return func(w *world, r row) bool { return w.alertOwnerOf(r) != callerID }
	case "groups":
		return func(w *world, r row) bool { return !slices.Contains(w.groupsOf(callerID), r.num) }
	case "roles":
		return func(w *world, r row) bool { return !slices.Contains(w.rolesOf(callerID), r.num) }
	}
	return nil
}

// private says whether only its owner and admins see a folder.
func (w *world) private(num int32) bool {
	if owner, ok := w.folderOwner[num]; ok {
		return owner != callerID
	}
	return num > minFolders && num%4 == 0
}

// seen narrows a document to what the caller may see of it.
func (c *call) seen(f found, doc []byte) []byte {
	if c.restricted() && f.t.kind == "users" && f.row.num != callerID {
		return publicUser.cut(nil, doc)
	}
	return doc
}
