package fetch

import (
	"context"

	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// spread asks for the documents of a part of a list, of which nobody knows how large they
// are: for a page of them first, and then for the others in pages that are as large as those
// documents allow, with all workers. Only the first ask of a kind has to find out; the others
// wait for it.
func (t *task) spread(ctx context.Context) error {
	left := []portion{{how: record.Page, offset: t.ask.Offset, want: t.ask.Want}}
	select {
	case t.sizing <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	err := error(nil)
	if !t.sized() {
		left, err = t.firstPage(ctx, left[0])
	}
	<-t.sizing
	if err != nil {
		return err
	}
	return shareByWorkers(t, t.intoPages(left), func(own *task, p portion) error { return own.descend(ctx, p) })
}

// firstPage asks for one page of a portion, another one in each run, and returns what stands
// before and behind it.
func (t *task) firstPage(ctx context.Context, p portion) (left []portion, err error) {
	pages := (len(p.want) + t.Planner.PageSize - 1) / t.Planner.PageSize
	parts := p.split(t.Planner.Turn % pages * t.Planner.PageSize)
	before, page := parts[0], parts[1]
	parts = page.split(min(t.Planner.PageSize, len(page.want)))
	return []portion{before, parts[1]}, t.descend(ctx, parts[0])
}

// intoPages cuts portions into pages of about as many documents each, by the size that
// documents of the kind were found to have.
func (t *task) intoPages(portions []portion) (pages []portion) {
	most := t.Budget.Limit().Bytes / plan.InFlightShare
	for _, p := range portions {
		for n := t.Planner.PagesOf(len(p.want), t.guess(1), most); len(p.want) > 0; n-- {
			parts := p.split((len(p.want) + n - 1) / n)
			pages, p = append(pages, parts[0]), parts[1]
		}
	}
	return pages
}
