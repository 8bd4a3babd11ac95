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

// sees returns what is known of a document, and whether it is on the instance as far as
// anybody knows. What no look has asked for the next one asks for.
func (d *draft) sees(ctx context.Context, ref record.Ref) (now vault.Entry, seen sight, exists bool, err error) {
	now, seen, err = d.present.find(ctx, ref)
	switch seen {
	case there:
		exists = true
	case unseen:
		exists = now.Version != 0 && now.State != record.Gone
		d.relied[d.present.target(ref)] = true
	case unlisted:
		d.relied[d.present.target(ref)] = true
	}
	return now, seen, exists, err
}

// requireAll sees to it that everything which a document names is on the instance when
// its turn comes, or says why the document is impossible.
func (d *draft) requireAll(ctx context.Context, n *node, refs []canon.Reference) error {
	for i, ref := range refs {
		if ref.By.Loose {
			if err := d.tellLoose(ctx, n, ref); err != nil {
				return err
			}
		}
		spec, ok := catalogue.Find(ref.Kind)
		// What is loose Looker takes as it is.
		if !ok || ref.By.Loose {
			continue
		}
		require := d.require
		switch {
		case spec.Immutable:
			require = d.requireStored
		case ref.By.People:
			require = d.person
		}
		if err := require(ctx, n, ref); err != nil {
			return err
		}
		if !n.writes() {
			return d.lookAhead(ctx, ref, refs[i+1:])
		}
	}
	return d.requireCalled(ctx, n)
}

// lookAhead asks for what a document names behind a reference that stands in its way, where
// nobody has looked at that one yet: a look for each would be more than a plan makes.
func (d *draft) lookAhead(ctx context.Context, stopped canon.Reference, behind []canon.Reference) error {
	if !d.relied[d.present.target(stopped.Ref)] {
		return nil
	}
	for _, ref := range behind {
		if ref.Kind != stopped.Kind {
			continue
		}
		if _, _, _, err := d.sees(ctx, ref.Ref); err != nil {
			return err
		}
	}
	return nil
}

// requirePlace sees to it that the place of a document is there which the server knows it
// by: where that is made anew, or another one stands for it, no other document can have
// the place's old id.
func (d *draft) requirePlace(ctx context.Context, n *node) error {
	if n.spec.Place == catalogue.Nowhere || d.wasTrashed(n) {
		return nil
	}
	refs, err := canon.References(n.spec.Write, n.body)
	if err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	return d.requireAll(ctx, n, slices.DeleteFunc(refs, func(r canon.Reference) bool {
		return r.Kind != catalogue.Folders
	}))
}

// require sees to it that one document is there which another one names.
func (d *draft) require(ctx context.Context, n *node, ref canon.Reference) (err error) {
	if ref.Ref, err = d.ofFamily(ctx, ref.Ref); err != nil {
		return err
	}
	if need, err := d.comesAnew(ctx, ref.Ref); err != nil || need != nil {
		if need != nil && d.waitsFor(n, need) {
			n.needs = append(n.needs, need)
		}
		return err
	}
	if _, seen, err := d.present.find(ctx, ref.Ref); err != nil || seen == unseen && !d.lookable(ref.Ref) {
		return err
	}
	now, seen, exists, err := d.sees(ctx, ref.Ref)
	if err != nil || exists && now.State == record.Present && d.nodes[ref.Ref] == nil {
		return err
	}
	if d.request.Undo != 0 && d.nodes[ref.Ref] == nil {
		if exists { // in the trash, where it was when it was named
			d.tellTrashed(n, ref)
			return nil
		}
		if home, err := d.home(ctx, n, ref.Ref, now); err != nil || home {
			return err // it went with its user
		}
		return d.wasMissing(ctx, n, ref)
	}
	e, held, err := d.past.version(ctx, ref.Ref)
	if err != nil {
		return err
	}
	if seen == unknown && d.nodes[ref.Ref] == nil {
		return d.lacks(ctx, n, ref, fmt.Sprintf("it needs %s: %s", ref.Ref, d.present.reason(ref.Ref)))
	}
	if !exists {
		if home, err := d.home(ctx, n, ref.Ref, e); err != nil || home {
			return err
		}
		if !held || !writable(ref.Kind) || d.nodes[ref.Ref] == nil && catalogue.Lookup(ref.Kind).Write.Chosen {
			return d.lacks(ctx, n, ref, d.missing(ref.Ref, e))
		}
	}
	if d.request.excluded(ref.Ref) || d.request.Only && d.nodes[ref.Ref] == nil {
		why := fmt.Sprintf("it needs %s, which is left out", ref.Ref)
		if d.request.Partial || ref.Part != "" && !ref.By.Optional {
			return d.lacks(ctx, n, ref, why)
		}
		n.impossible(why)
		return nil
	}
	return d.needs(ctx, n, ref, e, !exists || now.State == record.Trashed)
}

// needs decides what becomes of a document that another one names, and of that one with it. stays
// says that it is not where it can be named, unless it comes back.
func (d *draft) needs(ctx context.Context, n *node, ref canon.Reference, e vault.Entry, stays bool) error {
	need, err := d.decide(ctx, wish{Ref: ref.Ref, entry: e, needed: true})
	if err != nil {
		return err
	}
	switch {
	case need.writes():
		n.needs = append(n.needs, need)
	case need.action.Deed == record.DeedImpossible && (stays || !ref.By.Optional):
		return d.lacks(ctx, n, ref, fmt.Sprintf("it needs %s: %s", ref.Ref, need.action.Reason))
	case stays && !need.writes() && need.entry.State == record.Trashed && need.action.Target != "" && need.taken == nil:
		return d.lacks(ctx, n, ref, fmt.Sprintf("it needs %s, which is in the trash, as it was: name it as well to take it out", ref.Ref))
	case stays && (need.action.Target == "" || need.action.Deed == record.DeedSkip && need.taken == nil):
		return d.lacks(ctx, n, ref, fmt.Sprintf("it needs %s, which does not come back: %s", ref.Ref, need.action.Reason))
	}
	return nil
}

// ofFamily returns the document that the plan is about where one of its family is named, and
// records it.
func (d *draft) ofFamily(ctx context.Context, named record.Ref) (record.Ref, error) {
	ref, err := d.representative(ctx, named)
	if err != nil || ref == named {
		return ref, err
	}
	if d.request.Families == nil {
		d.request.Families = make(map[string]string)
	}
	d.request.Families[named.String()] = ref.ID
	return ref, nil
}

// wasMissing decides about a document that is undone and named what was not there before
// either.
func (d *draft) wasMissing(ctx context.Context, n *node, ref canon.Reference) error {
	why := fmt.Sprintf("it named %s, which was not there before either", ref.Ref)
	switch {
	case inList(n.spec.Write, ref), ref.Part == "" && ref.By.Optional && strings.Contains(ref.By.Path, "."):
		return d.drop(n, ref.Ref, why)
	case ref.Part == "" && ref.By.Optional:
		d.note("%s comes back without its %s: %s", n.Ref, ref.By.Path, why)
		return d.override(n, ref.By.Path, nil)
	case ref.Part == "":
		n.writeNothing(record.DeedSkip, why)
		return nil
	}
	parts, err := d.missingParts(ctx, n, ref)
	if err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	return d.leaveOut(n, parts, why)
}

// lacks decides about a document that names what will not be there: it comes back without
// the reference where it can be without, else without the parts that have it where
// somebody wants that, else not at all.
func (d *draft) lacks(ctx context.Context, n *node, ref canon.Reference, why string) error {
	if ref.By.Optional {
		return d.drop(n, ref.Ref, why)
	}
	if ref.Part == "" {
		n.impossible(why)
		return nil
	}
	parts, err := d.missingParts(ctx, n, ref)
	if err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	if !d.request.Partial && (!ref.By.Spare || writable(ref.Kind)) {
		lost, err := d.withoutDead(n, parts, ref.Ref)
		if err != nil {
			return fmt.Errorf("%s: %w", n.Ref, err)
		}
		if len(lost) > 0 || len(parts) == 0 {
			return d.lacksParts(n, lost, why)
		}
	}
	return d.leaveOut(n, parts, why)
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
	switch {
	case !writable(ref.Kind):
		return fmt.Sprintf("it needs %s, which is not on the instance and cannot be made through the API", name)
	case e.Version != 0 && catalogue.Lookup(ref.Kind).Write.Chosen:
		return fmt.Sprintf("it needs %s, which is not on the instance: set it up again, or name it as well", name)
	}
	return fmt.Sprintf("it needs %s, which is neither on the instance nor in the backup", name)
}

// person sees to it that a user stands for one that a document names: the same one,
// the one that somebody named for it, or who gets what belongs to nobody.
func (d *draft) person(ctx context.Context, n *node, ref canon.Reference) error {
	if id := d.request.Assigned[ref.ID]; id != "" && (!d.toCaller[ref.ID] || !n.spec.Write.RunsAsOwner) {
		return d.noteDisabled(ctx, n, id)
	}
	now, _, exists, err := d.sees(ctx, ref.Ref)
	if err != nil {
		return err
	}
	need, err := d.comesAnew(ctx, ref.Ref)
	if err != nil {
		return err
	}
	if need == nil {
		need = d.nodes[ref.Ref]
	}
	if need != nil && need.writes() {
		n.needs = append(n.needs, need)
	}
	if exists {
		return d.noteDisabled(ctx, n, now.ID)
	}
	if need != nil && need.action.Deed != record.DeedImpossible && need.action.Deed != record.DeedSkip {
		return nil
	}
	return d.orphan(ctx, n, ref.Ref)
}

// noteDisabled tells that what runs with the rights of its owner does not run, where that user is
// there and disabled.
func (d *draft) noteDisabled(ctx context.Context, n *node, id string) error {
	if !n.spec.Write.RunsAsOwner {
		return nil
	}
	owner := record.Ref{Kind: catalogue.Users, ID: id}
	now, _, exists, err := d.sees(ctx, owner)
	if err != nil || !exists {
		return err
	}
	body, err := d.body(ctx, now)
	if err == nil && canon.Text(canon.Member(body, "is_disabled")) == "true" {
		d.note("%s does not run while its owner %s %q is disabled", n.Ref, owner, now.Name)
	}
	return err
}

// orphan deals with a document whose owner is not on the instance any more.
func (d *draft) orphan(ctx context.Context, n *node, ref record.Ref) error {
	who := ref.String() // whoever prints it says what the user is called
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
		return d.drop(n, ref, who+" is not on the instance")
	}
	d.note("what belonged to %s, who is not on the instance, comes to the user of the API key; --owners %s=USER names another one", who, ref.ID)
	d.assign(ref.ID, d.Caller.ID)
	d.toCaller[ref.ID] = true
	return nil
}

// assignOwners lets the users whom the request names stand for those that they are to
// take over from.
func (d *draft) assignOwners(ctx context.Context) error {
	if d.request.OrphansTo != "" { // also where nothing turns out to be an orphan
		if _, err := d.findUser(ctx, d.request.OrphansTo); err != nil {
			return fmt.Errorf("--orphans-to: %w", err)
		}
	}
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

// presentUser finds the one user on the instance whom a text means, and has the next look see
// them.
func (d *draft) presentUser(ctx context.Context, text string) (string, error) {
	id, err := d.findUser(ctx, text)
	if err != nil {
		return "", err
	}
	_, _, _, err = d.sees(ctx, record.Ref{Kind: catalogue.Users, ID: id})
	return id, err
}

// findUser finds the one user whom a text means among those who are not known to be gone.
func (d *draft) findUser(ctx context.Context, text string) (string, error) {
	users, err := d.present.all(ctx, catalogue.Users)
	if err != nil {
		return "", err
	}
	var found []string
	for id, e := range users {
		if e.State == record.Gone {
			continue
		}
		called, err := d.isCalled(ctx, e, text)
		if err != nil {
			return "", err
		}
		if called || id == text {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("user %q: nobody on the instance is called so: name somebody by id, name or mail address", text)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("user %q: users %s are called so: name one by the id", text, strings.Join(sortedIDs(found), ", "))
}

// emailOf is the mail address of a user, "" without one.
func emailOf(body []byte) string {
	if email := canon.Text(canon.Member(canon.Member(body, "credentials_email"), "email")); email != "" {
		return email
	}
	return canon.Text(canon.Member(body, "email"))
}
