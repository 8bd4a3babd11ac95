package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/near"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// secretsKey is the key of the configuration that holds what no backup does.
const secretsKey = "restore.secrets"

// restoreSecrets are what the configuration gives that no backup holds.
func restoreSecrets(loaded *config.Loaded) (secrets restore.Secrets, err error) {
	for _, name := range slices.Sorted(maps.Keys(loaded.Config.Restore.Secrets)) {
		value := loaded.Config.Restore.Secrets[name]
		ref, member, why := secretMember(name)
		if why == "" && value.Empty() {
			why = "it is empty; leave it out, or give it a value"
		}
		if why != "" {
			key := secretsKey + "." + name
			return secrets, usagef("%s: %s: %s", loaded.Origin(key), key, why)
		}
		secrets.Put(ref, member, value.Reveal())
	}
	return secrets, nil
}

// secretMember is the document and the member that a name stands for, as
// "connections/thelook.password". Where it names nothing that is sent, why says so.
func secretMember(name string) (ref record.Ref, member, why string) {
	kind, rest, _ := strings.Cut(name, "/")
	spec, ok := catalogue.Find(record.Kind(kind))
	if !ok || !hasSecrets(spec) {
		kinds := kindsWithSecrets()
		if word, ok := near.Word(kind, kinds); ok && word != kind {
			return ref, "", fmt.Sprintf("names nothing that a restore may send; did you mean %s/%s?", word, rest)
		}
		return ref, "", fmt.Sprintf("names nothing that a restore may send; secrets are of %s, as connections/thelook.password", strings.Join(kinds, ", "))
	}
	id, last, dotted := strings.Cut(rest, ".")
	if i := strings.LastIndexByte(rest, '.'); i >= 0 {
		id, last = rest[:i], rest[i+1:]
	}
	if id == "" || !dotted {
		return ref, "", fmt.Sprintf("names no member: write it as %s/%s.password", kind, strings.Trim(rest, "."))
	}
	for _, path := range secretsOfDocument(spec, rest) {
		if of, found := strings.CutSuffix(rest, "."+path); found && of != "" && len(path) > len(member) {
			ref, member = record.Ref{Kind: spec.Name, ID: of}, path
		}
	}
	if member != "" {
		return ref, member, ""
	}
	paths := secretsOfDocument(spec, rest)
	if len(paths) == 0 {
		return ref, "", fmt.Sprintf("names nothing that a restore may send: %s/%s has no secrets", kind, id)
	}
	if word, ok := near.Within(last, paths, max(2, len(last)/3)); ok {
		return ref, "", fmt.Sprintf("names nothing that a restore may send; did you mean %s/%s.%s?", kind, id, word)
	}
	return ref, "", fmt.Sprintf("names nothing that a restore may send; of %s/%s there are %s", kind, id, strings.Join(paths, ", "))
}

// secretsOfDocument are the members of a document that can be given, which is named together with
// one of them.
func secretsOfDocument(spec *catalogue.Spec, name string) []string {
	for _, v := range spec.Variants {
		if v.ID != "" && strings.HasPrefix(name, v.ID+".") {
			return secretsOfRow(v.Write)
		}
	}
	return secretsOfRow(spec.Write)
}

func secretsOfRow(w *catalogue.Write) []string {
	if w == nil {
		return nil
	}
	return w.Secrets
}

// hasSecrets reports whether documents of a kind have members that no backup holds and that can
// be given.
func hasSecrets(spec *catalogue.Spec) bool {
	return len(secretsOfRow(spec.Write)) > 0 || slices.ContainsFunc(spec.Variants, func(v catalogue.Variant) bool { return len(secretsOfRow(v.Write)) > 0 })
}

func kindsWithSecrets() (names []string) {
	for _, spec := range catalogue.All() {
		if hasSecrets(spec) {
			names = append(names, string(spec.Name))
		}
	}
	return names
}

// holdsSecrets refuses a plan that sends a secret which the configuration does not give any more:
// what is made without it does not work.
func (r *restoring) holdsSecrets(plan record.Restore) error {
	keys, err := restore.LackingSecrets(plan, r.gives)
	if err != nil || len(keys) == 0 {
		return err
	}
	return usagef("plan %d sends %s, which restore.secrets does not hold: nothing was written; add it, or plan anew", plan.ID, strings.Join(keys, ", "))
}
