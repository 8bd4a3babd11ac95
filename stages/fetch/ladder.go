package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// portion is a part of an ask, and the route by which it is tried next. The routes of a
// kind are a ladder: whole pages, lists of ids or a folder, single documents.
type portion struct {
	how    record.How
	offset int // of the first document in its list, where how is a page
	want   []record.Listed
}

// below is what is left of a portion, by the next route down.
func (p portion) below(left []record.Listed) portion {
	how := record.Single
	if p.how == record.Page {
		how = record.IDs
	}
	return portion{how: how, offset: p.offset, want: left}
}

// split cuts a portion behind its first n documents.
func (p portion) split(n int) []portion {
	return []portion{
		{how: p.how, offset: p.offset, want: p.want[:n]},
		{how: p.how, offset: p.offset + n, want: p.want[n:]},
	}
}

// descend asks for the documents of a portion until each is accounted for. What one call
// leaves takes its place in front of the others.
func (t *task) descend(ctx context.Context, first portion) error {
	for portions := []portion{first}; len(portions) > 0; {
		left, err := t.try(ctx, portions[0])
		if err != nil {
			return err
		}
		portions = append(left, portions[1:]...)
	}
	return nil
}

// try makes at most one call for many, or asks for each document alone. It returns what
// is to be tried next, nothing when every document is accounted for.
func (t *task) try(ctx context.Context, p portion) (left []portion, err error) {
	if p.how == record.Single {
		return nil, t.alone(ctx, p.want)
	}
	many, ok := t.open(p.how, t.ask.State)
	if !ok {
		return []portion{p.below(p.want)}, nil
	}
	if n := t.atOnce(p.how, p.want); n < len(p.want) {
		return p.split(n), nil
	}
	unanswered, err := t.many(ctx, many, p.offset, p.want)
	if failed := (*stages.Failed)(nil); errors.As(err, &failed) {
		return t.retreat(many, p, failed), nil
	}
	if err != nil || len(unanswered) == 0 {
		return nil, err
	}
	return []portion{p.below(unanswered)}, nil
}

// retreat says how to go on where a call for a portion failed: in halves, or by the route
// below.
func (t *task) retreat(many catalogue.Many, p portion, failed *stages.Failed) []portion {
	switch hopeless := t.failed(p.how); {
	case refused(failed.Status) && p.how != record.Folder:
		t.disable(p.how, fmt.Sprintf("asking for many at once (%s) was refused (%d), fetching one by one", many.Route, failed.Status))
	case hopeless:
		t.disable(p.how, fmt.Sprintf("asking for many at once (%s) does not work, fetching one by one", many.Route))
	}
	if !stages.TooMuch(failed.Class) || len(p.want) == 1 || p.how == record.Folder {
		return []portion{p.below(p.want)}
	}
	half := (len(p.want) + 1) / 2
	if failed.Class == faultTimeout {
		t.shrink(half)
	}
	return p.split(half)
}

// refused reports whether a status means that the server will not answer this route at
// all.
func refused(status int) bool {
	return status >= 400 && status < 500 && status != http.StatusTooManyRequests
}
