package ui

import (
	"time"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/view"
)

// maxSamples bounds what is kept of a run's course: twice as fine as a chart
// shows it.
const maxSamples = 240

// A Sampler keeps the course of a session in a bounded number of samples, which
// lie farther apart the longer it lasts. Its zero value is ready; it is used by
// one goroutine.
type Sampler struct {
	samples []record.Sample
	every   float64 // seconds
}

// Add keeps a snapshot, unless the last one is too near.
func (s *Sampler) Add(snapshot job.Snapshot, elapsed time.Duration) {
	at := elapsed.Seconds()
	if n := len(s.samples); n > 0 && at < s.samples[n-1].At+s.every {
		return
	}
	if len(s.samples) == maxSamples {
		kept := s.samples[:0]
		for i := 0; i < maxSamples; i += 2 {
			kept = append(kept, s.samples[i])
		}
		s.samples = kept
		s.every = max(2*s.every, 2*at/maxSamples)
	}
	s.samples = append(s.samples, sampleOf(snapshot, at))
}

// All returns the samples with one of the end behind them.
func (s *Sampler) All(last job.Snapshot, elapsed time.Duration) []record.Sample {
	at := elapsed.Seconds()
	all := s.samples
	if n := len(all); n > 0 && all[n-1].At >= at {
		all = all[:n-1]
	}
	return append(all[:len(all):len(all)], sampleOf(last, at))
}

func sampleOf(s job.Snapshot, at float64) record.Sample {
	return record.Sample{
		At: view.Round(at), Items: s.Items, Failed: s.Faults, Bytes: s.Bytes, Calls: s.API.Calls,
		Refused: s.API.Throttled, Paused: view.Round(s.API.Paused.Seconds()), Rate: view.Round(s.API.Rate),
	}
}

// SessionOf is what is kept with a run of what this process measured.
func SessionOf(s job.Snapshot, samples []record.Sample, began time.Time, took time.Duration, limits Limits, memory int64) record.Session {
	session := record.Session{
		Began: began.UTC(), Seconds: view.Round(took.Seconds()), Items: s.Items, Failed: s.Faults, Bytes: s.Bytes, Packed: s.Packed, Encoded: s.Encoded,
		Calls: s.API.Calls, Retries: s.API.Retries, Refused: s.API.Throttled, Paused: view.Round(s.API.Paused.Seconds()),
		Received: s.API.Bytes, Memory: memory, Samples: samples,
	}
	for _, st := range s.Stages {
		u := useOf(st)
		u.Busy, u.Blocked, u.Starved = view.Round(u.Busy), view.Round(u.Blocked), view.Round(u.Starved)
		session.Stages = append(session.Stages, u)
	}
	for _, k := range s.Kinds {
		if k.Calls > 0 || k.Bytes > 0 {
			session.Kinds = append(session.Kinds, record.KindUse{
				Kind: k.Kind, Calls: k.Calls, Answering: view.Round(k.Answering.Seconds()), Longest: view.Round(k.Longest.Seconds()),
				Bytes: k.Bytes, Unchanged: k.Unchanged,
			})
		}
	}
	diagnosis, advice := Advise(Use{
		Kinds:   session.Kinds,
		Seconds: took.Seconds(), Stages: session.Stages, Waited: s.Waited.Seconds(), Calls: s.API.Calls, Throttled: s.API.Throttled,
		Retries: s.API.Retries, Answering: s.API.Answering.Seconds(),
		Paused: s.API.Paused.Seconds(), Rate: s.API.Rate, AtOnce: s.API.AtOnce, Bears: s.API.Bears, Limit: limits.PerSecond,
	})
	session.Bottleneck, session.Advice = diagnosis.Reason, advice
	return session
}
