package restore

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
)

// set makes a set of ids what is wanted. What was added since the backup stays, unless
// the request wants exactly the backup's.
func (t *task) set(ctx context.Context, set *catalogue.Set, now []byte) error {
	wanted, err := canon.SetIDs(set, t.wanted)
	if err != nil {
		return err
	}
	is, err := canon.SetIDs(set, now)
	if err != nil {
		return err
	}
	ids := make([]string, 0, len(wanted))
	for _, id := range wanted {
		if target, ok := t.resolve(set.Kind, id); ok && !slices.Contains(ids, target) {
			ids = append(ids, target)
		}
	}
	for _, id := range is {
		if stays := !t.request.ExactMembers || t.request.isCallers(set, id, t.Caller.ID); stays && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	add := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(is, id) })
	remove := slices.DeleteFunc(slices.Clone(is), func(id string) bool { return slices.Contains(ids, id) })
	if len(add)+len(remove) == 0 {
		return nil
	}
	if !set.Replace.IsZero() {
		_, err := t.send(ctx, set.Replace, set.Replace.Fill(t.action.Target), idArray(ids))
		return err
	}
	return t.oneByOne(ctx, set, add, remove)
}

// oneByOne adds items to a set, and takes others out.
func (t *task) oneByOne(ctx context.Context, set *catalogue.Set, add, remove []string) error {
	ends := func(id string) (holder, item string) {
		if set.Turned {
			return id, t.action.Target
		}
		return t.action.Target, id
	}
	for _, id := range add {
		holder, item := ends(id)
		if _, err := t.send(ctx, set.Add, set.Add.Fill(holder), fmt.Appendf(nil, `{%q:%s}`, set.Body, quote(item))); err != nil {
			return fmt.Errorf("add %s/%s: %w", set.Kind, id, err)
		}
	}
	for _, id := range remove {
		holder, item := ends(id)
		if _, err := t.send(ctx, set.Remove, set.Remove.Fill(holder, item), nil); err != nil {
			return fmt.Errorf("take out %s/%s: %w", set.Kind, id, err)
		}
	}
	return nil
}

// idArray is a JSON array of ids.
func idArray(ids []string) []byte {
	var text bytes.Buffer
	text.WriteByte('[')
	for i, id := range ids {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(quote(id))
	}
	text.WriteByte(']')
	return text.Bytes()
}
