package restore_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

const password = "hunter2-and-a-tail"

// lostConnection is a connection that is in the backup, and not on the instance any more.
func lostConnection(t *testing.T) (r *rig, ref record.Ref, run int64) {
	t.Helper()
	r = newRig(t, lookersim.Options{Seed: 1})
	r.add("/connections", `{"name":"lost_db","host":"db.example.com","dialect_name":"snowflake","pdt_context_override":{"context":"pdt","host":"p.example.com"}}`)
	ref = record.Ref{Kind: "connections", ID: "lost_db"}
	run = r.backup()
	r.do("DELETE", "/connections/lost_db", "")
	return r, ref, run
}

// A secret that somebody gives is sent with what is made and with what is changed, and is nowhere
// else: not in the plan, the vault or the journal, whose digest does not depend on it.
func TestSecretsAreSentAndNotKept(t *testing.T) {
	t.Parallel()
	r, ref, run := lostConnection(t)
	r.secrets.Put(ref, "password", password)
	r.secrets.Put(ref, "pdt_context_override.password", password+" of derived tables")
	var sent [][]byte
	r.sending = func(w looker.Write) { sent = append(sent, bytes.Clone(w.Body)) }
	request := restore.Request{Items: []record.Ref{ref}, Run: run}
	plan := r.plan(request)
	if notes := strings.Join(plan.Notes, "\n"); !strings.Contains(notes, "connections/lost_db: password, pdt_context_override.password comes from restore.secrets") || strings.Contains(notes, "typed in") {
		t.Errorf("notes:\n%s", notes)
	}
	done := r.apply(plan)
	complete(t, done)
	if len(sent) != 1 || canon.Text(canon.Member(sent[0], "password")) != password ||
		canon.Text(canon.Member(canon.Member(sent[0], "pdt_context_override"), "password")) != password+" of derived tables" ||
		canon.Text(canon.Member(canon.Member(sent[0], "pdt_context_override"), "host")) != "p.example.com" {
		t.Errorf("sent %s", sent)
	}
	if !strings.Contains(string(r.sim.Document("connections", "lost_db")), `"has_password":true`) {
		t.Error("the connection has no password")
	}
	steps, err := r.journal.Steps(t.Context(), 1)
	if err != nil || len(steps) != 1 || steps[0].Intended == sha256.Sum256(sent[0]) {
		t.Errorf("the journal holds %v, %v: whoever has the vault could try passwords", steps, err)
	}

	// An edit is taken back, with the secret; taking that back does not touch it.
	r.do("PATCH", "/connections/lost_db", `{"host":"elsewhere.example.com"}`)
	sent = nil
	edit := r.apply(r.plan(request))
	complete(t, edit)
	if len(sent) != 1 || !bytes.Contains(sent[0], []byte(password)) {
		t.Errorf("taking back an edit sent %s", sent)
	}
	sent = nil
	complete(t, r.apply(r.plan(restore.Request{Undo: edit.ID})))
	if len(sent) != 1 || bytes.Contains(sent[0], []byte(password)) {
		t.Errorf("undoing sent %s", sent)
	}
	if err := r.file.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{r.path, r.path + "-wal"} {
		if text, err := os.ReadFile(path); err == nil && bytes.Contains(text, []byte(password)) {
			t.Errorf("%s holds the password", path)
		}
	}
	if text := fmt.Sprintf("%v %+v %#v %s", r.secrets, r.secrets, &r.secrets, r.secrets); strings.Contains(text, password) {
		t.Error("printing shows the password")
	}
}

// A plan says which secrets it sends, so that it is not applied without them.
func TestAPlanKnowsItsSecrets(t *testing.T) {
	t.Parallel()
	r, ref, run := lostConnection(t)
	r.secrets.Put(ref, "password", password)
	plan := r.plan(restore.Request{Items: []record.Ref{ref}, Run: run})
	for _, tt := range []struct {
		secrets restore.Secrets
		want    []string
	}{{r.secrets, nil}, {restore.Secrets{}, []string{"connections/lost_db.password"}}} {
		if got, err := restore.LackingSecrets(plan, tt.secrets); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("lacking %v, %v, want %v", got, err, tt.want)
		}
	}
	if bytes.Contains(plan.Request, []byte(password)) {
		t.Errorf("the request holds the password: %s", plan.Request)
	}
}

// A connection that is as it was but for its password, which nobody can compare: the plan says that it
// lacks one, and gives it the one that the configuration has.
func TestAConnectionThatLacksItsPassword(t *testing.T) {
	t.Parallel()
	r, ref, _ := lostConnection(t)
	r.add("/connections", `{"name":"lost_db","host":"db.example.com","dialect_name":"snowflake","password":"p","pdt_context_override":{"context":"pdt","host":"p.example.com"}}`)
	run := r.backup()
	r.do("DELETE", "/connections/lost_db", "")
	r.add("/connections", `{"name":"lost_db","host":"db.example.com","dialect_name":"snowflake","pdt_context_override":{"context":"pdt","host":"p.example.com"}}`)
	request := restore.Request{Items: []record.Ref{ref}, Run: run}
	plan := r.plan(request)
	if notes := strings.Join(plan.Notes, "\n"); onlyAction(t, plan, ref).Deed != record.DeedReuse || !strings.Contains(notes, "connections/lost_db has no password on the instance") {
		t.Errorf("%s, notes:\n%s", onlyAction(t, plan, ref).Deed, notes)
	}
	r.secrets.Put(ref, "password", password)
	var sent [][]byte
	r.sending = func(w looker.Write) { sent = append(sent, bytes.Clone(w.Body)) }
	plan = r.plan(request)
	if a := onlyAction(t, plan, ref); a.Deed != record.DeedUpdate || len(a.Changes) != 1 || a.Changes[0].Path != "password" || strings.Contains(string(a.Changes[0].After), password) {
		t.Fatalf("%s %v", a.Deed, a.Changes)
	}
	complete(t, r.apply(plan))
	if len(sent) != 1 || string(sent[0]) != `{"password":"`+password+`"}` {
		t.Errorf("sent %s", sent)
	}
	if a := onlyAction(t, r.plan(request), ref); a.Deed != record.DeedReuse {
		t.Errorf("a second plan: %s %v", a.Deed, a.Changes)
	}
}
