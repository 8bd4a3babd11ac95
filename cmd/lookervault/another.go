package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// anotherAddress looks whether the vault holds an instance that may be the one of
// this run under another address: this one is new to the vault, and Looker has the
// same version there. It returns what to tell, "" for nothing.
func (b *backup) anotherAddress(ctx context.Context, release string) string {
	if b.options.resume || release == "" {
		return ""
	}
	// A vault that is not there yet, or cannot be read, is opened next: that says
	// what is wrong with it.
	reader, err := sqlite.OpenReader(ctx, b.config.Sink.Path)
	if err != nil {
		return ""
	}
	defer reader.Close()
	instances, err := reader.Instances(ctx)
	if err != nil {
		return ""
	}
	found := vault.Instance{}
	for _, i := range instances {
		newest, err := reader.RunAt(ctx, i.Name, vault.Latest(0))
		switch {
		case i.Name == b.instance:
			return ""
		case err == nil && newest.Looker == release && newest.Origin == b.start.Origin:
			found = i
		}
	}
	if found.Name == "" {
		return ""
	}
	address := ""
	if found.BaseURL != found.Name {
		address = " (" + found.BaseURL + ")"
	}
	return fmt.Sprintf("%s is new to the vault, which holds %s%s of the same Looker version %s; if that is the same Looker under another address, "+
		"its name joins them: %s", b.instance, found.Name, address, release, b.command("--set looker.name="+shellWord(found.Name)))
}

// command is the run command with the flags that lead to the same configuration
// and vault, for people to copy.
func (b *backup) command(more string) string {
	return runCommand(more, b.options.set, b.options.settings.path, b.config.Sink.Path)
}

// resumeCommand continues a run of a vault: of the demo's instance, or of that to which
// assignments to keys of the configuration and its file lead.
func resumeCommand(demo bool, set []string, config, vault string) string {
	switch {
	case !demo:
		return runCommand("--resume", set, config, vault)
	case vault == demoVault:
		return "lookervault run --demo --resume"
	}
	return "lookervault run --demo --resume" + dbFlag(vault)
}

// runCommand is the run command with some flags more than those for assignments, configuration
// and vault.
func runCommand(more string, set []string, config, vault string) string {
	file, db := "", dbFlag(vault)
	for _, assignment := range set {
		key, _, _ := strings.Cut(assignment, "=")
		if strings.HasPrefix(more, "--set "+key+"=") {
			continue // it is set to something else
		}
		more += " --set " + assignmentWord(assignment)
	}
	if config != "" {
		file = " -c " + shellWord(config)
	}
	return "lookervault run " + more + file + db
}

// assignmentWord is a value of --set as a shell takes it for one word. Its key needs no
// quotes.
func assignmentWord(assignment string) string {
	key, value, found := strings.Cut(assignment, "=")
	if !found {
		return shellWord(assignment)
	}
	return key + "=" + shellWord(value)
}

// readFlags are the flags by which commands that read find what this run stored: the vault, and
// the instance where the vault holds several.
func (b *backup) readFlags(ctx context.Context) string {
	flags := dbFlag(b.config.Sink.Path)
	reader, err := sqlite.OpenReader(context.WithoutCancel(ctx), b.config.Sink.Path)
	if err != nil {
		return flags
	}
	defer reader.Close()
	if instances, err := reader.Instances(context.WithoutCancel(ctx)); err == nil && len(instances) > 1 && b.instance != "" {
		flags += " --instance " + shellWord(b.instance)
	}
	return flags
}

// shownKind is a kind for examples of commands: the first of which a run has documents. It reports
// false where there is none.
func shownKind(kinds []record.Counts) (record.Kind, bool) {
	for _, k := range kinds {
		if k.Listed+k.Deferred > 0 {
			return k.Kind, true
		}
	}
	return "", false
}
