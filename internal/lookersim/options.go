package lookersim

import (
	"cmp"
	"fmt"
	"reflect"
	"time"
)

// Credentials that a server accepts when its options name none.
const (
	DefaultClientID     = "sim-client-id"
	DefaultClientSecret = "sim-client-secret"
)

// Options describe a simulated server. The zero value is usable: a small
// instance of realistic bodies that plays by the rules.
type Options struct {
	Seed  int64 // chooses all content
	Sizes Sizes // how much there is; the zero value means DefaultSizes

	// Tiles is the least and the most tiles of a dashboard. Zero means 1 to 25
	// with a thin tail up to 60.
	Tiles [2]int
	// SmallTiles makes tiles of about 1 KB, as trimmed exports hold them, in
	// place of the full ones of about 11 KB.
	SmallTiles bool
	// DashboardBytes, when positive, makes dashboards of about that size (each
	// within a fifth of it) and decides the number of tiles; Tiles and
	// SmallTiles are then ignored.
	DashboardBytes int
	// LargeFilters makes field filters of about 2.5 KB, as real ones are: a filter
	// nests the whole LookML field that it filters.
	LargeFilters bool
	// PersonalFolders gives each user a personal folder besides Sizes.Folders, with
	// access of its own: 500 users make 500 access lists.
	PersonalFolders bool
	// TrashShare is the share of dashboards and looks that lie in the trash;
	// they are part of Sizes. Zero means 0.04, negative means none.
	TrashShare float64

	// Corpus names a folder of documents, files called <kind>_<id>_*.json or
	// <kind>_<id>.json, that are served byte for byte in place of generated ones.
	Corpus string

	// State names a file that keeps what is changed, so that the next server with the
	// same options and the same file goes on where this one ended. It is made with
	// the first change.
	State string

	ClientID     string        // DefaultClientID when empty
	ClientSecret string        // DefaultClientSecret when empty
	TokenTTL     time.Duration // one hour when zero
	// Restricted makes the caller somebody without the Admin role, who
	// silently sees less.
	Restricted bool

	Latency   time.Duration // waited before every answer of the API
	RateLimit RateLimit     // the zero value refuses nothing
	Rules     []Rule        // faults, tried in order; the first that fires wins
	Quirks    Quirks        // ways in which the server does not play along
	Dialect   Dialect       // how it spells ids and what is missing
	BadRows   []BadRow      // what stands in lists besides documents
	Gzip      bool          // compress for clients that accept it

	// Now tells the time for tokens and rate limits; nil means time.Now.
	Now func() time.Time
	// Observe, when set, is told of every finished request, from the
	// goroutine that served it.
	Observe func(Call)
}

// Quirks are ways in which a server that is otherwise sound does not play
// along. They are set for the server's life.
type Quirks struct {
	NoTotals    bool // no X-Total-Count, and so no "last" link
	IgnoreSorts bool // the order is another one on every request, whatever sorts says
	PageCap     int  // no page holds more rows than this, whatever limit says; 0 = no cap
	WholeCap    int  // no list that knows no pages holds more rows than this; 0 = no cap
	IgnoreIDs   bool // id filters and id lists are not applied
	// IgnoreLimit answers every page with all rows from the offset on, and
	// IgnoreOffset with the first page again.
	IgnoreLimit, IgnoreOffset bool
	// Totals is what X-Total-Count says, the truth when empty.
	Totals TotalForm
	// LinkHost stands in Link headers in place of the host that was asked, as
	// behind a proxy: "https://looker.internal:19999".
	LinkHost string
	// PoorRows names kinds whose list rows lack members that the single document has
	// (dashboard_layouts, credentials_email and the like), or members of them, as
	// "scheduled_plans.scheduled_plan_destination"; "roles.model_set.models" steps into an object.
	PoorRows []string
	// PoorEvery makes only every n-th row of those kinds poorer. 0: every row.
	PoorEvery int
	// PoorForms are the ways in which these rows are poorer, by turns. None: with PoorEvery
	// members are missing, are null, are arrays of half the elements; without, missing.
	PoorForms []PoorForm
	// ExpiresIn is how a login says how long its token lives, a number of seconds
	// when empty.
	ExpiresIn ExpiryForm
	// FlatHierarchy makes the search of groups with hierarchy name neither parents nor
	// roles.
	FlatHierarchy bool
	// StillDates keeps updated_at of a dashboard where somebody edits a tile, a filter or
	// a layout of it.
	StillDates bool
}

// Dialect is how a server spells what others spell otherwise. It is set for the
// server's life.
type Dialect struct {
	// QuerySlugs makes the ids of queries slugs, as servers since 24.20 have them in
	// looks, tiles, plans, queries and merge queries; alerts keep numbers, and so do
	// merge queries of before, which have the slug beside: every other source query
	// is named so.
	QuerySlugs bool
	// NoNumericQueries answers 404 to /queries/{number}: an administrator forbids
	// numeric ids. /queries/slug/{slug} works, and so does a slug as id with QuerySlugs.
	NoNumericQueries bool
	// NumericIDs makes numbers of all ids that are digits, as API 3.1 had them.
	NumericIDs bool
	// EmptyForNull writes "" for some members that have no value, as recorded answers
	// do: logged_in_at, password_reset_url, tunnel_id, last_reap_at, lookml_link_id,
	// external_id, label.
	EmptyForNull bool
}

// TotalForm is what X-Total-Count says of a list.
type TotalForm string

// Totals that are not the length of the list.
const (
	TotalHigh TotalForm = "high" // half as many again, and one
	TotalLow  TotalForm = "low"  // half
	TotalPage TotalForm = "page" // the rows of this answer
	TotalHuge TotalForm = "huge" // 2^61
)

func (f TotalForm) told(total, rows int) int {
	switch f {
	case TotalHigh:
		return total + total/2 + 1
	case TotalLow:
		return total / 2
	case TotalPage:
		return rows
	case TotalHuge:
		return 1 << 61
	}
	return total
}

func (f TotalForm) check() error {
	switch f {
	case "", TotalHigh, TotalLow, TotalPage, TotalHuge:
		return nil
	}
	return fmt.Errorf("totals %q: want high, low, page or huge", string(f))
}

// Sizes is how many documents of each kind the server holds. Trashed ones,
// built-in ones and internal ones are part of the numbers. Kinds that others
// lean on are raised to the least that keeps references whole (a caller, a
// group of all users, the built-in roles, the root folders).
type Sizes struct {
	Dashboards, Looks, Folders, Boards           int
	Users, Groups, Roles                         int
	PermissionSets, ModelSets, LookmlModels      int
	ScheduledPlans, Alerts                       int
	LookmlDashboards                             int
	MergedTiles, MergeQueries, SourceQueries     int
	UserAttributes, Themes, ColorCollections     int
	Connections, Projects, Datagroups            int
	IntegrationHubs, Integrations, Agents        int
	HomepageSections, LegacyFeatures, APIClients int
	Favorites, ExploresPerModel                  int
}

// DefaultSizes is a small instance with something of every kind.
func DefaultSizes() Sizes {
	return Sizes{
		Dashboards: 120, Looks: 90, Folders: 30, Boards: 8,
		Users: 60, Groups: 14, Roles: 10, PermissionSets: 9, ModelSets: 7, LookmlModels: 8,
		ScheduledPlans: 40, Alerts: 20, LookmlDashboards: 6,
		MergedTiles: 20, MergeQueries: 18, SourceQueries: 50,
		UserAttributes: 18, Themes: 6, ColorCollections: 8,
		Connections: 4, Projects: 5, Datagroups: 5,
		IntegrationHubs: 2, Integrations: 6, Agents: 3,
		HomepageSections: 3, LegacyFeatures: 12, APIClients: 2, Favorites: 15, ExploresPerModel: 6,
	}
}

// StandardSizes is an instance of a mid-sized company: 2,000 dashboards of
// which 250 tiles are merged results over about 700 source queries, 2,000
// looks in 120 folders, 500 users.
func StandardSizes() Sizes {
	s := DefaultSizes()
	s.Dashboards, s.Looks, s.Folders, s.Boards = 2000, 2000, 120, 40
	s.Users, s.Groups, s.Roles = 500, 60, 25
	s.PermissionSets, s.ModelSets, s.LookmlModels = 20, 15, 8
	s.ScheduledPlans, s.Alerts = 300, 150
	s.LookmlDashboards = 25
	s.MergedTiles, s.MergeQueries, s.SourceQueries = 250, 250, 700
	s.UserAttributes, s.Themes, s.ColorCollections = 30, 20, 12
	s.Connections, s.Projects, s.Datagroups = 8, 8, 16
	return s
}

// raised returns s with the least numbers that keep references whole.
func (s Sizes) raised() Sizes {
	if s == (Sizes{}) {
		s = DefaultSizes()
	}
	s.Folders = max(s.Folders, minFolders)
	s.Users = max(s.Users, 2)
	s.Groups = max(s.Groups, 1)
	s.PermissionSets = max(s.PermissionSets, len(builtInSets))
	s.ModelSets = max(s.ModelSets, 1)
	s.Roles = max(s.Roles, len(builtInSets))
	s.LookmlModels = max(s.LookmlModels, 1)
	s.Connections = max(s.Connections, 1)
	s.Projects = max(s.Projects, 1)
	if s.MergedTiles > 0 {
		s.MergeQueries = max(s.MergeQueries, 1)
	}
	if s.LookmlDashboards > 0 {
		s.SourceQueries = max(s.SourceQueries, 1)
	}
	if s.MergeQueries > 0 {
		s.SourceQueries = max(s.SourceQueries, 2)
	}
	if s.Integrations > 0 {
		s.IntegrationHubs = max(s.IntegrationHubs, 1)
	}
	if s.Dashboards == 0 {
		s.Favorites, s.MergedTiles = 0, 0
	}
	s.ExploresPerModel = max(s.ExploresPerModel, 1)
	return s
}

// check refuses a number below 0.
func (s Sizes) check() error {
	for field, value := range reflect.ValueOf(s).Fields() {
		if value.Int() < 0 {
			return fmt.Errorf("%s: %d is less than 0", field.Name, value.Int())
		}
	}
	return nil
}

func (o Options) withDefaults() (Options, error) {
	if err := o.Sizes.check(); err != nil {
		return o, err
	}
	o.Sizes = o.Sizes.raised()
	if o.PersonalFolders {
		o.Sizes.Folders += o.Sizes.Users
	}
	o.ClientID, o.ClientSecret = cmp.Or(o.ClientID, DefaultClientID), cmp.Or(o.ClientSecret, DefaultClientSecret)
	o.TokenTTL = cmp.Or(o.TokenTTL, time.Hour)
	o.TrashShare = cmp.Or(o.TrashShare, 0.04)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Tiles[0] < 0 || o.Tiles[1] < o.Tiles[0] {
		return o, fmt.Errorf("tiles %d to %d: the least must not be negative nor above the most", o.Tiles[0], o.Tiles[1])
	}
	if err := o.Quirks.Totals.check(); err != nil {
		return o, err
	}
	if err := o.Quirks.ExpiresIn.check(); err != nil {
		return o, err
	}
	if err := o.Quirks.checkPoor(); err != nil {
		return o, err
	}
	if o.TrashShare > 1 {
		return o, fmt.Errorf("trash share %g: more than everything", o.TrashShare)
	}
	return o, nil
}
