package pipeline_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/lookervault/lookervault/pipeline"
)

// A run of three stages. The second one holds values back until it has two, or until the end.
func Example() {
	run := pipeline.NewRun(context.Background(), pipeline.Options{})

	upper := pipeline.Stage[string, string]{
		Name: "upper", Workers: 1, Buffer: 4, Intake: true,
		New: pipeline.Shared(func(_ context.Context, s string, emit pipeline.Emit[string]) error {
			return emit(strings.ToUpper(s))
		}),
	}
	pairs := pipeline.Stage[string, []string]{
		Name: "pairs", Workers: 1, Buffer: 1,
		New: func() pipeline.Worker[string, []string] { return new(pairing) },
	}
	write := pipeline.Stage[[]string, struct{}]{
		Name: "write", Workers: 1,
		New: pipeline.Shared(func(_ context.Context, pair []string, _ pipeline.Emit[struct{}]) error {
			fmt.Println(pair)
			return nil
		}),
	}

	words := pipeline.Then(run, upper, pipeline.From(run, []string{"looks", "boards", "folders"}))
	pipeline.Into(run, write, pipeline.Then(run, pairs, words))
	fmt.Println(run.Wait())
	// Output:
	// [LOOKS BOARDS]
	// [FOLDERS]
	// <nil>
}

// pairing is a Worker with state.
type pairing struct{ held []string }

func (p *pairing) Do(ctx context.Context, s string, emit pipeline.Emit[[]string]) error {
	p.held = append(p.held, s)
	if len(p.held) < 2 {
		return nil
	}
	return p.Flush(ctx, emit)
}

func (p *pairing) Flush(_ context.Context, emit pipeline.Emit[[]string]) error {
	if len(p.held) == 0 {
		return nil
	}
	pair := p.held
	p.held = nil
	return emit(pair)
}
