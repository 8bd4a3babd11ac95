package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/vault"
)

// verifyRemote compares a vault, or a sample of its documents, with the instance now.
func (a *app) verifyRemote(cmd *cobra.Command, r *reading, reader *vault.Reader, o vault.VerifyOptions, choice table.Choice) (err error) {
	var set map[record.Kind][]string
	of := ""
	if o.Sample > 0 && o.Sample < 1 {
		var chosen, all int
		if set, chosen, all, err = sampleOf(cmd.Context(), reader, r.instance, o); err != nil {
			return err
		}
		of = fmt.Sprintf(", %s of %s", count(int64(chosen)), plural(int64(all), "document", "documents"))
		if chosen == 0 {
			fmt.Fprintf(a.stderr, "The sample holds no document%s.\n", of)
			return nil
		}
	}
	l, err := a.lookNow(cmd, r, set, nil)
	if err != nil {
		return err
	}
	defer closing(&err, l)
	views, err := l.differences(cmd.Context())
	if err != nil {
		return err
	}
	if len(views) > 0 || choice.Format != "" {
		if err := show(a, damageTable, choice, each(views)); err != nil {
			return err
		}
	}
	if incomplete := l.incomplete(); incomplete != nil {
		return incomplete
	}
	if len(views) == 0 {
		fmt.Fprintf(a.stderr, "%s is what %s holds%s.\n", reader.Path(), l.instance, of)
		return nil
	}
	fmt.Fprintf(a.stderr.loud(), "%s differs from %s in %s%s: lookervault diff --live shows how, lookervault run backs them up.\n",
		reader.Path(), l.instance, plural(int64(len(views)), "document", "documents"), of)
	return errors.Join(errDifferent, errSaid)
}

// differences are the documents that are others on the instance now.
func (l *live) differences(ctx context.Context) (views []findingView, err error) {
	m := moment{reader: l.reader, instance: l.instance}
	names := &nameBook{}
	if err := names.read(ctx, m); err != nil {
		return nil, err
	}
	views = []findingView{}
	err = changes(ctx, m, names, false, func(c *changer) error {
		for made, err := range c.all(l.passages(ctx, vault.Span{}), &entryFilter{}) {
			if err != nil {
				return err
			}
			problem := "on the instance: " + strings.Join(made.Change, ", ")
			if made.what != "" && made.what != problem {
				problem += " (" + made.what + ")"
			}
			views = append(views, findingView{Kind: string(made.Kind), ID: made.ID, Problem: problem})
		}
		return nil
	})
	return views, err
}

// sampleOf chooses documents that can be asked for by their ids: the share that the
// options ask for, another one at each turn.
func sampleOf(ctx context.Context, reader *vault.Reader, instance string, o vault.VerifyOptions) (set map[record.Kind][]string, chosen, all int, err error) {
	set = map[record.Kind][]string{}
	from := math.Mod(float64(o.Turn)*o.Sample, 1)
	for e, err := range reader.Entries(ctx, vault.Query{Instance: instance}) {
		if err != nil {
			return nil, 0, 0, err
		}
		all++
		hash := sha256.Sum256([]byte(e.Ref.String()))
		place := float64(binary.BigEndian.Uint32(hash[:4])) / (1 << 32)
		if canBeAskedFor(e.Kind) && math.Mod(place-from+1, 1) < o.Sample {
			set[e.Kind] = append(set[e.Kind], e.ID)
			chosen++
		}
	}
	return set, chosen, all, nil
}
