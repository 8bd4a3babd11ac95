package catalogue

import (
	"net/url"

	"github.com/lookervault/lookervault/internal/record"
)

// webPlaces are the kinds whose documents have a page of their own in Looker's web
// interface, and where it is.
var webPlaces = map[record.Kind]string{
	"dashboards": "/dashboards/", "lookml_dashboards": "/dashboards/", "looks": "/looks/", Folders: "/folders/", "boards": "/boards/",
}

// WebPath is the path of a document's page in Looker's web interface, "" where it has
// none.
func WebPath(ref record.Ref) string {
	place, ok := webPlaces[ref.Kind]
	if !ok {
		return ""
	}
	return place + url.PathEscape(ref.ID)
}
