package restore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// The settings of an instance say where people reach it. A Looker that was set up from a copy of
// another one's database has the dates of its documents, but an address of its own.

// ownAddress is the address in the settings of the newest backup, "" where no backup holds one.
func ownAddress(ctx context.Context, reader vault.Reader, instance string) (string, error) {
	settings, err := reader.Document(ctx, instance, catalogue.WebAddress.Ref, vault.Latest(0).OfBackups())
	if errors.Is(err, vault.ErrNotFound) {
		return "", nil
	}
	return addressIn(settings.Body), err
}

// addressIn is the address that a body of the settings holds, "" for none.
func addressIn(settings []byte) string {
	return strings.TrimRight(canon.Text(canon.Member(settings, catalogue.WebAddress.Path)), "/")
}

// sameAddress returns an [AnotherError] where both addresses are known and differ.
func sameAddress(was, is string) error {
	if was == "" || is == "" || strings.EqualFold(was, is) {
		return nil
	}
	return &AnotherError{fmt.Sprintf(
		"its settings say that people reach it at %s, those of the newest backup %s (if it has moved, back up its settings first: lookervault run settings)", is, was)}
}

// restoresSettings reports whether somebody asks for the settings that hold the address: it may
// be what was broken.
func (r *Request) restoresSettings() bool {
	return r.Undo != 0 || slices.ContainsFunc(r.Items, func(item record.Ref) bool {
		return item.Kind == catalogue.WebAddress.Kind && (item.ID == "" || item.ID == catalogue.WebAddress.ID)
	})
}

// compareAddress compares the address in the settings that a look has read with that of the
// newest backup. It makes no call.
func (p *planner) compareAddress(ctx context.Context) error {
	if p.request.restoresSettings() {
		return nil
	}
	settings, seen, err := p.present.find(ctx, catalogue.WebAddress.Ref)
	if err != nil || seen != there {
		return err
	}
	now, err := p.reader.VersionBody(ctx, settings.Version)
	if err != nil {
		return err
	}
	was, err := ownAddress(ctx, p.reader, p.instance)
	if err != nil {
		return err
	}
	return sameAddress(was, addressIn(now.Body))
}

// askAddress asks the instance for the address in its settings, and compares it with that of the
// newest backup. It makes one call, none where no backup holds an address, or the plan is for one
// document. What the API key may not see says nothing.
func askAddress(ctx context.Context, client Looker, reader vault.Reader, plan record.Restore) error {
	request, err := RequestOf(plan)
	if err != nil || request.restoresSettings() || len(request.Items) == 1 && request.Items[0].ID != "" {
		return err
	}
	was, err := ownAddress(ctx, reader, plan.Target)
	if err != nil || was == "" {
		return err
	}
	spec, _ := catalogue.Find(catalogue.WebAddress.Kind)
	asked := singleRequest(spec, catalogue.WebAddress.ID)
	asked.Query.Set("fields", catalogue.WebAddress.Path)
	response, err := client.Get(ctx, asked)
	switch class := looker.Class(err); {
	case class == looker.FaultMissing, class == looker.FaultDenied:
		return nil
	case err != nil:
		return fmt.Errorf("see whether it is the Looker that was backed up: %w", err)
	}
	return sameAddress(was, addressIn(response.Body))
}
