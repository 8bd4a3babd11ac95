package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
	"github.com/lookervault/lookervault/internal/table"
)

// A shell waits for what it offers, and nobody reads more than some screens of it.
const (
	mostOffered    = 500
	offerPatience  = 2 * time.Second
	nameOfferedMax = 60 // columns of a name behind an id
)

// completion offers values in a shell, from the program and from the vault alone: never
// from the network. What cannot be read is not offered, and that is no error.
type completion struct {
	env  *environment
	cmd  *cobra.Command
	word string // what was typed of the value so far
}

// offer is what a shell is offered.
type offer = func(c completion) ([]cobra.Completion, cobra.ShellCompDirective)

// completeValues lets every command below root complete its arguments and the values of
// its flags.
func (env *environment) completeValues(root *cobra.Command) {
	offers := offers()
	for _, cmd := range root.Commands() {
		env.completeValues(cmd)
		switch wants := argumentsOf(cmd); {
		case strings.Contains(cmd.Use, "TEXT"):
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		case len(wants) > 0:
			cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
				return completion{env, cmd, word}.argument(wants, args)
			}
		}
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			values := offers[flag.Name]
			if values == nil {
				return
			}
			err := cmd.RegisterFlagCompletionFunc(flag.Name, func(cmd *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
				return values(completion{env, cmd, word})
			})
			if err != nil {
				panic(fmt.Sprintf("complete --%s of %s: %v", flag.Name, cmd.Name(), err)) // it is registered once
			}
		})
	}
}

// plainUsages takes the marks of placeholders out of what flags are said to do: shells show
// them as they are.
func plainUsages(cmd *cobra.Command) {
	plain := func(flag *pflag.Flag) { flag.Usage = strings.ReplaceAll(flag.Usage, "`", "") }
	cmd.Flags().VisitAll(plain)
	cmd.PersistentFlags().VisitAll(plain)
	for _, below := range cmd.Commands() {
		plainUsages(below)
	}
}

// offers are the values of flags by the flag's name.
func offers() map[string]offer {
	return map[string]offer{
		"run":           completion.readableRuns,
		"changed-since": completion.runs,
		"instance":      completion.instances,
		"set":           completion.assignments,
		"kind":          completion.kinds,
		"keep-deleted":  fixedOf(agesOffered),
		"progress":      fixedOf(progressModes),
		"format":        completion.formats,
		"columns":       completion.columns,
		"sort":          completion.sortings,
		"folder":        idsOf(catalogue.Folders),
		"into":          idsOf(catalogue.Folders),
		"folder-ids":    completion.folderList,
		"owner":         idsOf(catalogue.Users),
		"user":          idsOf(catalogue.Users),
		"look":          idsOf(catalogue.Looks),
		"model":         idsOf(catalogue.Models),
		"owners":        idsOf(catalogue.Users),
		"orphans-to":    idsOf(catalogue.Users),
		"changed":       completion.runs,
		"lost":          completion.runs,
		"exclude":       completion.kinds,
		"conflict":      fixedOf(restore.Policies),
		"trash":         fixedOf(restore.Trashes),
		"wake":          fixedOf(restore.Wakes),
		"links":         fixedOf(restore.LinkSettings),
		// No file, which a shell would offer on its own.
		"at": fixedOf(nil), "name": fixedOf(nil), "sample": fixedOf(nil), "field": fixedOf(nil), "explore": fixedOf(nil),
		"metrics-listen": fixedOf(nil), "listen": fixedOf(nil),
	}
}

// fixedOf offers some words.
func fixedOf(words []string) offer {
	return func(c completion) ([]cobra.Completion, cobra.ShellCompDirective) { return c.fixed(words) }
}

// agesOffered are ages that people keep things for.
var agesOffered = []string{"0d", "30d", "90d", "365d"}

// idsOf offers the ids of a kind's documents.
func idsOf(kind record.Kind) offer {
	return func(c completion) ([]cobra.Completion, cobra.ShellCompDirective) { return c.documents(kind, "") }
}

// argumentsOf are the words that stand for arguments in the usage of a command, like
// KIND and ID, for which there is something to offer. Of KIND[/ID] kinds are offered.
func argumentsOf(cmd *cobra.Command) []string {
	words := strings.FieldsFunc(strings.ReplaceAll(cmd.Use, "[/ID]", ""), func(r rune) bool { return strings.ContainsRune(" []", r) })
	return slices.DeleteFunc(words[1:], func(word string) bool {
		return slices.Contains([]string{"COMMAND", "TEXT...", "DIRECTORY", "NEW", "MEMBER=VALUE..."}, word)
	})
}

// argument completes the next argument of a command.
func (c completion) argument(wants, args []string) ([]cobra.Completion, cobra.ShellCompDirective) {
	has := func(word string) bool { return slices.Contains(wants, word) }
	var kind record.Kind
	for _, arg := range args {
		if found, err := kindArgument(arg); err == nil {
			kind = found
		}
	}
	switch {
	case has("KIND..."):
		offered, directive := c.kinds()
		return slices.DeleteFunc(offered, func(kind string) bool { return slices.Contains(args, kind) }), directive
	case has("ID") && kind != "" && c.isKind(args[len(args)-1]):
		return c.documents(kind, "")
	case kind != "":
		return nil, cobra.ShellCompDirectiveNoFileComp
	case has("A") && len(args) < 3: // a moment or a kind
		kinds, directive := c.kinds()
		if len(args) == 2 {
			return kinds, directive
		}
		runs, _ := c.readableRuns()
		return append(kinds, runs...), directive | cobra.ShellCompDirectiveKeepOrder
	case len(args) > 0:
		return nil, cobra.ShellCompDirectiveNoFileComp
	case has("RUN"):
		return c.runs()
	case has("PLAN"), has("RESTORE"):
		return c.restores()
	case has("FOLDER"):
		return c.documents(catalogue.Folders, "")
	case has("ID"):
		if kind, id, both := strings.Cut(c.word, "/"); both && c.isKind(kind) {
			full, _ := kindArgument(kind)
			return completion{c.env, c.cmd, id}.documents(full, kind+"/")
		}
		return c.documentKinds()
	case has("KIND"):
		return c.kinds()
	}
	return nil, cobra.ShellCompDirectiveDefault
}

func (c completion) isKind(word string) bool {
	_, err := kindArgument(word)
	return err == nil
}

// fixed offers those of some words that begin as what was typed.
func (c completion) fixed(words []string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var offered []cobra.Completion
	for _, word := range words {
		if strings.HasPrefix(word, c.word) {
			offered = append(offered, word)
		}
	}
	return offered, cobra.ShellCompDirectiveNoFileComp
}

// kinds offers the names of kinds, and a singular or another name where that is what was
// typed and the kind's own begins differently.
func (c completion) kinds() ([]cobra.Completion, cobra.ShellCompDirective) {
	aliases := catalogue.Aliases()
	words := catalogue.Names(catalogue.All())
	for _, alias := range slices.Sorted(maps.Keys(aliases)) {
		if c.word != "" && !strings.HasPrefix(aliases[alias], c.word) {
			words = append(words, alias)
		}
	}
	return c.fixed(words)
}

// documentKinds is kinds of whose documents the command takes one.
func (c completion) documentKinds() ([]cobra.Completion, cobra.ShellCompDirective) {
	offered, directive := c.kinds()
	if c.cmd.Name() == "trash" {
		offered = slices.DeleteFunc(offered, func(kind string) bool { return !lookersim.HasTrash(kind) })
	}
	return offered, directive
}

// formats offers what --format takes: documents have forms of their own.
func (c completion) formats() ([]cobra.Completion, cobra.ShellCompDirective) {
	if c.cmd.Name() == "cat" {
		return c.fixed(catFormats)
	}
	return c.fixed(table.Formats())
}

// list offers what comes behind the last comma of a list.
func (c completion) list(next func(completion) []cobra.Completion) ([]cobra.Completion, cobra.ShellCompDirective) {
	before, word := "", c.word
	if i := strings.LastIndexByte(word, ','); i >= 0 {
		before, word = word[:i+1], word[i+1:]
	}
	named := strings.Split(before, ",")
	var offered []cobra.Completion
	for _, value := range next(completion{c.env, c.cmd, word}) {
		if name, _, _ := strings.Cut(value, "\t"); !slices.Contains(named, name) {
			offered = append(offered, before+value)
		}
	}
	return offered, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// isCompletion reports whether a shell asks what to offer for the last word of args.
func isCompletion(args []string) bool {
	return len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd)
}

// sortValues joins a value that begins with - to --sort before it, where a shell asks what
// to offer for it: it would be taken for the beginning of a flag.
func sortValues(args []string) []string {
	last := len(args) - 1
	if !isCompletion(args) || last < 2 || args[last-1] != "--sort" || !strings.HasPrefix(args[last], "-") {
		return args
	}
	return append(slices.Clone(args[:last-1]), "--sort="+args[last])
}

// sortings offers columns to sort by, with - before them for the other way round.
func (c completion) sortings() ([]cobra.Completion, cobra.ShellCompDirective) {
	var words []string
	for _, name := range c.columnNames() {
		if strings.HasPrefix(c.word, "-") {
			name = "-" + name
		}
		words = append(words, name)
	}
	return c.fixed(words)
}

// assignments offers the keys of the configuration for --set, with = behind them and
// with their defaults as descriptions.
func (c completion) assignments() ([]cobra.Completion, cobra.ShellCompDirective) {
	if key, typed, both := strings.Cut(c.word, "="); both {
		var words []string
		for _, value := range config.ValuesOf(key) {
			words = append(words, key+"="+value)
		}
		return completion{c.env, c.cmd, key + "=" + typed}.fixed(words)
	}
	var offered []cobra.Completion
	for _, key := range config.SettableKeys() {
		if strings.HasPrefix(key.Name, c.word) {
			offered = append(offered, described(key.Name+"=", key.Default))
		}
	}
	return offered, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// described is a value with a description, which shells show beside it.
func described(value, about string) cobra.Completion {
	about = strings.Join(strings.Fields(plainText(about)), " ")
	if about == "" {
		return value
	}
	return cobra.CompletionWithDesc(value, table.Cut(about, nameOfferedMax))
}
