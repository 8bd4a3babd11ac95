package restore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Somebody who is made anew has no password. With --invite they get the mail by which they set
// one: last, when they and all that hangs on them is back, and never twice. A mail whose answer
// was lost may have arrived, and nothing on the instance says so: it is named, not repeated.

// invitation is what steps of the journal call a mail. It is no part of a document.
const invitation = "invitation"

// invitationOf is the route that mails the people of a document, and their address; none where
// nobody is mailed. Why, where it says something, is for people.
func invitationOf(w *catalogue.Write, body []byte) (route *catalogue.Invitation, address, why string, err error) {
	for i := range w.Parts {
		part := &w.Parts[i]
		if part.Write.Invites.IsZero() {
			continue
		}
		rows, err := canon.PartRows(part, body)
		if err != nil || len(rows) == 0 {
			return nil, "", "", err
		}
		invites := &part.Write.Invites
		if canon.Text(canon.Member(body, invites.Unless.Path)) == invites.Unless.Value {
			return nil, "", invites.Unless.Why, nil
		}
		if address = canon.Text(canon.Member(rows[0].Body, invites.Address)); address != "" {
			return invites, address, "", nil
		}
	}
	return nil, "", "", nil
}

// invite decides who gets mail: those who are made anew and log in by their mail address.
func (d *draft) invite() error {
	if !d.request.Invite {
		return nil
	}
	for _, ref := range sortedRefs(d.nodes) {
		n := d.nodes[ref]
		if n.action.Deed != record.DeedCreate {
			continue
		}
		_, address, why, err := invitationOf(n.spec.Write, n.body)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", ref, err)
		case why != "":
			d.note("%s gets no mail: %s", n.action.Title(), why)
		case address != "":
			if d.request.Invited == nil {
				d.request.Invited = make(map[string]string)
			}
			d.request.Invited[ref.String()] = address
			n.action.PlannedCalls++
		}
	}
	if len(d.request.Invited) == 0 {
		d.note("nobody gets mail: of those who are made anew nobody logs in by mail address")
	}
	return nil
}

// invite mails those whom the plan names.
func (a *applier) invite(ctx context.Context) error {
	var mailed []string
	for _, action := range a.plan.Actions {
		address := a.request.Invited[action.Ref.String()]
		if address == "" || action.State != record.ActionDone && action.State != record.ActionSame {
			continue
		}
		if a.waves.Stopped() {
			return job.ErrInterrupted
		}
		why, err := a.inviteFor(ctx, action, address)
		if err != nil {
			return err
		}
		if why != "" {
			a.unmailed++
			a.note("%s: %s", action.Title(), why)
			continue
		}
		mailed = append(mailed, address)
	}
	if len(mailed) > 0 {
		a.note("mailed how to set a password: %s", several(mailed))
	}
	return nil
}

// mailsNamed is how many addresses a note names.
const mailsNamed = 10

func several(words []string) string {
	if more := len(words) - mailsNamed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(words[:mailsNamed], ", "), more)
	}
	return strings.Join(words, ", ")
}

// inviteFor mails the people of one document, unless they were mailed before. Where they are not,
// why says so.
func (a *applier) inviteFor(ctx context.Context, action record.Action, address string) (why string, err error) {
	steps, err := a.Journal.Steps(ctx, action.Seq)
	if err != nil {
		return "", err
	}
	sent := func(state record.StepState) bool {
		return slices.ContainsFunc(steps, func(s record.Step) bool { return s.Part == invitation && s.State == state })
	}
	switch {
	case sent(record.StepDone):
		return "", nil
	case sent(record.StepIntent):
		return fmt.Sprintf("whether the mail to %s was sent is not known, and it is not sent again: ask, or send it by hand", address), nil
	}
	if missing := a.missingWith(action.Seq); missing != nil {
		return fmt.Sprintf("no mail to %s, since %s is not back as it was; send it by hand when that is well", address, missing.Title()), nil
	}
	spec, _ := catalogue.Find(action.Kind)
	wanted, err := a.Reader.VersionBody(ctx, action.Version)
	if err != nil {
		return "", err
	}
	t := a.task(action, canon.RowFor(spec, action.ID, wanted.Body))
	t.steps = steps
	route, _, _, err := invitationOf(t.spec.Write, wanted.Body)
	if err != nil || route == nil {
		return "", err
	}
	refused, err := t.mail(ctx, route, address)
	if err != nil {
		return "", err
	}
	a.store(t.action)
	return refused, a.Journal.Settle(ctx, t.done, []record.Action{t.action}, nil)
}

// mail makes the request that mails. The intent is durable before it leaves.
func (t *task) mail(ctx context.Context, route *catalogue.Invitation, address string) (why string, err error) {
	step := record.Step{
		Restore: t.plan.ID, Seq: t.action.Seq, Step: len(t.steps) + 1, Route: route.String(), Part: invitation,
		Item: t.action.ID, Intended: sha256.Sum256([]byte(t.action.Target + " " + address)), State: record.StepIntent, At: t.Now(),
	}
	if err := t.advance(ctx, &step); err != nil {
		return "", err
	}
	response, err := t.Client.Send(ctx, looker.Write{
		Route: route.String(), Class: string(route.Activity), Method: route.Method, Path: route.Fill(t.action.Target), Made: route.Address, // without it the answer is none
	})
	t.count(response, err)
	_, doubtful := errors.AsType[*looker.DoubtError](err)
	switch {
	case err == nil:
		t.outcome(step, record.StepDone, t.action.Target)
		return "", nil
	case !doubtful: // nothing was sent, or Looker has refused it
		t.outcome(step, record.StepRefused, "")
	case t.Doubted != nil:
		t.Doubted(t.action.Ref, route.String(), false)
	}
	if aboutRestore(err) {
		return "", vault.Join(err, t.Journal.Advance(context.WithoutCancel(ctx), t.done, nil))
	}
	said := strings.Join(strings.Fields(err.Error()), " ")
	if doubtful {
		return fmt.Sprintf("whether the mail to %s was sent is not known, and it is not sent again: %s", address, said), nil
	}
	return fmt.Sprintf("no mail to %s: %s", address, said), nil
}

// missingWith is the first action that is not done and equal of one and all that need it, nil for
// none. What the plan called impossible was known when it was agreed to.
func (a *applier) missingWith(seq int) *record.Action {
	with := map[int]bool{seq: true}
	for i := range a.plan.Actions { // what an action needs comes before it
		action := &a.plan.Actions[i]
		if action.Seq != seq && !slices.ContainsFunc(action.Needs, func(need int) bool { return with[need] }) {
			continue
		}
		with[action.Seq] = true
		bad := action.Checked == record.CheckedDifferent || action.Checked == record.CheckedMissing
		switch action.State {
		case record.ActionDone, record.ActionSame, record.ActionSkipped, record.ActionImpossible:
		default:
			bad = true
		}
		if bad {
			return action
		}
	}
	return nil
}
