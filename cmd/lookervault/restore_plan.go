package main

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
	"github.com/lookervault/lookervault/internal/vault"
)

func newRestorePlanCommand(a *environment) *cobra.Command {
	var o restoreOptions
	cmd := &cobra.Command{
		Use: "plan [KIND...]", Short: "Look at the instance and plan what would be given back",
		Long: `Look at the instance and plan what would be given back: print the plan and its number.
Nothing is written to Looker. Kinds, documents as KIND/ID, or what the flags select; the
flags are joined by "and".

With a document comes what it cannot be without, as folders and looks that are missing,
and what went with it, as its schedules, alerts and access rules; --only leaves both out.

What is there and differs stays, but for documents that are named by their ids and with
--changed: these become what they were. --conflict says otherwise.

Exit code 4 when something selected is impossible; the plan says why, and can be applied
for the rest.`,
		Example: `  lookervault restore plan --lost
  lookervault restore plan dashboards/57 looks/9 --run 12
  lookervault restore plan --changed 11..12 --folder "Shared/Sales"
  lookervault restore plan --lost --owner ann@example.com --owners ann@example.com=bob@example.com
  lookervault restore plan --lost --json | jq -r '.actions[] | "\(.action) \(.kind)/\(.id)"'`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runRestorePlan(cmd, o, args) },
	}
	o.planFlags(cmd)
	o.selectFlags(cmd)
	return cmd
}

func newRestoreShowCommand(a *environment) *cobra.Command {
	r := &reading{app: a}
	cmd := &cobra.Command{
		Use: "show PLAN [KIND ID]", Short: "Show a plan again, or one document of it",
		Example: `  lookervault restore show 4
  lookervault restore show 4 dashboards 57
  lookervault restore show 4 --json`,
		Args: arguments(cobra.RangeArgs(1, 3)),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runRestoreShow(cmd, r, args) },
	}
	r.flags(cmd)
	cmd.Flags().BoolVar(&r.json, "json", false, "print the plan as one JSON object")
	return cmd
}

// runRestorePlan plans and prints the plan.
func (a *environment) runRestorePlan(cmd *cobra.Command, o restoreOptions, args []string) (err error) {
	args = o.selection.lostSpan(args)
	items, err := planItems(cmd, args)
	if err != nil {
		return err
	}
	s := o.selection
	if len(items) == 0 && s.lost == "" && s.changed == "" && len(s.folders)+len(s.owners) == 0 && s.name == "" && o.run == "" && o.at == "" {
		return usage(cmd, errors.New("what is to be given back? Name kinds or documents, or say --lost, --changed A..B, --folder, --owner, --name, --run or --at"))
	}
	r, err := a.openRestoring(cmd, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	request, err := r.request(cmd, o, items)
	if err != nil {
		return err
	}
	plan, err := r.plan(cmd, request)
	if err != nil {
		return err
	}
	if err := a.printPlan(r.file.Reader(), plan, o.json, r.config.RateLimit.PerSecond); err != nil {
		return err
	}
	return planCode(plan, o.exitCode)
}

// planCode is what a plan's exit code comes from.
func planCode(plan record.Restore, different bool) error {
	todo := false
	for _, action := range plan.Actions {
		if action.Deed == record.DeedImpossible {
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
func (r *restoring) plan(cmd *cobra.Command, request restore.Request) (record.Restore, error) {
	if err := r.askWhoCalls(); err != nil {
		return record.Restore{}, err
	}
	request.Key = r.key()
	plan, err := restore.Plan(r.app.interrupts.stop, restore.PlanOptions{
		Reader: r.file.Reader(), Instance: r.instance, Request: request, Caller: r.server.caller, Tool: toolVersion(),
		Look: r.look, Now: r.app.clock.now,
	})
	switch {
	case errors.Is(err, restore.ErrPartialView):
		return plan, fmt.Errorf("%w; --partial-view plans all the same, without making anything anew", err)
	case errors.Is(err, restore.ErrNotWritten):
		return plan, usage(cmd, err)
	case errors.Is(err, vault.ErrNotFound):
		return plan, absent(err, r.file.Reader(), "list --deleted")
	case err != nil:
		return plan, err
	}
	return r.file.PutPlan(cmd.Context(), plan)
}

// request is what the flags ask for.
func (r *restoring) request(cmd *cobra.Command, o restoreOptions, items []record.Ref) (request restore.Request, err error) {
	s, c := o.selection, r.config.Restore
	request = restore.Request{
		Items: items, Folders: s.folders, Owners: s.owners, Name: s.name, Only: s.only, Partial: s.partial,
		ExactMembers: s.exact, PartialView: s.partialView, Trash: restore.Trash(c.Trash), Wake: restore.Wake(c.Wake),
		OrphansTo: c.OrphansTo, Conflict: restore.Policy(c.Conflict),
	}
	if err = conflictPolicies(cmd, s.conflicts, &request); err != nil {
		return request, err
	}
	if request.Run, err = r.stateOf(cmd, o); err != nil {
		return request, err
	}
	if request.Exclude, err = planItems(cmd, s.exclude); err != nil {
		return request, err
	}
	for _, text := range s.newOwners {
		from, to, ok := strings.Cut(text, "=")
		if !ok || from == "" || to == "" {
			return request, usage(cmd, fmt.Errorf("--owners %q: write it as ann@example.com=bob@example.com", text))
		}
		if request.NewOwners == nil {
			request.NewOwners = make(map[string]string)
		}
		request.NewOwners[from] = to
	}
	if _, err := path.Match(s.name, ""); err != nil {
		return request, usage(cmd, fmt.Errorf("--name: %q is not a pattern: %w", s.name, err))
	}
	return request, r.spans(cmd, s, &request)
}

// spans reads --lost and --changed.
func (r *restoring) spans(cmd *cobra.Command, s selectionOptions, request *restore.Request) (err error) {
	request.Lost = s.lost != ""
	if request.Lost && s.changed != "" {
		return usage(cmd, errors.New("--lost and --changed exclude each other"))
	}
	if request.Lost && s.lost != lostSinceLook {
		if request.LostSpan, err = r.span(cmd, "--lost", s.lost); err != nil {
			return err
		}
	}
	if s.changed != "" {
		request.Changed, err = r.span(cmd, "--changed", s.changed)
	}
	return err
}

// span reads two runs, as 11..12.
func (r *restoring) span(cmd *cobra.Command, flag, text string) (*restore.Span, error) {
	from, to, ok := strings.Cut(text, "..")
	if !ok {
		return nil, usage(cmd, fmt.Errorf("%s %q: name two runs, as 11..12", flag, text))
	}
	var runs [2]int64
	for i, word := range []string{from, to} {
		point, err := pointArgument(cmd, word)
		if err != nil {
			return nil, err
		}
		run, err := r.file.Reader().RunAt(cmd.Context(), r.instance, point)
		if err != nil {
			return nil, absent(err, r.file.Reader(), "runs")
		}
		runs[i] = run.ID
	}
	if runs[0] > runs[1] {
		return nil, usage(cmd, fmt.Errorf("%s %q: the earlier run comes first", flag, text))
	}
	return &restore.Span{From: runs[0], To: runs[1]}, nil
}

// stateOf is the run whose state is wanted, 0 for none.
func (r *restoring) stateOf(cmd *cobra.Command, o restoreOptions) (int64, error) {
	reading := &reading{app: r.app, run: o.run, at: o.at}
	point, err := reading.point(cmd)
	if err != nil || point.IsNow() {
		return 0, err
	}
	run, err := r.file.Reader().RunAt(cmd.Context(), r.instance, point)
	if err != nil {
		return 0, absent(err, r.file.Reader(), "runs")
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
func (a *environment) runRestoreShow(cmd *cobra.Command, r *reading, args []string) (err error) {
	number, err := planNumber(cmd, args[0])
	if err != nil {
		return err
	}
	reader, err := r.openAll(cmd)
	if err != nil {
		return err
	}
	defer closing(&err, reader)
	plan, err := reader.Restore(cmd.Context(), number)
	if err != nil {
		return noPlan(err, reader)
	}
	if len(args) > 1 {
		ref, err := refArgument(cmd, args[1:])
		if err != nil {
			return err
		}
		all := plan.Actions
		plan.Actions = nil
		for _, action := range all {
			if action.Ref == ref {
				plan.Actions = append(plan.Actions, action)
			}
		}
		if len(plan.Actions) == 0 {
			return fmt.Errorf("plan %d has nothing of %s: %w; lookervault restore show %d%s shows all of it", number, ref, vault.ErrNotFound, number, dbFlag(reader.Path()))
		}
	}
	return a.printPlan(reader, plan, r.json, 0)
}

// planNumber reads the number of a plan or restore.
func planNumber(cmd *cobra.Command, text string) (int64, error) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 1 {
		return 0, usage(cmd, fmt.Errorf("%q is not the number of a plan", text))
	}
	return number, nil
}

// noPlan is the error about a plan that the vault does not hold: of a usage that cannot
// be right.
func noPlan(err error, reader vault.Reader) error {
	if !errors.Is(err, vault.ErrNotFound) {
		return err
	}
	return usagef("%s; lookervault restore status%s shows what there is", oneLine(err), dbFlag(reader.Path()))
}
