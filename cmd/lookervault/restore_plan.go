package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
	"github.com/lookervault/lookervault/internal/vault"
)

func newRestorePlanCommand(env *environment) *cobra.Command {
	o := newRestoreOptions(env)
	cmd := &cobra.Command{
		Use: "plan [KIND[/ID]...]", Short: "Look at the instance and plan what would be given back",
		Long: `Look at the instance and plan what would be given back: print the plan and its number.
Nothing is written to Looker. Kinds, documents as KIND/ID, or what the flags select; the
flags are joined by "and".

With a document comes what it cannot be without, as folders and looks that are missing,
and what went with it, as its schedules, alerts and access rules; --only leaves both out.

What is there and differs stays, but for documents that are named by their ids and with
--changed: these become what they were. --conflict says otherwise.

Where something selected is impossible the plan says why, and can be applied for the rest.`,
		Annotations: map[string]string{exitNote: "4 when something selected is impossible, 6 when there is something to do with --exit-code."},
		Example: `  lookervault restore plan --lost
  lookervault restore plan dashboards/57 looks/9 --run 12
  lookervault restore plan --changed 11..12 --folder "Shared/Sales"
  lookervault restore plan --lost --owner ann@example.com --owners ann@example.com=bob@example.com
  lookervault restore plan --lost --json | jq -r '.actions[] | "\(.action) \(.kind)/\(.id)"'`,
		RunE: func(cmd *cobra.Command, args []string) error { return runRestorePlan(cmd.Context(), o, args) },
	}
	o.planFlags(cmd, env)
	o.selectFlags(cmd)
	cmd.Flags().Int("workers", 0, "the most requests in flight at once (stages.fetch.workers)")
	return cmd
}

// restoreShowOptions are what restore show works with.
type restoreShowOptions struct {
	streams *streams
	reading reading
	number  int64      // of the plan
	ref     record.Ref // the one document that is shown; the zero ref for all
	json    bool
}

func newRestoreShowCommand(env *environment) *cobra.Command {
	o := restoreShowOptions{streams: env.streams}
	cmd := &cobra.Command{
		Use: "show PLAN [KIND ID]", Short: "Show a plan again, or one document of it",
		Example: `  lookervault restore show 4
  lookervault restore show 4 dashboards 57
  lookervault restore show 4 --json`,
		Args: arguments(cobra.RangeArgs(1, 3)),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.number, err = planNumber(args[0]); err != nil {
				return err
			}
			if len(args) > 1 {
				if o.ref, err = refArgument(cmd, args[1:]); err != nil {
					return err
				}
			}
			return runRestoreShow(cmd.Context(), o)
		},
	}
	o.reading.flags(cmd, env)
	cmd.Flags().BoolVar(&o.json, "json", false, "print the plan as one JSON object")
	return cmd
}

// runRestorePlan plans and prints the plan.
func runRestorePlan(ctx context.Context, o restoreOptions, args []string) (err error) {
	args = o.selection.lostSpan(args)
	items, err := planItems(args)
	if err != nil {
		return err
	}
	s := o.selection
	if len(items) == 0 && s.lost == "" && s.changed == "" && len(s.folders)+len(s.owners) == 0 && s.name == "" && o.state.run.text == "" && o.state.at.text == "" {
		return usage(errors.New("what is to be given back? Name kinds or documents, or say --lost, --changed A..B, --folder, --owner, --name, --run or --at"))
	}
	r, err := openRestoring(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	request, err := r.request(ctx, items)
	if err != nil {
		return err
	}
	plan, err := r.plan(ctx, request)
	if err != nil {
		return err
	}
	if err := printPlan(ctx, o.streams, r.file.Reader(), plan, o.json, r.config.RateLimit.PerSecond); err != nil {
		return err
	}
	return planCode(plan, o.exitCode)
}

// planCode is what a plan's exit code comes from.
func planCode(plan record.Restore, different bool) error {
	request, err := restore.RequestOf(plan)
	if err != nil {
		return err
	}
	todo := false
	for _, action := range plan.Actions {
		if action.Deed == record.DeedImpossible || request.Leaves(action) {
			return said(errPartial)
		}
		todo = todo || action.State == record.ActionPlanned
	}
	if different && todo {
		return said(errDifferent)
	}
	return nil
}

// plan looks, plans and stores the plan.
func (r *restoring) plan(ctx context.Context, request restore.Request) (record.Restore, error) {
	if err := r.askWhoCalls(ctx); err != nil {
		return record.Restore{}, err
	}
	request.Key = r.key()
	plan, err := restore.Plan(ctx, restore.PlanOptions{
		Reader: r.file.Reader(), Instance: r.instance, Request: request, Caller: r.server.caller, Secrets: r.gives, Tool: toolVersion(),
		Client: r.client, Look: r.lookShown, Now: r.options.now, Settle: r.config.Restore.Settle.Std(), Settling: r.settling,
	})
	switch {
	case errors.Is(err, restore.ErrPartialView):
		return plan, fmt.Errorf("%w; --partial-view plans all the same, without making anything anew", err)
	case errors.Is(err, restore.ErrCallerUnknown):
		return plan, &exitError{code: codeIncomplete, err: fmt.Errorf("%w; Looker, or a proxy before it, is in trouble: try again later", err)}
	case errors.Is(err, looker.ErrBudget):
		return plan, fmt.Errorf("%w: nothing was planned; allow more by --max-calls, or plan fewer documents", err)
	case errors.Is(err, restore.ErrNotWritten):
		return plan, usage(err)
	case isAnother(err):
		return plan, r.anotherLooker(err)
	case errors.Is(err, vault.ErrNotFound):
		return plan, notHeld(err, r.file.Reader())
	case err != nil:
		return plan, err
	}
	return r.file.PutPlan(ctx, plan)
}

// isAnother reports whether an error says that another Looker answers.
func isAnother(err error) bool {
	_, ok := errors.AsType[*restore.AnotherError](err)
	return ok
}

// anotherLooker is the error of a command that was about to write to the wrong Looker.
func (r *restoring) anotherLooker(err error) error {
	return usagef("%s: %w: nothing was written; check looker.base_url, or back this one up under a name of its own (looker.name)", r.client.BaseURL(), err)
}

// request is what the flags ask for.
func (r *restoring) request(ctx context.Context, items []record.Ref) (request restore.Request, err error) {
	s, c := r.options.selection, r.config.Restore
	request = restore.Request{
		Items: items, Folders: s.folders, Owners: s.owners, Name: s.name, Into: s.into, Only: s.only, Partial: s.partial,
		ExactMembers: s.exact, Invite: s.invite, PartialView: s.partialView, Trash: restore.Trash(c.Trash), Wake: restore.Wake(c.Wake), Links: restore.Links(c.Links),
		OrphansTo: c.OrphansTo, Conflict: restore.Policy(c.Conflict),
	}
	if err = conflictPolicies(s.conflicts, &request); err != nil {
		return request, err
	}
	if request.Run, err = r.stateOf(ctx, r.file.Reader()); err != nil {
		return request, err
	}
	if request.Exclude, err = planItems(s.exclude); err != nil {
		return request, err
	}
	for _, text := range s.newOwners {
		from, to, ok := strings.Cut(text, "=")
		if !ok || from == "" || to == "" {
			return request, usage(fmt.Errorf("--owners %q: write it as ann@example.com=bob@example.com", text))
		}
		if request.NewOwners == nil {
			request.NewOwners = make(map[string]string)
		}
		request.NewOwners[from] = to
	}
	if _, err := path.Match(s.name, ""); err != nil {
		return request, usage(fmt.Errorf("--name: %q is not a pattern: %w", s.name, err))
	}
	return request, r.spans(ctx, s, &request)
}

// spans reads --lost and --changed.
func (r *restoring) spans(ctx context.Context, s selectionOptions, request *restore.Request) (err error) {
	request.Lost = s.lost != ""
	if request.Lost && s.changed != "" {
		return usage(errors.New("--lost and --changed exclude each other"))
	}
	if s.changed != "" && request.Run != 0 {
		return usage(errors.New("--changed A..B is the state of run A: --run and --at name another one"))
	}
	if request.Lost && s.lost != lostSinceLook {
		if request.LostSpan, err = r.span(ctx, "--lost", s.lost); err != nil {
			return err
		}
	}
	if s.changed != "" {
		request.Changed, err = r.span(ctx, "--changed", s.changed)
	}
	return err
}

// span reads two runs, as 11..12.
func (r *restoring) span(ctx context.Context, flag, text string) (*restore.Span, error) {
	from, to, ok := strings.Cut(text, "..")
	if !ok {
		return nil, usage(fmt.Errorf("%s %q: name two runs, as 11..12", flag, text))
	}
	var runs [2]int64
	for i, word := range []string{from, to} {
		point, err := pointArgument(word)
		if err != nil {
			return nil, err
		}
		run, err := r.file.Reader().RunAt(ctx, r.instance, point)
		if err != nil {
			return nil, absent(err, r.file.Reader(), "runs")
		}
		runs[i] = run.ID
	}
	if runs[0] > runs[1] {
		return nil, usage(fmt.Errorf("%s %q: the earlier run comes first", flag, text))
	}
	return &restore.Span{From: runs[0], To: runs[1]}, nil
}

// stateOf is the run whose state is wanted, 0 for none.
func (r *restoring) stateOf(ctx context.Context, reader vault.Reader) (int64, error) {
	point, err := r.options.state.point(r.options.now())
	if err != nil || point.IsNow() {
		return 0, err
	}
	run, err := reader.RunAt(ctx, r.instance, point)
	if err != nil {
		return 0, absent(err, reader, "runs")
	}
	return run.ID, nil
}

// lostSpan takes the runs of --lost A..B from the arguments, where --lost stands alone as
// well and so has not taken them. It returns the others.
func (s *selectionOptions) lostSpan(args []string) []string {
	if s.lost != lostSinceLook {
		return args
	}
	at := slices.IndexFunc(args, func(arg string) bool { return strings.Contains(arg, "..") && !strings.Contains(arg, "/") })
	if at < 0 {
		return args
	}
	s.lost = args[at]
	return slices.Delete(slices.Clone(args), at, at+1)
}

// runRestoreShow prints a plan that is stored.
func runRestoreShow(ctx context.Context, o restoreShowOptions) (err error) {
	reader, err := openRestores(ctx, o.reading)
	if err != nil {
		return err
	}
	defer closing(&err, reader)
	plan, err := reader.Restore(ctx, o.number)
	if err != nil {
		return noPlan(err, reader)
	}
	if o.ref != (record.Ref{}) {
		all := plan.Actions
		plan.Actions = nil
		for _, action := range all {
			if action.Ref == o.ref {
				plan.Actions = append(plan.Actions, action)
			}
		}
		if len(plan.Actions) == 0 {
			return fmt.Errorf("plan %d has nothing of %s: %w; lookervault restore show %d%s shows all of it", o.number, o.ref, vault.ErrNotFound, o.number, dbFlag(reader.Path()))
		}
	}
	return printPlan(ctx, o.streams, reader, plan, o.json, 0)
}

// planNumber reads the number of a plan or restore.
func planNumber(text string) (int64, error) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 1 {
		return 0, usage(fmt.Errorf("%q is not the number of a plan", text))
	}
	return number, nil
}

// notHeld adds to the error about something that a plan names and the vault does not hold
// which command shows what it holds.
func notHeld(err error, reader vault.Reader) error {
	shows := "list"
	if e, ok := errors.AsType[*restore.UnknownError](err); ok {
		shows += " " + string(e.Kind)
	}
	if e, ok := errors.AsType[*vault.AbsentError](err); ok {
		shows += " " + string(e.Kind)
		if e.Gone != 0 || e.Pruned || e.Seen != 0 {
			shows = "log " + string(e.Kind) + " " + shellWord(e.ID)
		}
	}
	return absent(err, reader, shows)
}

// noPlan is the error about a plan that the vault does not hold: of a usage that cannot
// be right.
func noPlan(err error, reader vault.Reader) error {
	if !errors.Is(err, vault.ErrNotFound) {
		return err
	}
	return usagef("%s; lookervault restore status%s shows what there is", oneLine(err), dbFlag(reader.Path()))
}
