package view_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/find"
	"github.com/lookervault/lookervault/internal/forecast"
	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/plain"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

var update = flag.Bool("update", false, "write the golden files anew")

// shapes are what the program prints, by the command or event; what stands in them is not
// listed again.
var shapes = map[string]any{
	"list": view.Entry{}, "dump": view.DumpedDocument{}, "tree": view.Tree{}, "tree-line": view.TreeLine{},
	"log": view.Change{}, "diff-lost": view.Loss{}, "diff-stat": view.KindChanges{}, "find": view.Hit{},
	"faults": view.Fault{}, "verify": view.Finding{}, "check": view.Check{}, "runs": view.Run{}, "prune": view.Keeping{},
	"kinds": view.Catalogue{}, "stats": view.Stats{}, "version": view.Version{},
	"event-forecast": view.Forecast{}, "event-run_started": view.Started{}, "event-kind_listed": view.KindProgress{},
	"event-progress": view.Progress{}, "event-fault": view.FaultEvent{}, "event-throttled": view.Throttled{}, "event-run_finished": view.Summary{},
	"restore-plan": view.Plan{}, "restore-status": view.RestoreStatus{}, "restores": view.Restore{},
	"event-restore_started": view.RestoreStarted{}, "event-doubt": view.Doubt{},
}

// TestShapes: members keep their names, their order and their types. Each value tells by
// its own name, or a number, what it is.
func TestShapes(t *testing.T) {
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			full := reflect.New(reflect.TypeOf(shape))
			fill(full.Elem(), "text")
			text, err := plain.Encode(full.Elem().Interface())
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := json.Indent(&got, []byte(text+"\n"), "", "  "); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", "golden", name+".json")
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		})
	}
}

// fill gives every member of a value something, down to folders in folders.
func fill(v reflect.Value, name string) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)))
		return
	case json.RawMessage:
		v.SetBytes([]byte(`{"raw": true}`))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(name)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(3)
	case reflect.Float64:
		v.SetFloat(1.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Slice:
		if v.Type().Elem() == reflect.TypeFor[*view.Folder]() && name == "Folders.Folders" {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, "key")
		fill(value, name)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i).Name
			if field == "Folders" && strings.HasPrefix(name, "Folders") {
				field = "Folders.Folders"
			}
			fill(v.Field(i), field)
		}
	}
}

// TestEveryShapeHasAGolden: a new type of this package is in a golden, alone or in another.
func TestEveryShapeHasAGolden(t *testing.T) {
	seen := make(map[string]bool)
	var reach func(reflect.Type)
	reach = func(of reflect.Type) {
		switch of.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			reach(of.Elem())
		case reflect.Struct:
			if seen[of.String()] {
				return
			}
			seen[of.String()] = true
			for field := range of.Fields() {
				reach(field.Type)
			}
		}
	}
	for _, shape := range shapes {
		reach(reflect.TypeOf(shape))
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	types := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if _, ok := spec.Type.(*ast.StructType); ok {
				if types++; !seen["view."+spec.Name.Name] {
					t.Errorf("%s: %s is in no golden", file, spec.Name.Name)
				}
			}
			return false
		})
	}
	if types < len(shapes) {
		t.Errorf("%d types were found, fewer than the %d shapes", types, len(shapes))
	}
}

// TestNothingIsNull: what is made of nothing has empty lists, and null only where
// docs/EVENTS.md says so.
func TestNothingIsNull(t *testing.T) {
	names, now := &history.Names{}, time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name  string
		shape any
		null  []string
	}{
		{"entry", view.EntryOf(vault.Entry{}, names, view.Whole), nil},
		{"change", view.ChangeOf(history.Change{}), nil},
		{"loss", view.LossOf(history.Loss{}), nil},
		{"hit", view.HitOf(vault.Entry{}, names, find.Match{}), nil},
		{"fault", view.FaultOf(vault.Fault{}), nil},
		{"damage", view.DamageOf(nil), nil},
		{"run", view.RunOf(record.Run{}), []string{"finished_at"}},
		{"keeping", view.KeepingOf(vault.Keeping{}), nil},
		{"catalogue", view.CatalogueOf(view.KindsOf(100)), nil},
		{"forecast", view.KindForecastOf(forecast.KindForecast{}), []string{"changes"}},
		{"foreseen", view.KindForecastOf(forecast.KindForecast{Changes: &forecast.Changes{}}), nil},
		{"summary", view.SummaryOf(record.Run{}, false, record.Session{}, now), nil},
		{"plan", view.PlanOf(record.Restore{}), nil},
		{"planned action", view.PlanOf(record.Restore{Actions: []record.Action{{}}}), nil},
		{"action", view.ActionOf(record.Action{}), nil},
		{"restore", view.RestoreOf(record.Restore{}), nil},
		{"restore summary", view.RestoreSummaryOf(now, record.Restore{}, nil, 0, 0), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text, err := plain.Encode(tt.shape)
			if err != nil {
				t.Fatal(err)
			}
			var null []string
			members := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",{}[]", r) })
			for _, member := range members {
				if name, isNull := strings.CutSuffix(member, ":null"); isNull {
					null = append(null, strings.Trim(name, `"`))
				}
			}
			slices.Sort(null)
			if diff := cmp.Diff(tt.null, null); diff != "" {
				t.Errorf("%s\nnull (-want +got):\n%s", text, diff)
			}
		})
	}
}

// TestDumped: the body's bytes stay as they are but for line breaks between tokens.
func TestDumped(t *testing.T) {
	document := func() vault.Document {
		return vault.Document{Entry: vault.Entry{Ref: record.Ref{Kind: "looks", ID: "7"}, LastRun: 4}, Body: []byte("{\"a\" :1.0,\r\n\"b\":\"\\n<\"}")}
	}
	for _, tt := range []struct {
		name string
		run  int64
		want string
	}{
		{"now", 0, `{"instance":"acme","kind":"looks","id":"7","run":4,"body":{"a" :1.0,  "b":"\n<"}}`},
		{"at a run", 9, `{"instance":"acme","kind":"looks","id":"7","run":4,"observed_run":4,"body":{"a" :1.0,  "b":"\n<"}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := view.Dumped("acme", tt.run, document(), view.Whole)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestUpdated: the times of a server are in one zone; what is no time stays.
func TestUpdated(t *testing.T) {
	for written, want := range map[string]string{
		"2024-06-08T18:06:01.000-07:00": "2024-06-09T01:06:01Z",
		"2024-06-08T18:06:01.250+00:00": "2024-06-08T18:06:01.25Z",
		"2026-02-03":                    "2026-02-03",
		"":                              "",
	} {
		if got := view.Updated(vault.Entry{Updated: written}); got != want {
			t.Errorf("%s: got %s, want %s", written, got, want)
		}
	}
}
