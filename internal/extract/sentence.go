package extract

import (
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/fetch"
)

// sentence is the extraction: list, fetch, redact, serialize, batch, write.
func (f *flow) sentence(run *pipeline.Run, kinds []*catalogue.Spec, list stages.ListOptions) {
	asks := pipeline.Then(run, stages.List(list), pipeline.From(run, kinds))
	items := pipeline.Then(run, fetch.Stage(f.fetchOptions()), asks)
	if f.secrets != nil {
		redact := f.job.Config.Stages.Serialize
		items = pipeline.Then(run, stages.Redact(redact.Workers, redact.Buffer, f.secrets), items)
	}
	records := pipeline.Then(run, stages.Serialize(f.serializeOptions()), items)
	batches := pipeline.Then(run, stages.Batch(f.batchOptions()), records)
	pipeline.Into(run, stages.Write(stages.WriteOptions{Store: f.job.Sink, Committed: f.view.committed}), batches)
}

func (f *flow) listOptions() stages.ListOptions {
	stage := f.job.Config.Stages.List
	return stages.ListOptions{
		Asking:  f.asking(),
		Workers: stage.Workers, Buffer: stage.Buffer,
		Few:  !f.begun.Resumed, // else a page brings again what is stored
		Refs: f.begun.Scope.Refs, Find: f.begun.Scope.Find,
		Log: f.job.Log.Named("list"),
	}
}

func (f *flow) fetchOptions() fetch.Options {
	stage := f.job.Config.Stages.Fetch
	return fetch.Options{
		Asking:  f.asking(),
		Workers: stage.Workers, Buffer: stage.Buffer,
		Budget: f.budget, Log: f.job.Log.Named("fetch"),
	}
}

// asking is what list and fetch share in this run.
func (f *flow) asking() stages.Asking {
	c, caller := f.job.Config, f.job.Start.Caller
	counted, pageSize := c.Looker.Quota.Counted(), c.Stages.List.PageSize
	return stages.Asking{
		Planner: plan.Rules{
			PageSize: pageSize, PageBytes: f.job.Limits.PageBytes(pageSize, int64(c.Limits.InFlightBytes), counted),
			Counted: counted, Full: f.begun.Full, Limits: f.job.Limits,
			Exclude: f.job.Exclude, Within: f.within, Refresh: f.refresh, Turn: int(f.begun.Run - 1),
		},
		Admin: !caller.SeesLess(), ProvesAbsence: f.begun.Scope.Unscoped() && caller.KnownAdmin(),
		Overviews: &f.overviews, Hollow: f.job.Client.Hollow, Proven: f.proven(), Listed: f.begun.Listed, Unavailable: f.begun.Unavailable, NotServed: f.begun.NotServed,
		Looker: f.api, Store: f.job.Sink, Ledger: f.ledger, Now: f.job.Now,
	}
}

func (f *flow) serializeOptions() stages.SerializeOptions {
	stage := f.job.Config.Stages.Serialize
	o := stages.SerializeOptions{
		Workers: stage.Workers, Buffer: stage.Buffer,
		Codec: record.Codec(stage.Codec), Dictionaries: f.dictionaries, Policies: f.policies, Stored: f.job.Sink.Body,
		Mentions: !f.job.Start.Caller.SeesLess(), Ledger: f.ledger,
	}
	if f.job.Start.Caller.SeesLess() {
		o.SeenByAdmin = f.job.Sink.SeenByAdmin
	}
	return o
}

func (f *flow) batchOptions() stages.BatchOptions {
	stage := f.job.Config.Stages.Batch
	return stages.BatchOptions{
		Records: stage.Records, Bytes: int64(stage.Bytes), Every: stage.Every.Std(),
		Buffer: stage.Buffer, Budget: f.budget,
	}
}
