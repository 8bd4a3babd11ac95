package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// demoInstance is the demo's simulated Looker. What is changed in it stands in a
// file beside the demo's vault, since every command with --demo starts it anew.
func demoInstance(vaultPath string) lookersim.Options {
	state := strings.TrimSuffix(vaultPath, filepath.Ext(vaultPath)) + "-instance.jsonl"
	return lookersim.Options{Seed: 1, Sizes: lookersim.DefaultSizes(), State: state}
}

// simChangeOptions are what the commands work with that change the demo's instance.
type simChangeOptions struct {
	streams *streams
	db      string
}

// simChange makes a command that changes the demo's instance.
func simChange(s *streams, cmd *cobra.Command, change func(o simChangeOptions, args []string) error) *cobra.Command {
	o := simChangeOptions{streams: s}
	cmd.Flags().StringVar(&o.db, "db", demoVault, "the demo's vault; its instance is kept beside it")
	check := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error { return check(cmd, refWords(args)) }
	cmd.RunE = func(_ *cobra.Command, args []string) error { return change(o, refWords(args)) }
	return cmd
}

// refWords are arguments of which the first two name something by its kind and id, also where
// these are given as one, KIND/ID.
func refWords(args []string) []string {
	if len(args) == 0 {
		return args
	}
	kind, id, whole := strings.Cut(args[0], "/")
	if !whole || id == "" {
		return args
	}
	return append([]string{kind, id}, args[1:]...)
}

// simChanges are the commands with which somebody breaks something in the demo,
// in order to get it back.
func simChanges(s *streams) []*cobra.Command {
	return []*cobra.Command{
		simChange(s, &cobra.Command{
			Use: "trash KIND ID", Short: "Move a dashboard or a look of the demo into the trash",
			Long:    "Move a dashboard or a look of the demo's instance into the trash, as people do\nwhen they delete one in Looker.",
			Example: "  lookervault sim trash dashboards 5",
			Args:    arguments(cobra.ExactArgs(2)),
		}, runSimTrash),
		simChange(s, &cobra.Command{
			Use: "delete KIND ID", Short: "Delete something of the demo for good",
			Long: `Delete something of the demo's instance for good, through its API, with all that
this takes along: a folder its content, which goes to the trash; a user her
content and her schedules; a dashboard its schedules and alerts.`,
			Example: "  lookervault sim delete folders 6\n  lookervault sim delete users 3",
			Args:    arguments(cobra.ExactArgs(2)),
		}, runSimDelete),
		simChange(s, &cobra.Command{
			Use: "edit KIND ID MEMBER=VALUE...", Short: "Change something of the demo",
			Long: `Change members of something in the demo's instance, through its API: of any kind,
or of a part of a dashboard (dashboard_elements, dashboard_filters,
dashboard_layouts). A value is JSON, or else a text.`,
			Example: "  lookervault sim edit dashboards 5 title=Oops\n  lookervault sim edit dashboard_elements 320 title=Oops\n  lookervault sim edit roles 7 name=Oops",
			Args:    arguments(cobra.MinimumNArgs(3)),
		}, runSimEdit),
		simChange(s, &cobra.Command{
			Use: "reset", Short: "Take the demo's instance back to how it was at first",
			Long:    "Take the demo's instance back to how it was at first: everything that was changed\nin it is forgotten. The demo's vault stays as it is.",
			Example: "  lookervault sim reset",
			Args:    arguments(cobra.NoArgs),
		}, runSimReset),
	}
}

func runSimTrash(o simChangeOptions, args []string) error {
	if !lookersim.HasTrash(args[0]) {
		return usage(fmt.Errorf("%s have no trash", args[0]))
	}
	_, err := o.send(http.MethodPatch, args, []byte(`{"deleted":true}`))
	return o.tell(err, args, "in the trash")
}

func runSimDelete(o simChangeOptions, args []string) error {
	_, err := o.send(http.MethodDelete, args, nil)
	return o.tell(err, args, "gone")
}

func runSimEdit(o simChangeOptions, args []string) error {
	body, err := assignments(args[2:])
	if err != nil {
		return usage(err)
	}
	answer, err := o.send(http.MethodPatch, args, body)
	if err != nil {
		return err
	}
	names, ignored := members(body), ignoredMembers(args[0], body, answer)
	switch {
	case len(ignored) == len(names):
		return fmt.Errorf("%s/%s: nobody can set %s, so nothing is changed", args[0], args[1], strings.Join(ignored, ", "))
	case len(ignored) > 0:
		return o.tell(nil, args, "changed, but for "+strings.Join(ignored, ", ")+", which nobody can set")
	}
	return o.tell(nil, args, "changed")
}

// members are the names of an object's members, in their order.
func members(object []byte) []string {
	var values map[string]json.RawMessage
	if json.Unmarshal(object, &values) != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(values))
}

// ignoredMembers are those of a request that its answer shows with another value, or does not show although
// the kind does not take them either.
func ignoredMembers(kind string, sent, answer []byte) []string {
	spec, known := catalogue.Find(record.Kind(kind))
	return slices.DeleteFunc(members(sent), func(name string) bool {
		wanted, got := canon.Member(sent, name), canon.Member(answer, name)
		if got == nil {
			return known && spec.Write != nil && slices.Contains(spec.Write.Fields, name)
		}
		return canon.Text(wanted) == canon.Text(got) || sameJSON(wanted, got)
	})
}

// sameJSON reports whether two JSON texts say the same, in whatever order and spacing.
func sameJSON(a, b []byte) bool {
	var one, other any
	return json.Unmarshal(a, &one) == nil && json.Unmarshal(b, &other) == nil && reflect.DeepEqual(one, other)
}

func runSimReset(o simChangeOptions, _ []string) error {
	err := os.Remove(demoInstance(o.db).State)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fmt.Fprintln(o.streams.err, "Nothing was changed in the demo.")
	case err != nil:
		return err
	default:
		fmt.Fprintln(o.streams.err, "The demo's instance is as it was at first.")
	}
	return nil
}

// assignments makes a JSON object of texts such as title=Oops.
func assignments(texts []string) ([]byte, error) {
	object := map[string]json.RawMessage{}
	for _, text := range texts {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%q is not MEMBER=VALUE", text)
		}
		if !json.Valid([]byte(value)) {
			quoted, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			value = string(quoted)
		}
		object[name] = json.RawMessage(value)
	}
	return json.Marshal(object)
}

// send carries out one request at the demo's instance and returns its answer; args are a kind and an id.
func (o simChangeOptions) send(method string, args []string, body []byte) ([]byte, error) {
	kind, id := args[0], args[1]
	path, ok := lookersim.WritePath(method, kind, id)
	if !ok {
		return nil, usage(fmt.Errorf("%s %s: the demo's instance cannot do that", kind, id))
	}
	sim, err := lookersim.New(demoInstance(o.db))
	if err != nil {
		return nil, fmt.Errorf("start the simulated Looker: %w", err)
	}
	status, answer := sim.Do(method, path, body)
	if status >= http.StatusBadRequest {
		return nil, fmt.Errorf("%s/%s: %s (%d)", kind, id, complaint(answer), status)
	}
	return answer, nil
}

// tell says what has become of something, where that was no error.
func (o simChangeOptions) tell(err error, args []string, done string) error {
	if err == nil {
		fmt.Fprintf(o.streams.err, "%s/%s of the demo is %s.\n", args[0], args[1], done)
	}
	return err
}

// complaint is what Looker says is wrong.
func complaint(answer []byte) string {
	var said struct {
		Message string
		Errors  []struct{ Field, Message string }
	}
	if json.Unmarshal(answer, &said) != nil || said.Message == "" {
		return strings.TrimSpace(string(answer))
	}
	text := said.Message
	for _, e := range said.Errors {
		text += ": " + e.Field + ": " + e.Message
	}
	return text
}
