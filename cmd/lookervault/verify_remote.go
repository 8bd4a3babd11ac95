package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

// verifyRemote compares a vault, or a sample of its documents, with the instance now. It
// shows what was found before with what differs.
func verifyRemote(ctx context.Context, o verifyOptions, reader vault.Reader, part vault.VerifyOptions, choice table.Choice, before []view.Finding) (err error) {
	chosen, err := sampleOf(ctx, reader, o.reading.instance, part)
	if err != nil {
		return err
	}
	tell := func(views []view.Finding) error {
		if views = append(before, views...); len(views) > 0 || choice.Format != "" {
			return show(o.streams, verifyTable(true), choice, table.Each(views))
		}
		return nil
	}
	if chosen != nil {
		fmt.Fprintln(o.streams.err, chosen)
		if chosen.chosen == 0 {
			return tell(nil)
		}
	}
	l, err := o.looking.lookNow(ctx, o.reading.instance, chosen.documents(), nil)
	if err != nil {
		return err
	}
	defer closing(&err, l)
	views, err := l.differences(ctx)
	if err != nil {
		return err
	}
	if err := tell(views); err != nil {
		return err
	}
	l.tellCalls()
	if incomplete := cmp.Or(l.incomplete(), l.partlySeen()); incomplete != nil {
		return incomplete
	}
	if len(views) == 0 {
		fmt.Fprintf(o.streams.err, "%s is what %s holds.\n", reader.Path(), l.instance)
		return nil
	}
	fmt.Fprintf(o.streams.err.loud(), "%s differs from %s in %s: lookervault diff --live%[4]s shows how, lookervault run%[4]s backs them up.\n",
		reader.Path(), l.instance, plural(int64(len(views)), "document", "documents"), dbFlag(reader.Path()))
	return said(errDifferent)
}

// differences are the documents that are others on the instance now.
func (l *live) differences(ctx context.Context) (views []view.Finding, err error) {
	m := history.Moment{Reader: l.reader, Instance: l.instance}
	names := &history.Names{}
	if err := names.Read(ctx, m); err != nil {
		return nil, err
	}
	views = []view.Finding{}
	err = history.Changes(ctx, m, names, false, func(c *history.Changer) error {
		for made, err := range c.All(l.passages(ctx, vault.Span{}), &history.Filter{}) {
			if err != nil {
				return err
			}
			problem := "on the instance: " + strings.Join(made.Change, ", ")
			if made.What != "" && made.What != problem {
				problem += " (" + made.What + ")"
			}
			views = append(views, view.Finding{Severity: view.Different, Kind: string(made.Kind), ID: made.ID, Problem: problem})
		}
		return nil
	})
	return views, err
}

// remoteSample is a part of the documents of a vault, to be compared with the instance.
type remoteSample struct {
	set         map[record.Kind][]string
	chosen, all int                  // of the documents that can be asked for by their ids
	left        map[record.Kind]bool // the kinds of the others
	leftOut     int
}

// documents are those of the sample by kind, nil for all that there are.
func (s *remoteSample) documents() map[record.Kind][]string {
	if s == nil {
		return nil
	}
	return s.set
}

// String says in a sentence how much of the whole is looked at.
func (s *remoteSample) String() string {
	said := fmt.Sprintf("The sample is %s of %s that can be asked for by their ids", count(int64(s.chosen)), plural(int64(s.all), "document", "documents"))
	if s.leftOut > 0 {
		said += fmt.Sprintf("; %s of %s cannot, and are compared only without --sample",
			count(int64(s.leftOut)), plural(int64(len(s.left)), "other kind", "other kinds"))
	}
	return said + "."
}

// sampleOf chooses documents that can be asked for by their ids: the share that the
// options ask for, another one at each turn. It returns nil where they ask for no share.
func sampleOf(ctx context.Context, reader vault.Reader, instance string, o vault.VerifyOptions) (*remoteSample, error) {
	if o.Sample <= 0 || o.Sample >= 1 {
		return nil, nil
	}
	s := &remoteSample{set: make(map[record.Kind][]string), left: make(map[record.Kind]bool)}
	for e, err := range reader.Entries(ctx, vault.Query{Instance: instance}) {
		if err != nil {
			return nil, err
		}
		if !canBeAskedFor(e.Kind) {
			s.left[e.Kind] = true
			s.leftOut++
			continue
		}
		if s.all++; inSample(e.Ref, o) {
			s.set[e.Kind] = append(s.set[e.Kind], e.ID)
			s.chosen++
		}
	}
	return s, nil
}

// inSample reports whether a document is of the share that the options ask for, at their
// turn; without a share every document is.
func inSample(ref record.Ref, o vault.VerifyOptions) bool {
	if o.Sample <= 0 || o.Sample >= 1 {
		return true
	}
	hash := sha256.Sum256([]byte(ref.String()))
	place := float64(binary.BigEndian.Uint32(hash[:4])) / (1 << 32)
	return math.Mod(place-math.Mod(float64(o.Turn)*o.Sample, 1)+1, 1) < o.Sample
}
