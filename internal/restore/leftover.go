package restore

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
)

// Leftover is something that an earlier [Probe] has not deleted.
type Leftover struct {
	record.Ref

	Name string
}

// LeftBefore returns what earlier probes have left, since they were killed or might not delete it:
// folders below the one named within, and dashboards anywhere, also in the trash, whose names begin
// with a prefix. Of what cannot be searched it returns nothing: the next probe says what is wrong.
func LeftBefore(ctx context.Context, client Getter, within, prefix string) []Leftover {
	folders, _ := catalogue.Find(catalogue.Folders)
	tiles, _ := withPart(catalogue.Tiles)
	trash := tiles.Write.Trash
	return slices.Concat(
		leftOf(ctx, client, folders, prefix, url.Values{"parent_id": {within}}),
		leftOf(ctx, client, tiles, prefix, url.Values{}),
		leftOf(ctx, client, tiles, prefix, url.Values{trash.Name: {trash.Value}}),
	)
}

// leftOf are the documents of a kind among them.
func leftOf(ctx context.Context, client Getter, kind *catalogue.Spec, prefix string, query url.Values) []Leftover {
	route := kind.Write.Keys[0].Search
	query.Set(kind.Fields.Name, prefix+"%")
	query.Set("fields", kind.Fields.ID+","+kind.Fields.Name)
	response, err := client.Get(ctx, looker.Request{Route: route.String(), Class: string(route.Activity), Path: route.Path, Query: query})
	if err != nil {
		return nil
	}
	rows, err := canon.Rows(response.Body)
	if err != nil {
		return nil
	}
	var left []Leftover
	for _, row := range rows {
		if name := canon.Text(canon.Member(row, kind.Fields.Name)); strings.HasPrefix(name, prefix) {
			left = append(left, Leftover{record.Ref{Kind: kind.Name, ID: canon.Text(canon.Member(row, kind.Fields.ID))}, name})
		}
	}
	return left
}
