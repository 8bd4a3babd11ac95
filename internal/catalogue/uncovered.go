package catalogue

// View is something that is read from documents of other kinds, so that it takes
// no call and no document.
type View struct{ Name, Title, From string }

// Views returns the views.
func Views() []View {
	return []View{
		{"group_users", "members of a group", "group_ids of users, which the server derives from the same memberships"},
	}
}

// Gap is something on an instance that no backup by this program holds.
type Gap struct{ What, Why string }

// Gaps returns what is not covered, so that nobody believes it is.
func Gaps() []Gap {
	return []Gap{
		{"LookML files, branches, deploy keys", "the API does not give them; Git is their backup"},
		{"passwords, two-factor secrets, API secrets", "the API never tells them; ids of API keys are in users"},
		{"database passwords and certificates", "write-only in the API"},
		{"SMTP settings, embed secrets, Git and SSH keys", "write-only in the API"},
		{"hidden user attribute values", "read back as null"},
		{"followers of alerts", "not in the API"},
		{"custom images of board items", "write-only in the API"},
		{"SQL Runner queries behind tiles", "found by a slug that tiles do not tell"},
		{"LookML and uploaded data of self-service models", "they are in no Git repository, and this backup has their configuration only"},
		{"repository credentials of projects", "passwords and keys are write-only in the API"},
		{"queries of golden queries and schedules named by number, where numbers are forbidden", "nothing tells their slug"},
		{"queries of alerts on tiles", "the tile's dashboard holds the query as it is now"},
		{"conversations of other users", "the API gives only the caller's own"},
		{"artifacts of extensions", "stated to be for extensions built by Looker only"},
		{"view counts, history, sessions", "usage, not content; System Activity has it"},
		{"derived tables, thumbnails, caches", "made again by the server"},
	}
}
