package catalogue

import "github.com/lookervault/lookervault/internal/record"

// Address is a path of Looker's web pages that leads to a document.
type Address struct {
	Words []string // before the id: "embed", "dashboards"
	Kind  record.Kind
	// Form says how the document is named behind the words.
	Form AddressForm
}

// AddressForm says how an address names a document.
type AddressForm uint8

// The forms.
const (
	// ByID is a number.
	ByID AddressForm = iota
	// BySlug is 22 letters and digits, the slug of a dashboard.
	BySlug
	// ByLookML is "model::name".
	ByLookML
	// ByModel is the name of a model, behind which that of an explore stands.
	ByModel
)

// Addresses returns the paths that lead to documents. Texts hold them with and without a
// host.
func Addresses() []Address {
	var all []Address
	for _, words := range [][]string{{"dashboards"}, {"dashboards-next"}, {"embed", "dashboards"}, {"embed", "dashboards-next"}} {
		all = append(all, Address{words, "dashboards", ByID}, Address{words, "dashboards", BySlug}, Address{words, "lookml_dashboards", ByLookML})
	}
	return append(all,
		Address{[]string{"looks"}, Looks, ByID},
		Address{[]string{"embed", "looks"}, Looks, ByID},
		Address{[]string{"folders"}, Folders, ByID},
		Address{[]string{"spaces"}, Folders, ByID},
		Address{[]string{"boards"}, "boards", ByID},
		Address{[]string{"explore"}, Models, ByModel},
		Address{[]string{"embed", "explore"}, Models, ByModel},
	)
}
