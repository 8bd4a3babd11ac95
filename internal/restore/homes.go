package restore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// A personal folder is made by Looker with its user, and goes with that user. What lay in it
// comes into the one of the user who is back, or comes back. Where somebody else takes over, it
// comes into a folder of its own, "From Ann", in theirs.

// ownerGone deals with what is there and runs with the rights of somebody who is not: nobody sees it,
// and who looks for what was lost is to know.
func (d *draft) ownerGone(ctx context.Context, n *node, exists bool) error {
	owner := record.Ref{Kind: catalogue.Users, ID: n.entry.Owner}
	if !exists || !d.request.Lost || !n.spec.Write.RunsAsOwner || owner.ID == "" || n.attached {
		return nil
	}
	if d.request.Assigned[owner.ID] != "" && !d.toCaller[owner.ID] {
		n.linked = n.linked || d.request.OrphansTo != ""
		return nil
	}
	_, seen, there, err := d.sees(ctx, owner)
	if need := d.nodes[owner]; err != nil || there || seen == unseen || need != nil && need.writes() {
		return err
	}
	err = d.orphan(ctx, n, owner)
	n.linked = n.writes() // it becomes the one's who takes over, whatever is there
	return err
}

// heir is who has what was a user's.
type heir struct {
	id   string // on the instance
	anew *node  // of the user, where that is made anew; then id is who has it else
	back bool   // it is the user
}

// heir finds out who has what was a user's: the user of the API key where nobody else has.
func (d *draft) heir(ctx context.Context, user string) (heir, error) {
	if to := d.request.Assigned[user]; to != "" {
		return heir{id: to}, nil
	}
	ref := record.Ref{Kind: catalogue.Users, ID: user}
	if n := d.nodes[ref]; n != nil && n.action.Deed == record.DeedCreate {
		return heir{id: d.Caller.ID, anew: n}, nil
	}
	now, _, exists, err := d.sees(ctx, ref)
	if err != nil || exists {
		return heir{id: now.ID, back: true}, err
	}
	if d.request.OrphansTo != "" {
		id, err := d.presentUser(ctx, d.request.OrphansTo)
		return heir{id: id}, err
	}
	return heir{id: d.Caller.ID}, nil
}

// personal reports whether a document is the personal folder of somebody.
func (d *draft) personal(ctx context.Context, e vault.Entry) (bool, error) {
	spec, ok := catalogue.Find(e.Kind)
	if !ok || spec.Place != catalogue.IsFolder || e.Version == 0 {
		return false, nil
	}
	body, err := d.body(ctx, e)
	return err == nil && isPersonal(body), err
}

func isPersonal(folder []byte) bool { return canon.Text(canon.Member(folder, "is_personal")) == "true" }

// personalFolder is the folder that a user of the instance has, "" for none.
func (d *draft) personalFolder(ctx context.Context, user string) (string, error) {
	users, err := d.present.all(ctx, catalogue.Users)
	if err != nil || users[user].Version == 0 {
		return "", err
	}
	body, err := d.body(ctx, users[user])
	return canon.Text(canon.Member(body, "personal_folder_id")), err
}

// home lets the personal folder that a user has, or gets, stand for the one that went with the
// user. It reports whether it does.
func (d *draft) home(ctx context.Context, n *node, ref record.Ref, folder vault.Entry) (bool, error) {
	if personal, err := d.personal(ctx, folder); err != nil || !personal {
		return false, err
	}
	to, err := d.heir(ctx, folder.Owner)
	if err != nil || to.anew == nil && !to.back {
		return false, err
	}
	place, err := d.personalFolder(ctx, to.id)
	if err != nil || place == "" {
		return false, err
	}
	if d.request.Places == nil {
		d.request.Places = make(map[string]string)
	}
	d.request.Places[ref.ID] = place
	if to.anew != nil {
		// The folder is made with its user. Where Looker makes none the other one takes its place.
		d.homes[ref] = true
		if n != to.anew {
			n.needs = appendNew(n.needs, to.anew)
		}
		if !hasOwnRoute(to.anew) { // else it is not sure
			d.note("what lay in %s %q comes into the personal folder that %s gets", ref, folder.Name, to.anew.Ref)
		}
		return true, d.decided(n)
	}
	d.present.made[ref] = place
	d.note("what lay in %s %q, which went with its user, comes into the personal folder that the user has now", ref, folder.Name)
	return true, d.decided(n)
}

// handOver plans to make an ordinary folder of a personal one, whose user is gone for good,
// in the personal folder of who takes over. It reports whether it does.
func (d *draft) handOver(ctx context.Context, n *node) (bool, error) {
	if n.spec.Place != catalogue.IsFolder || !isPersonal(n.body) {
		return false, nil
	}
	to, err := d.heir(ctx, n.entry.Owner)
	if err != nil || to.anew != nil || to.back {
		return false, err
	}
	place := d.request.IntoID
	if place == "" {
		place, err = d.personalFolder(ctx, to.id)
	}
	if err == nil && place == "" {
		d.note("%s has no personal folder: what lay in that of %q comes into that of the user of the API key", record.Ref{Kind: catalogue.Users, ID: to.id}, n.entry.Name)
		place, err = d.personalFolder(ctx, d.Caller.ID)
	}
	if err != nil || place == "" {
		return false, err
	}
	name := "From " + n.entry.Name
	folders, err := d.present.all(ctx, catalogue.Folders)
	if err != nil {
		return false, err
	}
	for _, id := range sortedKeys(folders) {
		if e := folders[id]; e.Name == name && e.Folder == place && e.State == record.Present {
			n.action.Target, n.action.Before = id, e.Version
			d.present.made[n.Ref] = id
			n.writeNothing(record.DeedReuse, fmt.Sprintf("%s stands for it", e.Ref))
			return true, nil
		}
	}
	for member, value := range map[string]string{n.spec.Fields.Name: name, n.spec.Fields.Folder: place} {
		if err := d.override(n, member, json.RawMessage(quote(value))); err != nil {
			return false, err
		}
	}
	n.action.Name, n.action.Place = name, folderPath(folders, place)
	n.action.Reason = fmt.Sprintf("what lay in the personal folder of %q, who is gone", n.entry.Name)
	return true, nil
}

// takenOver reports whether an ordinary folder stands for a personal one: it is not to become
// one, which only Looker makes.
func takenOver(n *node, now vault.Entry) bool {
	return n.spec.Place == catalogue.IsFolder && now.ID != n.ID && isPersonal(n.body)
}
