package report

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// readDeleted reads what was deleted up to the first of the runs, and finds out all that
// its last body tells.
func (d *Data) readDeleted(ctx context.Context, reader vault.Reader, runs []record.Run) error {
	list, n, err := reader.Deletions(ctx, d.Run.Instance, d.Run.ID, readDeleted)
	if err != nil {
		return err
	}
	position := make(map[record.Kind]int)
	for i, kind := range catalogue.All() {
		position[kind.Name] = i
	}
	// What people make comes first, not what went with it.
	slices.SortStableFunc(list, func(a, b vault.Deletion) int {
		return cmp.Or(cmp.Compare(b.Run, a.Run), cmp.Compare(position[a.Kind], position[b.Kind]))
	})
	names := &userNames{reader: reader, instance: d.Run.Instance, known: make(map[string]string)}
	d.DeletedAll = n
	for _, went := range list {
		g := Deleted{Deletion: went}
		for i, run := range runs {
			if run.ID != went.Run {
				continue
			}
			g.Found = run.Started
			if i+1 < len(runs) {
				g.Before = runs[i+1].Started
			}
		}
		if err := names.whoAndWhen(ctx, &g); err != nil {
			return err
		}
		d.Deleted = append(d.Deleted, g)
	}
	return nil
}

// userNames knows what users are called, or were.
type userNames struct {
	reader   vault.Reader
	instance string
	known    map[string]string // by id
}

// whoAndWhen finds out what the last body of a document tells of its deletion.
func (u *userNames) whoAndWhen(ctx context.Context, g *Deleted) (err error) {
	var told struct {
		By json.RawMessage `json:"deleter_id"`
		At string          `json:"deleted_at"`
	}
	document, err := u.reader.VersionBody(ctx, g.Version)
	if err != nil {
		return err
	}
	_ = json.Unmarshal(document.Body, &told) // what a body does not tell is not known
	if g.Owner, err = u.name(ctx, g.Deletion.Owner); err != nil {
		return err
	}
	g.By, err = u.name(ctx, idOf(told.By))
	g.At = told.At
	return err
}

func (u *userNames) name(ctx context.Context, id string) (string, error) {
	if known, ok := u.known[id]; ok || id == "" {
		return known, nil
	}
	versions, err := u.reader.Versions(ctx, u.instance, record.Ref{Kind: catalogue.Users, ID: id})
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		return "", err
	}
	u.known[id] = "user " + id
	if n := len(versions); n > 0 && versions[n-1].Name != "" {
		u.known[id] = versions[n-1].Name
	}
	return u.known[id], nil
}

// idOf is an id that is spelled as a string or a number, "" for none.
func idOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// checkWhole is how many bytes of documents are read to check a vault for a page, which is
// a second or two. Of a larger vault it is a part, another one every day.
const checkWhole = 512 << 20

// Check checks the vault as verify does: every row, and every byte of documents where
// those are not too many to wait for.
func Check(ctx context.Context, reader vault.Reader, now time.Time) (Checked, []vault.Finding, error) {
	stats, err := reader.Stats(ctx)
	if err != nil {
		return Checked{}, nil, err
	}
	c := Checked{At: now, Share: 1}
	options := vault.VerifyOptions{Turn: now.Unix() / (24 * 60 * 60)}
	if size := stats.FileBytes + stats.LogBytes; size > checkWhole {
		options.Sample = float64(checkWhole) / float64(size)
		c.Share = options.Sample
	}
	findings, err := reader.VerifyWith(ctx, options)
	if err != nil {
		return Checked{}, nil, err
	}
	if c.Findings = len(findings); c.Findings > 0 {
		c.First = findings[0].String()
	}
	return c, findings, nil
}

// said says how the check ended.
func (c Checked) said() string {
	switch {
	case c.At.IsZero():
		return "Never checked. lookervault verify checks every byte."
	case c.Findings > 0:
		return "Damaged, as found at " + moment(c.At) + ": " + plural(int64(c.Findings), "thing is wrong", "things are wrong") + ", the first: " + c.First + ". lookervault verify names all of them."
	case c.Share < 1:
		return "Sound, as checked at " + moment(c.At) + ": every row and " + percent(c.Share, 1) + " of the documents, another part every day. lookervault verify checks every byte."
	}
	return "Sound, as checked at " + moment(c.At) + ": every byte is as it was written."
}
