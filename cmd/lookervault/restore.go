package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
	"github.com/lookervault/lookervault/internal/secret"
)

// restoreKeys names the key of the configuration that each flag sets.
var restoreKeys = map[string]string{
	"workers":               "restore.workers",
	"rate-limit-per-second": "rate_limit.per_second",
	"rate-limit-per-minute": "rate_limit.per_minute",
	"max-calls":             "rate_limit.max_calls",
	"db":                    "sink.path",
	"conflict":              "restore.conflict",
	"trash":                 "restore.trash",
	"wake":                  "restore.wake",
	"links":                 "restore.links",
	"orphans-to":            "restore.orphans_to",
}

// restoreOptions are what the commands work with that plan or apply.
type restoreOptions struct {
	streams    *streams
	interrupts *interrupts
	load       loadConfig
	secrets    *secret.Set
	now        func() time.Time

	number             int64      // of the plan or restore that is meant; 0 for none
	ref                record.Ref // the document that is meant, where it is one
	instance, progress string
	state              momentFlags // that is wanted
	set                []string
	demo, json, stale  bool
	yes                consent
	overQuota          bool
	hard, exitCode     bool
	writes             bool // it applies what it plans, or is given
	selection          selectionOptions
}

func newRestoreOptions(env *environment) restoreOptions {
	return restoreOptions{streams: env.streams, interrupts: env.interrupts, secrets: env.settings.secrets, now: env.clock.now}
}

// selectionOptions say what a plan takes in.
type selectionOptions struct {
	folders, owners, exclude, newOwners []string
	name, lost, changed                 string
	conflicts                           []string
	into                                string
	only, partial, exact, partialView   bool
	invite                              bool
}

// lostSinceLook is the value of --lost without one.
const lostSinceLook = "now"

func newRestoreCommand(env *environment) *cobra.Command {
	o := newRestoreOptions(env)
	cmd := &cobra.Command{
		Use: "restore KIND ID", Short: "Give documents back to the instance that they come from",
		Long: `Give a document back to the instance that it comes from, with what hangs on it. The
instance is looked at first, and what is there is stored in the vault. Then you see what
would be done, member by member, and are asked. What is in the trash comes out of it
with its id, slug, schedules and alerts; an edit is taken back in place, so that tiles
keep their ids; only what is gone for good is made anew, under a new id.

Schedules and alerts that are made anew are asleep until everything is back and was read
back as it should be. Nobody gets mail because of a restore, unless
you say --invite for users who are made anew.

To restore more than one document, plan first: lookervault restore plan.`,
		Example: `  lookervault restore dashboards 57
  lookervault restore dashboards 57 --run 12
  lookervault restore plan --lost --folder "Shared/Sales"
  lookervault restore apply 4
  lookervault restore undo 4`,
		Args: arguments(restoreArguments),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			ref, err := refArgument(cmd, args)
			if err != nil {
				return err
			}
			return runRestore(cmd.Context(), o, ref)
		},
	}
	o.planFlags(cmd, env)
	o.applyFlags(cmd)
	cmd.AddCommand(newRestorePlanCommand(env), newRestoreShowCommand(env), newRestoreApplyCommand(env), newRestoreRetryCommand(env),
		newRestoreUndoCommand(env), newRestoreStatusCommand(env), newRestoreWakeCommand(env))
	return cmd
}

// restoreArguments takes a document as two words or as one, or nothing.
func restoreArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 && !strings.Contains(args[0], "/") {
		if _, err := kindArgument(args[0]); err != nil {
			if word, ok := nearCommand(cmd, args[0]); ok {
				return usage(fmt.Errorf("unknown kind or command %q, did you mean %s?", args[0], word))
			}
			return err
		}
	}
	switch {
	case len(args) > 2:
		return usage(errors.New("one document at a time; lookervault restore plan takes several"))
	case len(args) == 1 && !strings.Contains(args[0], "/"):
		return usage(fmt.Errorf("which of the %s? Name its id; all of a kind are planned by lookervault restore plan %s", args[0], args[0]))
	}
	return nil
}

// connectFlags adds the flags of everything that talks to the instance.
func (o *restoreOptions) connectFlags(cmd *cobra.Command, env *environment) {
	f := cmd.Flags()
	o.load = func(set, kinds []string) (*config.Loaded, error) {
		keys := make(map[string]string)
		for flag, key := range restoreKeys {
			if f.Lookup(flag) != nil && flag != "conflict" {
				keys[flag] = key
			}
		}
		if f.Lookup("yes") == nil { // nothing is written: who works is who looks
			keys["workers"] = "stages.fetch.workers"
		}
		return env.settings.loader(f, keys)(set, kinds)
	}
	f.String("db", "", "the vault (sink.path)")
	f.StringVar(&o.instance, "instance", "", "instance to restore, when the vault holds several")
	f.Int("rate-limit-per-second", 0, "the most requests per second, 0 for no limit (rate_limit.per_second)")
	f.Int("rate-limit-per-minute", 0, "the most requests per minute, 0 for no limit (rate_limit.per_minute)")
	f.Int("max-calls", 0, "stop after this many API calls; 0 for no limit (rate_limit.max_calls)")
	f.BoolVar(&o.overQuota, "over-quota", false, "go on when the month's calls that looker.quota includes are made")
	f.StringArrayVar(&o.set, "set", nil, "set any key of the configuration, as restore.settle=30s; may be repeated")
	f.BoolVar(&o.demo, "demo", false, "the simulated Looker of run --demo")
	f.BoolVar(&o.json, "json", false, "print JSON: a plan as one object, what is done as lines of events")
	f.StringVar(&o.progress, "progress", "auto", "how to show progress: bar, plain lines, none, or auto: bar on a terminal, plain elsewhere")
}

// planFlags adds the flags of what plans.
func (o *restoreOptions) planFlags(cmd *cobra.Command, env *environment) {
	o.connectFlags(cmd, env)
	f, s := cmd.Flags(), &o.selection
	f.Var(&o.state.run, "run", "the state to restore: as it was known by that run, its number, latest or latest-1 (default each document's newest version that was present)")
	f.Var(&o.state.at, "at", "the state to restore: as it was known at that time, as 2026-03-01 or 7d")
	f.StringSliceVar(&s.exclude, "exclude", nil, "leave these out: KIND or KIND/ID; may be repeated")
	f.StringVar(&s.into, "into", "", "folder that everything comes into instead of its old place: id, or path as in \"Shared/Finance\"; what is there is copied")
	f.BoolVar(&s.only, "only", false, "nothing beyond what is named: not what it needs, nor what hung on it")
	f.StringSliceVar(&s.conflicts, "conflict", nil, "what is there and differs: skip, update, rename or fail; of one kind as looks=rename (restore.conflict)")
	f.String("trash", "", "what is in the trash: undelete, recreate or skip (restore.trash)")
	f.StringArrayVar(&s.newOwners, "owners", nil, "new owner, as ann@example.com=bob@example.com; may be repeated")
	f.String("orphans-to", "", "user who gets what belongs to nobody on the instance (restore.orphans_to)")
	f.String("wake", "", "schedules and alerts that were active: auto, as-was or never (restore.wake)")
	f.String("links", "", "addresses in texts that lead to what has another id now: rewrite, or keep and count them (restore.links)")
	f.BoolVar(&s.partial, "partial", false, "without the references that lead nowhere, instead of not at all")
	f.BoolVar(&s.exact, "exact-members", false, "take out of groups and roles who was added since")
	f.BoolVar(&s.invite, "invite", false, "mail users who are made anew, and log in by mail address, how to set a password: last, once, when all of theirs is back")
	f.BoolVar(&s.partialView, "partial-view", false, "plan with a key that is no administrator's; nothing is made anew then")
}

// applyFlags adds the flags of what applies.
func (o *restoreOptions) applyFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	o.writes = true
	o.yes.flag(f, "do not ask")
	f.Int("workers", 0, "documents that are written at the same time (restore.workers)")
}

// selectFlags adds the flags that select many documents.
func (o *restoreOptions) selectFlags(cmd *cobra.Command) {
	f, s := cmd.Flags(), &o.selection
	f.StringArrayVar(&s.folders, "folder", nil, "only what lies in this folder or below it: its id, or its path as in \"Shared/Finance\"; may be repeated")
	f.StringArrayVar(&s.owners, "owner", nil, "only what this user owns: id, name or mail address; may be repeated")
	f.StringVar(&s.name, "name", "", "only what is called so: a pattern as \"Sales*\"")
	f.StringVar(&s.lost, "lost", "", "only what is gone or in the trash; of two runs `[A..B]` what A held and B does not")
	f.Lookup("lost").NoOptDefVal = lostSinceLook
	f.StringVar(&s.changed, "changed", "", "what changed in the runs `A..B` goes back to what it was in A, as 11..12")
	f.BoolVar(&o.exitCode, "exit-code", false, "exit with 6 when there is something to do")
}

// items reads the arguments of plan: kinds, or documents as KIND/ID.
func planItems(args []string) ([]record.Ref, error) {
	var items []record.Ref
	for _, arg := range args {
		name, id, one := strings.Cut(arg, "/")
		kind, err := kindArgument(name)
		if err != nil {
			return nil, err
		}
		if one && id == "" {
			return nil, usage(fmt.Errorf("%q names no document: give KIND/ID", arg))
		}
		items = append(items, record.Ref{Kind: kind, ID: id})
	}
	return items, nil
}

// conflictPolicies reads --conflict: one for all, and some for kinds.
func conflictPolicies(texts []string, r *restore.Request) error {
	for _, text := range texts {
		name, policy, ofKind := strings.Cut(text, "=")
		if !ofKind {
			name, policy = "", text
		}
		if !slices.Contains(restore.Policies, policy) {
			return usage(fmt.Errorf("--conflict %q is none of %s", text, strings.Join(restore.Policies, ", ")))
		}
		if !ofKind {
			r.Conflict = restore.Policy(policy)
			continue
		}
		kind, err := kindArgument(name)
		if err != nil {
			return err
		}
		if r.ConflictKinds == nil {
			r.ConflictKinds = make(map[record.Kind]restore.Policy)
		}
		r.ConflictKinds[kind] = restore.Policy(policy)
	}
	return nil
}
