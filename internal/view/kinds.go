package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// Kind is a row of the catalogue, as kinds shows it.
type Kind struct {
	Kind       record.Kind `json:"kind"`
	What       string      `json:"what"`
	Restorable bool        `json:"restorable"` // false: kept to be looked at
	Default    bool        `json:"default"`    // false: only when it is named
	Optional   bool        `json:"optional"`   // not on every instance
	Admin      bool        `json:"admin_only"`
	// WithoutAdmin is what a key without the Admin role sees; "" for all of it.
	WithoutAdmin string `json:"without_admin"`

	Calls  string   `json:"calls"`
	Quotas []string `json:"quotas"` // that its calls are drawn from
	Remark string   `json:"remark"`
}

// KindsOf are the rows of the catalogue, with what they cost at a size of pages.
func KindsOf(pageSize int) []Kind {
	var kinds []Kind
	for _, k := range catalogue.All() {
		kinds = append(kinds, Kind{
			Kind: k.Name, What: k.Title, Restorable: !k.Reference, Default: !k.OptIn, Optional: k.Optional, Admin: k.Admins, WithoutAdmin: k.WithoutAdmin,
			Calls: callsOf(k, pageSize), Quotas: quotasOf(k), Remark: k.Remark,
		})
	}
	return kinds
}

// callsOf says what a kind costs in calls, as its row has it.
func callsOf(k *catalogue.Spec, pageSize int) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	ways := make(map[record.How]bool)
	for _, way := range k.Many {
		ways[way.How] = true
	}
	switch l := k.Listing; {
	case l.Whole:
		add("1 for the list")
	case len(l.Fixed) > 0:
		add("%d, one each", len(l.Fixed))
	case l.Followed && ways[record.Folder]:
		add("1 per folder above several, else 1 each")
	case l.Followed && k.Immutable:
		add("1 each, once in a vault's life")
	case l.Followed:
		add("1 each%s", ownersOf(k.Name))
	default:
		pages := fmt.Sprintf("1 per %s ids", humanize.Comma(int64(l.Page)))
		if l.Trash {
			pages += ", again for the trash"
		}
		parts = append(parts, pages)
		if ways[record.Page] {
			add("1 per %d documents", pageSize)
		}
		if ways[record.Folder] {
			add("1 per folder with several new or changed ones, else 1 each")
		}
	}
	if !k.Detail.IsZero() && (k.Listing.Whole || len(k.Many) > 0) {
		add("1 to prove the list")
	}
	return strings.Join(parts, " + ")
}

// ownersOf names what there is one document for each of.
func ownersOf(kind record.Kind) string {
	var owners []string
	for _, k := range catalogue.All() {
		for p := range k.Leads() {
			if p.Kind == kind && p.Path == "id" && p.Unless == "" {
				owners = append(owners, string(k.Name))
			}
		}
	}
	if len(owners) == 0 {
		return ""
	}
	return ", as many as " + strings.Join(owners, " and ")
}

// quotasOf are the quotas that a kind's calls are drawn from.
func quotasOf(k *catalogue.Spec) []string {
	routes := append([]catalogue.Route{k.Listing.Route, k.Detail}, k.Listing.Fixed...)
	for _, way := range k.Many {
		routes = append(routes, way.Route)
	}
	var quotas []string
	for _, r := range routes {
		if !r.IsZero() {
			quotas = append(quotas, string(r.Activity))
		}
	}
	slices.Sort(quotas)
	return slices.Compact(quotas)
}

// Catalogue is everything that kinds shows, as one object.
type Catalogue struct {
	Kinds []Kind     `json:"kinds"`
	Views []KindView `json:"views"`
	Gaps  []Gap      `json:"gaps"`
}

// KindView is what is read from documents of other kinds, without a call.
type KindView struct {
	View string `json:"view"`
	What string `json:"what"`
	From string `json:"from"`
}

// Gap is what no backup holds.
type Gap struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// CatalogueOf makes it of kinds.
func CatalogueOf(kinds []Kind) Catalogue {
	c := Catalogue{Kinds: kinds}
	for _, v := range catalogue.Views() {
		c.Views = append(c.Views, KindView{v.Name, v.Title, v.From})
	}
	for _, g := range catalogue.Gaps() {
		c.Gaps = append(c.Gaps, Gap(g))
	}
	return c
}
