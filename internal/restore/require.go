package restore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// requireAll sees to it that everything which a document names is on the instance when
// its turn comes, or says why the document is impossible.
func (d *draft) requireAll(ctx context.Context, n *node, refs []canon.Reference) error {
	for _, ref := range refs {
		spec, ok := catalogue.Find(ref.Kind)
		// Queries stay on the instance for ever. What is loose Looker takes as it is.
		if !ok || spec.Immutable || ref.By.Loose || ref.Ref == n.Ref {
			continue
		}
		var err error
		if ref.By.People {
			err = d.person(ctx, n, ref.Ref)
		} else {
			err = d.require(ctx, n, ref.Ref, ref.By.Optional || d.request.Partial && ref.Part != "")
		}
		if err != nil || !n.writes() {
			return err
		}
	}
	return nil
}

// require sees to it that one document is there which another one names.
func (d *draft) require(ctx context.Context, n *node, ref record.Ref, optional bool) error {
	now, seen, err := d.present.find(ctx, ref)
	if err != nil {
		return err
	}
	exists := seen == there
	if seen == unseen {
		if !d.lookable(ref) {
			return nil
		}
		d.relied[d.present.target(ref)] = true
		exists = now.Version != 0 && now.State != record.Gone
	}
	if exists && now.State == record.Present && d.nodes[ref] == nil {
		return nil
	}
	if d.request.Undo != 0 && d.nodes[ref] == nil {
		n.settle(record.DeedSkip, fmt.Sprintf("it named %s, which was not there before either", ref))
		return nil
	}
	e, held, err := d.past.version(ctx, ref)
	if err != nil {
		return err
	}
	switch {
	case seen == unknown && d.nodes[ref] == nil && !optional:
		n.impossible(fmt.Sprintf("it needs %s: %s", ref, d.present.reason(ref)))
		return nil
	case !exists && d.heirsPlace(ctx, ref, e):
		return nil
	case !held && !exists || !writable(ref.Kind) && !exists:
		if optional {
			d.drop(n, ref)
			return nil
		}
		n.impossible(d.missing(ref, e))
		return nil
	case d.request.excluded(ref), d.request.Only && d.nodes[ref] == nil:
		n.impossible(fmt.Sprintf("it needs %s, which is left out", ref))
		return nil
	}
	need, err := d.decide(ctx, wish{Ref: ref, entry: e, needed: true})
	if err != nil {
		return err
	}
	if need.action.Deed == record.DeedImpossible && !optional {
		n.impossible(fmt.Sprintf("it needs %s: %s", ref, need.action.Reason))
		return nil
	}
	if need.writes() {
		n.needs = append(n.needs, need)
		return nil
	}
	if stays := !exists || now.State == record.Trashed; stays && need.action.Target == "" || need.action.Deed == record.DeedSkip && stays {
		if optional {
			d.drop(n, ref)
			return nil
		}
		n.impossible(fmt.Sprintf("it needs %s, which does not come back: %s", ref, need.action.Reason))
	}
	return nil
}

// drop leaves out what a document names that is nowhere.
func (d *draft) drop(n *node, ref record.Ref) {
	d.note("%s: it named %s, which is not on the instance; it comes back without", n.Ref, ref)
	if !slices.Contains(d.request.Dropped, ref) {
		d.request.Dropped = append(d.request.Dropped, ref)
	}
}

// heirsPlace lets the personal folder of who took over stand for that of who left, which
// went with its user. It reports whether it does.
func (d *draft) heirsPlace(ctx context.Context, ref record.Ref, folder vault.Entry) bool {
	spec, ok := catalogue.Find(ref.Kind)
	if !ok || spec.Place != catalogue.IsFolder || folder.Version == 0 {
		return false
	}
	body, err := d.body(ctx, folder)
	if err != nil || canon.Text(canon.Member(body, "is_personal")) != "true" {
		return false
	}
	heir := d.request.Assigned[folder.Owner]
	if heir == "" {
		heir = d.Caller.ID
	}
	users, err := d.present.all(ctx, catalogue.Users)
	if err != nil {
		return false
	}
	text, err := d.body(ctx, users[heir])
	if err != nil {
		return false
	}
	place := canon.Text(canon.Member(text, "personal_folder_id"))
	if place == "" {
		return false
	}
	if d.request.Places == nil {
		d.request.Places = make(map[string]string)
	}
	d.request.Places[ref.ID] = place
	d.present.made[ref] = place
	d.note("what lay in %s %q, which went with its user, comes into the personal folder of %s", ref, folder.Name, users[heir].Name)
	return true
}

// lookable reports whether a look can find out whether a document is there.
func (d *draft) lookable(ref record.Ref) bool {
	spec, ok := catalogue.Find(ref.Kind)
	return ok && !spec.Listing.Unserved && ref.ID != ""
}

// missing says that what a document names is nowhere.
func (d *draft) missing(ref record.Ref, e vault.Entry) string {
	name := ref.String()
	if e.Name != "" {
		name = fmt.Sprintf("%s %q", name, e.Name)
	}
	if !writable(ref.Kind) {
		return fmt.Sprintf("it needs %s, which is not on the instance and cannot be made through the API", name)
	}
	return fmt.Sprintf("it needs %s, which is neither on the instance nor in the backup", name)
}

// person sees to it that a user stands for one that a document names: the same one,
// the one that somebody named for it, or who gets what belongs to nobody.
func (d *draft) person(ctx context.Context, n *node, ref record.Ref) error {
	if d.request.Assigned[ref.ID] != "" {
		return nil
	}
	now, seen, err := d.present.find(ctx, ref)
	if err != nil {
		return err
	}
	if seen == unseen {
		d.relied[d.present.target(ref)] = true
	}
	if seen == there || seen == unseen && now.Version != 0 && now.State != record.Gone || d.nodes[ref] != nil {
		if need := d.nodes[ref]; need != nil && need.writes() {
			n.needs = append(n.needs, need)
		}
		return nil
	}
	return d.orphan(ctx, n, ref, now)
}

// orphan deals with a document whose owner is not on the instance any more.
func (d *draft) orphan(ctx context.Context, n *node, ref record.Ref, user vault.Entry) error {
	who := ref.String()
	if user.Name != "" {
		who = fmt.Sprintf("%s (%s)", user.Name, ref)
	}
	if d.request.OrphansTo != "" {
		heir, err := d.presentUser(ctx, d.request.OrphansTo)
		if err != nil {
			return fmt.Errorf("--orphans-to: %w", err)
		}
		d.assign(ref.ID, heir)
		return nil
	}
	if n.spec.Write.RunsAsOwner {
		n.impossible(fmt.Sprintf("%s is not on the instance, and it runs with the rights of its owner: name a new one by --owners %s=USER", who, ref.ID))
		return nil
	}
	if n.spec.Owned() {
		d.drop(n, ref)
		return nil
	}
	d.note("what belonged to %s, who is not on the instance, comes to the user of the API key; --owners %s=USER names another one", who, ref.ID)
	d.assign(ref.ID, d.Caller.ID)
	return nil
}

func (d *draft) assign(from, to string) {
	if d.request.Assigned == nil {
		d.request.Assigned = make(map[string]string)
	}
	if to != "" {
		d.request.Assigned[from] = to
	}
}

// assignOwners lets the users whom the request names stand for those that they are to
// take over from.
func (d *draft) assignOwners(ctx context.Context) error {
	for from, to := range d.request.NewOwners {
		ids, err := d.usersCalled(ctx, from)
		if err != nil {
			return fmt.Errorf("--owners %s=%s: %w", from, to, err)
		}
		heir, err := d.presentUser(ctx, to)
		if err != nil {
			return fmt.Errorf("--owners %s=%s: %w", from, to, err)
		}
		for _, id := range ids {
			d.assign(id, heir)
		}
	}
	return nil
}

// presentUser finds the one user on the instance whom a text means.
func (d *draft) presentUser(ctx context.Context, text string) (string, error) {
	users, err := d.present.all(ctx, catalogue.Users)
	if err != nil {
		return "", err
	}
	var found []string
	for id, e := range users {
		if e.State == record.Gone {
			continue
		}
		named := id == text || strings.EqualFold(e.Name, text)
		if !named && strings.Contains(text, "@") {
			body, err := d.body(ctx, e)
			if err != nil {
				return "", err
			}
			named = strings.EqualFold(emailOf(body), text)
		}
		if named {
			found = append(found, id)
		}
	}
	if len(found) != 1 {
		return "", fmt.Errorf("user %q: %d users on the instance are called so; name one by its id", text, len(found))
	}
	ref := record.Ref{Kind: catalogue.Users, ID: found[0]}
	if _, seen, err := d.present.find(ctx, ref); err != nil || seen != unseen {
		return found[0], err
	}
	d.relied[ref] = true
	return found[0], nil
}

// emailOf is the mail address of a user, "" without one.
func emailOf(body []byte) string {
	if email := canon.Text(canon.Member(canon.Member(body, "credentials_email"), "email")); email != "" {
		return email
	}
	return canon.Text(canon.Member(body, "email"))
}
