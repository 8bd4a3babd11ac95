package ui

import "github.com/lookervault/lookervault/internal/record"

// kindView is a kind in an event.
type kindView struct {
	Kind      record.Kind    `json:"kind"`
	Listing   record.Listing `json:"listing"`
	Listed    int64          `json:"listed"`
	Committed int64          `json:"committed"` // failures included
	Failed    int64          `json:"failed"`
	Bytes     int64          `json:"bytes"`
}

func kindViewOf(k KindFrame) kindView {
	return kindView{k.Kind, k.Listing, k.Listed, k.Committed, k.Failed, k.Bytes}
}

type stageShare struct {
	Name     string  `json:"name"`
	Workers  int     `json:"workers"`
	Working  int     `json:"working"`
	Queued   int     `json:"queued"`
	Capacity int     `json:"capacity"`
	Busy     float64 `json:"busy"`
	Blocked  float64 `json:"blocked"`
	Starved  float64 `json:"starved"`
}

type progressView struct {
	Elapsed        float64      `json:"elapsed_seconds"`
	Left           *float64     `json:"left_seconds"` // null when nobody can tell
	Total          totalView    `json:"total"`
	Done           int64        `json:"done"`
	Listed         int64        `json:"listed"`
	ActionsDone    *int64       `json:"actions_done,omitempty"` // of a restore
	Actions        *int64       `json:"actions,omitempty"`
	Items          int64        `json:"items"`
	Failed         int64        `json:"failed"`
	LastFault      string       `json:"last_fault,omitempty"`
	Bytes          int64        `json:"bytes"`
	ItemsPerSecond float64      `json:"items_per_second"`
	BytesPerSecond float64      `json:"bytes_per_second"`
	Calls          int64        `json:"calls"`
	MaxCalls       int64        `json:"calls_max"`
	CallsPerSecond float64      `json:"calls_per_second"`
	Rate           float64      `json:"rate_limit"` // 0 = no limit
	Throttled      int64        `json:"throttled"`
	Retries        int64        `json:"retries"`
	Paused         float64      `json:"paused_seconds"`
	Bottleneck     string       `json:"bottleneck"` // a reason
	Kinds          []kindView   `json:"kinds"`      // that are being worked on
	Stages         []stageShare `json:"stages"`
}

// totalView is how much of the whole job is done.
type totalView struct {
	Share     float64  `json:"share"`        // 0..1
	Documents int64    `json:"documents"`    // that are expected in all
	Left      *float64 `json:"left_seconds"` // null when nobody can tell
	Bound     bool     `json:"bound"`        // share is the most that it can be, left_seconds the least
}

func progressOf(f Frame) progressView {
	v := progressView{
		Elapsed: round(f.Elapsed.Seconds()), Done: f.Done, Listed: f.Listed, Items: f.Items, Failed: f.Failed,
		LastFault: f.LastFault, Bytes: f.Bytes, ItemsPerSecond: round(f.ItemsPerSecond), BytesPerSecond: round(f.BytesPerSecond),
		Calls: f.Calls, MaxCalls: f.MaxCalls, CallsPerSecond: round(f.CallsPerSecond), Rate: round(f.Rate), Throttled: f.Throttled,
		Retries: f.Retries, Paused: round(f.Paused.Seconds()), Bottleneck: f.Reason, Kinds: []kindView{}, Stages: []stageShare{},
	}
	if f.Things == Actions {
		v.ActionsDone, v.Actions = &f.Done, &f.Listed
	}
	if v.Bottleneck == "" {
		v.Bottleneck = ReasonNone
	}
	if f.Left >= 0 {
		left := round(f.Left.Seconds())
		v.Left = &left
	}
	v.Total = totalView{Share: round(f.Total.Share), Documents: f.Total.Things, Bound: f.Total.Bound}
	if f.Total.Left >= 0 {
		left := round(f.Total.Left.Seconds())
		v.Total.Left = &left
	}
	for _, k := range f.Kinds {
		if k.State == Active {
			v.Kinds = append(v.Kinds, kindViewOf(k))
		}
	}
	for _, s := range f.Stages {
		v.Stages = append(v.Stages, stageShare{
			s.Name, s.Workers, s.Working, s.Queued, s.Capacity, round(s.Busy), round(s.Blocked), round(s.Starved),
		})
	}
	return v
}

// round leaves three digits behind the point.
func round(f float64) float64 { return float64(int64(f*1000+0.5)) / 1000 }
