package extract

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// slow is the least time that a route known to be slow is given. Listings of
// large instances were seen to need minutes, and official samples use as much.
const slow = 300 * time.Second

// api makes the stages' calls with the API client.
type api struct {
	client   *looker.Client
	timeout  time.Duration
	attempts int // of any call; 0 = the client's own
	answers  *answers
	told     *told // nil: no answer is there before its call
}

// told are answers that are there before their calls, by path. It is safe for use by many
// goroutines.
type told struct {
	mu     sync.Mutex
	byPath map[string]*looker.Response
}

func newTold(answers map[string]*looker.Response) *told { return &told{byPath: maps.Clone(answers)} }

// take returns the answer to a request, once. One that is not what the request asks for is no
// answer.
func (t *told) take(request looker.Request) (answer *looker.Response, ok bool) {
	if t == nil || len(request.Query) > 0 {
		return nil, false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if answer, ok = t.byPath[request.Path]; !ok {
		return nil, false
	}
	delete(t.byPath, request.Path)
	if request.Check != nil {
		_, err := request.Check(answer.Body)
		ok = err == nil
	}
	return answer, ok
}

// NewLooker makes the calls of stages with an API client, for who is no run. timeout is that
// of a call, 0 for the client's own; routes that are known to be slow have more.
func NewLooker(client *looker.Client, timeout time.Duration) stages.Looker {
	return api{client: client, timeout: timeout}
}

// answers counts good answers and how long they took, by the kind that they were asked
// for. Its zero value is ready; it is safe for use by many goroutines.
type answers struct {
	mu    sync.Mutex
	kinds map[record.Kind]answered
}

// answered is what a kind's good answers were.
type answered struct {
	calls   int64
	took    time.Duration // summed, without waits for the rate
	longest time.Duration
}

// add counts an answer. A nil receiver counts nothing.
func (a *answers) add(kind record.Kind, took time.Duration) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.kinds == nil {
		a.kinds = make(map[record.Kind]answered)
	}
	sum := a.kinds[kind]
	sum.calls++
	sum.took += took
	sum.longest = max(sum.longest, took)
	a.kinds[kind] = sum
}

// of returns what was counted of a kind.
func (a *answers) of(kind record.Kind) answered {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.kinds[kind]
}

// timeoutOf is how long an attempt to call a route may take, 0 for as long as the client says.
func (a api) timeoutOf(route catalogue.Route) time.Duration {
	if route.Slow {
		return max(a.timeout, slow)
	}
	return a.timeout
}

// Get is stages.Looker.
func (a api) Get(ctx context.Context, call stages.Call) (stages.Answer, error) {
	request := looker.Request{
		Route: call.Route.String(), Class: string(call.Route.Activity), Path: call.Path, Query: call.Query,
		SizeHint: call.Size, MaxBody: call.Most, Timeout: a.timeoutOf(call.Route), Attempts: min(call.Tries, a.attempts), Twice: call.Twice, Refused: call.Refused,
		Emptied: call.Emptied,
	}
	if call.Check != nil {
		request.Check = func(body []byte) (looker.FaultClass, error) {
			if failed := call.Check(body); failed != nil {
				return looker.FaultClass(failed.Class), failed.Err
			}
			return "", nil
		}
	}
	if answer, ok := a.told.take(request); ok {
		return stages.Answer{Body: answer.Body, Total: answer.Total, HasTotal: answer.HasTotal}, nil
	}
	response, err := a.client.Get(ctx, request)
	if err != nil {
		return stages.Answer{}, failure(err)
	}
	a.answers.add(call.Kind, response.Took)
	free := func() { a.client.Recycle(response.Body) }
	return stages.Answer{Body: response.Body, Free: free, Total: response.Total, HasTotal: response.HasTotal}, nil
}

// failure tells errors about one call from errors about the run.
func failure(err error) error {
	class := looker.Class(err)
	switch class {
	case looker.FaultBudget:
		return fmt.Errorf("%w: %w", stages.ErrBudget, err)
	case looker.FaultDown, looker.FaultCancelled:
		return err
	}
	if errors.Is(err, looker.ErrLogin) {
		return err
	}
	fault := record.Fault{Class: string(class), Message: err.Error()}
	if tried, ok := errors.AsType[interface {
		error
		Requests() int
	}](err); ok {
		fault.Attempts = tried.Requests()
	}
	fault.Status = statusOf(err)
	failed := &stages.Failed{Fault: fault, Err: err}
	if e, ok := errors.AsType[*looker.TooLargeError](err); ok {
		failed.Size = e.Size
	}
	return failed
}

// statusOf is the HTTP status of the last attempt, 0 when there was none.
func statusOf(err error) int {
	if e, ok := errors.AsType[*looker.StatusError](err); ok {
		return e.Status
	}
	if e, ok := errors.AsType[*looker.NotJSONError](err); ok {
		return e.Status
	}
	if e, ok := errors.AsType[*looker.RedirectError](err); ok {
		return e.Status
	}
	if e, ok := errors.AsType[*looker.UnfitError](err); ok {
		return e.Status
	}
	return 0
}
