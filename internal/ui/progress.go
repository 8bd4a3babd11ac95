package ui

import (
	"cmp"

	"github.com/lookervault/lookervault/internal/view"
)

func kindViewOf(k KindFrame) view.KindProgress {
	return view.KindProgress{Kind: k.Kind, Listing: k.Listing, Listed: k.Listed, Committed: k.Committed, Failed: k.Failed, Bytes: k.Bytes}
}

func progressOf(f Frame) view.Progress {
	v := view.Progress{
		Elapsed: view.Round(f.Elapsed.Seconds()), Done: f.Done, Listed: f.Listed, Items: f.Items, Failed: f.Failed,
		LastFault: f.LastFault, Bytes: f.Bytes, ItemsPerSecond: view.Round(f.ItemsPerSecond), BytesPerSecond: view.Round(f.BytesPerSecond),
		Calls: f.Calls, MaxCalls: f.MaxCalls, CallsPerSecond: view.Round(f.CallsPerSecond), Rate: view.Round(f.Rate), Throttled: f.Throttled,
		Retries: f.Retries, Paused: view.Round(f.Paused.Seconds()), Bottleneck: cmp.Or(f.Reason, ReasonNone), Kinds: []view.KindProgress{}, Stages: []view.StageProgress{},
	}
	if f.Things == Actions {
		v.ActionsDone, v.Actions = &f.Done, &f.Listed
	}
	if f.Left >= 0 {
		left := view.Round(f.Left.Seconds())
		v.Left = &left
	}
	v.Total = view.TotalProgress{Share: view.Round(f.Total.Share), Documents: f.Total.Things, Bound: f.Total.Bound}
	if f.Total.Left >= 0 {
		left := view.Round(f.Total.Left.Seconds())
		v.Total.Left = &left
	}
	for _, k := range f.Kinds {
		if k.State == Active {
			v.Kinds = append(v.Kinds, kindViewOf(k))
		}
	}
	for _, s := range f.Stages {
		v.Stages = append(v.Stages, view.StageProgress{
			Name: s.Name, Workers: s.Workers, Working: s.Working, Queued: s.Queued, Capacity: s.Capacity,
			Busy: view.Round(s.Busy), Blocked: view.Round(s.Blocked), Starved: view.Round(s.Starved),
		})
	}
	return v
}
