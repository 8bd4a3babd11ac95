package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

// printPlan prints a plan for people, or as one JSON object.
func printPlan(ctx context.Context, s *streams, reader vault.Reader, plan record.Restore, asJSON bool, perSecond int) error {
	if asJSON {
		v, err := planView(plan)
		if err != nil {
			return err
		}
		return s.writeObject(v, table.FormatJSON)
	}
	p := newPlanPrinter(ctx, s, reader, plan)
	var damage error
	if plan.AsOf != 0 {
		run, err := reader.Run(ctx, plan.AsOf)
		if err != nil && !errors.Is(err, vault.ErrNotFound) {
			damage = err
		}
		p.asOf = run.Started
	}
	p.print(plan, perSecond)
	p.next(plan)
	return cmp.Or(p.flush(s.out), damage)
}

// planView is a plan as programs see it.
func planView(plan record.Restore) (view.Plan, error) {
	request, err := restore.RequestOf(plan)
	v := view.PlanOf(plan)
	v.LinksLeft, v.Into = request.LinksLeft, request.IntoID
	for _, t := range request.Taken {
		v.Taken = append(v.Taken, view.PlanTaken{Kind: t.Kind, ID: t.ID, Name: t.Name, Of: t.Of.String(), Part: t.Part.String()})
	}
	for _, action := range plan.Actions {
		if address := request.Invited[action.Ref.String()]; address != "" {
			v.Mails = append(v.Mails, view.PlanMail{Kind: action.Kind, ID: action.ID, Name: action.Name, Address: address})
		}
	}
	return v, err
}

// printAgreed prints a plan that is about to be applied, unless nobody is asked who wants to read nothing.
func (r *restoring) printAgreed(ctx context.Context, plan record.Restore) error {
	s := r.options.streams
	if s.quiet && r.options.yes.given {
		return nil
	}
	p := newPlanPrinter(ctx, s, r.file.Reader(), plan)
	p.print(plan, r.config.RateLimit.PerSecond)
	if planIsDone(plan) {
		p.next(plan)
	}
	return p.flush(s.out)
}

// planPrinter prints a plan for people.
type planPrinter struct {
	out   *strings.Builder
	color bool
	path  string
	where string // flags of commands that apply it
	asOf  time.Time
	cut   bool // a value had no room
	refs  int  // columns that the kinds and ids of actions take
	// terminal says that people read it on one.
	terminal bool
	names    *planNames
}

func newPlanPrinter(ctx context.Context, s *streams, reader vault.Reader, plan record.Restore) *planPrinter {
	return &planPrinter{
		out: &strings.Builder{}, color: s.colors(s.out), terminal: isTerminal(s.out), path: reader.Path(),
		where: demoFlag(plan.Target == demoName, reader.Path()), names: newPlanNames(ctx, reader, plan.Target),
	}
}

// flush writes what was printed: lines that are wider than the screen go on below.
func (p *planPrinter) flush(out io.Writer) error {
	if err := p.names.failed(); err != nil {
		return err
	}
	width, _ := ui.TerminalSize(out)
	_, err := io.WriteString(out, table.WrapLines(p.out.String(), width))
	return err
}

// How many actions, and changes of one, a plan shows before it only counts them. All that are
// impossible or delete something are shown besides.
const (
	actionsShown = 200
	changesShown = 8
)

// Between how many columns the kinds and ids of actions take; what is longer moves its own line only.
const (
	leastRefs = 22
	mostRefs  = 36
)

func (p *planPrinter) print(plan record.Restore, perSecond int) {
	p.head(plan, perSecond)
	shown, more := 0, 0
	p.refs = leastRefs
	for _, action := range plan.Actions {
		p.refs = min(max(p.refs, len(action.Ref.String())), mostRefs)
	}
	for _, deletions := range []bool{false, true} {
		for _, action := range plan.Actions {
			if (action.Deed == record.DeedDelete) != deletions {
				continue
			}
			// What is deleted, and what does not come back, somebody has to know who applies it.
			always := deletions || action.Deed == record.DeedImpossible
			if shown < actionsShown || always {
				p.action(action)
			} else {
				more++
			}
			if !always {
				shown++
			}
		}
	}
	if more > 0 {
		fmt.Fprintf(p.out, "  and %s more: lookervault restore show %d --json%s has all of them\n", count(int64(more)), plan.ID, dbFlag(p.path))
	}
	p.taken(plan)
	p.mails(plan)
	if p.cut {
		fmt.Fprintf(p.out, "Values with … are cut: lookervault restore show %d --json%s has more of them.\n", plan.ID, dbFlag(p.path))
	}
	for _, note := range plan.Notes {
		fmt.Fprintf(p.out, "Note: %s\n", plainText(p.names.in(note)))
	}
}

// taken says what goes for good with what is deleted inside documents.
func (p *planPrinter) taken(plan record.Restore) {
	v, err := planView(plan)
	if err != nil || len(v.Taken) == 0 {
		return
	}
	fmt.Fprintln(p.out, "Lost with what is deleted, and not brought back by an undo:")
	for _, t := range v.Taken {
		sign := table.Paint("-", table.Bad, p.color)
		fmt.Fprintf(p.out, "  %s %s\n", sign, plainText(fmt.Sprintf("%s/%s %q  on %s of %s", t.Kind, t.ID, t.Name, t.Part, t.Of)))
	}
}

// mails says who gets mail: whoever applies the plan has to know, however many these are.
func (p *planPrinter) mails(plan record.Restore) {
	v, err := planView(plan)
	if err != nil || len(v.Mails) == 0 {
		return
	}
	fmt.Fprintln(p.out, "Mail, last and once, to each whose account is back with all that is theirs: how to set a password")
	for _, mail := range v.Mails {
		fmt.Fprintf(p.out, "  @ %s  %s\n", plainText(fmt.Sprintf("%s/%s %q", mail.Kind, mail.ID, mail.Name)), plainText(mail.Address))
	}
}

func (p *planPrinter) head(plan record.Restore, perSecond int) {
	state := "as each document was last"
	if plan.AsOf != 0 {
		state = fmt.Sprintf("as of run %d", plan.AsOf)
		if !p.asOf.IsZero() {
			state += " (" + ui.Moment(p.asOf, p.terminal) + ")"
		}
	}
	if plan.Purpose == record.UndoPurpose {
		state = fmt.Sprintf("as it was before restore %d", plan.Of)
	}
	if v, err := planView(plan); err == nil && v.Into != "" {
		state += fmt.Sprintf(", into %s", record.Ref{Kind: catalogue.Folders, ID: v.Into}) + p.names.beside(catalogue.Folders, []byte(strconv.Quote(v.Into)))
	}
	v := view.PlanOf(plan)
	todo := int64(0)
	for _, action := range plan.Actions {
		if writes(action.Deed) {
			todo++
		}
	}
	if plan.Look != 0 {
		state += fmt.Sprintf(", seen in run %d", plan.Look)
	}
	fmt.Fprintf(p.out, "Plan %d: %s %s. %s", plan.ID, plainText(plan.Target), state, plural(todo, "action", "actions"))
	if v.Calls > 0 {
		fmt.Fprintf(p.out, ", about %s", plural(int64(v.Calls), "call", "calls"))
		if n := v.ByClass[string(catalogue.Query)]; n > 0 {
			fmt.Fprintf(p.out, " (%d query)", n)
		}
		if perSecond > 0 {
			seconds := time.Duration(v.Calls) * time.Second / time.Duration(perSecond)
			fmt.Fprintf(p.out, ", %d:%02d at %d/s", int(seconds.Minutes()), int(seconds.Seconds())%60, perSecond)
		}
	}
	fmt.Fprintln(p.out, ".")
}

// writes reports whether a deed writes to the instance.
func writes(deed record.Deed) bool {
	return !slices.Contains([]record.Deed{record.DeedReuse, record.DeedSkip, record.DeedImpossible}, deed)
}

var deedSigns = map[record.Deed]string{
	record.DeedCreate: "+", record.DeedUpdate: "~", record.DeedUndelete: "^", record.DeedMove: ">", record.DeedReuse: "=",
	record.DeedSkip: ".", record.DeedDelete: "-", record.DeedImpossible: "!",
}

func deedTone(deed record.Deed) table.Tone {
	switch deed {
	case record.DeedCreate, record.DeedUndelete:
		return table.Good
	case record.DeedUpdate, record.DeedMove:
		return table.Unsure
	case record.DeedDelete, record.DeedImpossible:
		return table.Bad
	default:
		return table.Plain
	}
}

func (p *planPrinter) action(a record.Action) {
	name := a.Name
	if name != "" {
		name = fmt.Sprintf("%q", name)
	}
	if a.Place != "" {
		name = a.Place + "/" + name
	}
	line := fmt.Sprintf("  %s %-*s  %s", table.Paint(deedSigns[a.Deed], deedTone(a.Deed), p.color), p.refs, plainText(a.Ref.String()), plainText(name))
	if said := p.said(a); said != "" {
		if name != "" {
			line += "    "
		}
		line += plainText(p.names.in(said))
	}
	fmt.Fprintln(p.out, strings.TrimRight(line, " "))
	if a.Deed == record.DeedCreate {
		return
	}
	for i, c := range a.Changes {
		if i == changesShown {
			fmt.Fprintf(p.out, "      and %s\n", plural(int64(len(a.Changes)-i), "more change", "more changes"))
			break
		}
		beside := func(value json.RawMessage) string { return plainText(p.names.beside(kindNamed(a.Kind, c.Path), value)) }
		if part, _ := wholePart(a.Kind, c.Path); part != nil {
			beside = func(value json.RawMessage) string { return plainText(p.names.besidePart(part, value)) }
		}
		fmt.Fprintf(p.out, "      %s  %s%s → %s%s\n", plainText(changePath(a.Kind, c.Path)),
			p.value(c.Before), beside(c.Before), p.value(c.After), beside(c.After))
	}
}

// said is what a plan says of an action in words.
func (p *planPrinter) said(a record.Action) string {
	switch {
	case a.Reason != "":
		return a.Reason
	case a.Deed == record.DeedCreate && !catalogue.Lookup(a.Kind).Write.Asleep.IsZero():
		return "asleep until the end"
	case a.Deed == record.DeedCreate && keepsName(a.Kind):
		return "under its name"
	case a.Deed == record.DeedCreate:
		return "new id"
	case a.Deed == record.DeedReuse:
		return "as it is wanted"
	case a.Name == "":
		return p.names.owner(record.Ref{Kind: a.Kind, ID: cmp.Or(a.Target, a.ID)})
	}
	return ""
}

// keepsName reports whether documents of a kind are known by names, which they keep.
func keepsName(kind record.Kind) bool {
	spec := catalogue.Lookup(kind)
	return spec.Write != nil && slices.Contains(spec.Write.Fields, spec.Fields.ID)
}

// valueShown is how many runes of a value a plan shows.
const valueShown = 60

// value is a value on a line.
func (p *planPrinter) value(value json.RawMessage) string {
	if value == nil {
		return "nothing"
	}
	said := string(value)
	if cut := canon.Text(value); strings.HasSuffix(cut, "…") && strings.ContainsAny(cut[:1], "{[") {
		said = cut // the beginning of what is no text
	}
	text := []rune(plainText(strings.Join(strings.Fields(said), " ")))
	if len(text) > valueShown {
		p.cut = true
		return string(text[:valueShown-1]) + "…"
	}
	return string(text)
}

// next says what can be done with a plan.
func (p *planPrinter) next(plan record.Restore) {
	todo := slices.ContainsFunc(plan.Actions, func(a record.Action) bool { return a.State == record.ActionPlanned || a.State == record.ActionRunning })
	switch {
	case plan.State != record.RestorePlanned:
		fmt.Fprintf(p.out, "It is %s: lookervault restore status %d%s\n", plan.State, plan.ID, dbFlag(p.path))
	case todo:
		fmt.Fprintf(p.out, "Apply it:  lookervault restore apply %d%s\n", plan.ID, p.where)
	case slices.ContainsFunc(plan.Actions, func(a record.Action) bool { return a.Deed == record.DeedImpossible }):
		fmt.Fprintln(p.out, "There is nothing that could be done.")
	default:
		fmt.Fprintln(p.out, "There is nothing to do.")
	}
}
