package stages

import "github.com/lookervault/lookervault/internal/record"

// Recall takes over what the store holds of how the server serves kinds: from an
// earlier part of this run, or from a run whose rows are in doubt. It is called
// before the stages begin.
func (l *Ledger) Recall(lessons []record.Learnt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, lesson := range lessons {
		l.lessons[lesson] = true
	}
}

// Learn records what the run has found out about how the server serves a kind. It is
// handed to the sink with the next batch, so that a resume knows it.
func (l *Ledger) Learn(kind record.Kind, code record.Lesson) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lesson := record.Learnt{Kind: kind, Code: code}
	if !l.lessons[lesson] {
		l.lessons[lesson] = true
		l.fresh = append(l.fresh, lesson)
	}
}

// Knows reports whether the run has learnt that of a kind.
func (l *Ledger) Knows(kind record.Kind, code record.Lesson) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lessons[record.Learnt{Kind: kind, Code: code}]
}

// Lessons returns what was learnt since it was called last.
func (l *Ledger) Lessons() []record.Learnt {
	l.mu.Lock()
	defer l.mu.Unlock()
	fresh := l.fresh
	l.fresh = nil
	return fresh
}
