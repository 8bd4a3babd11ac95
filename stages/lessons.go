package stages

import (
	"github.com/lookervault/lookervault/internal/record"
)

const inDoubt = "rows were stored before it was found that rows can be poorer than documents; the next run fetches each document alone"

// Recall takes over what a resumed run has learnt before, which kinds earlier runs have
// left in doubt, and of which no overview is believed. It is called before the stages begin.
func (l *Ledger) Recall(lessons []record.Learnt, doubted, untold []record.Kind) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, kind := range untold {
		l.lessons[record.Learnt{Kind: kind, Code: record.StampsOff}] = true
	}
	for _, lesson := range lessons {
		l.lessons[lesson] = true
	}
	for _, kind := range doubted {
		l.lessons[record.Learnt{Kind: kind, Code: record.RowsPoor}] = true
		l.lessons[record.Learnt{Kind: kind, Code: record.RowsDoubted}] = true
		if _, ok := l.kinds[kind]; ok {
			l.notes = append(l.notes, string(kind)+": an earlier run stored rows that may be poorer than documents, fetching one by one")
		}
	}
	for _, lesson := range lessons {
		a, ok := l.kinds[lesson.Kind]
		if !ok {
			continue
		}
		switch lesson.Code {
		case record.RowsDoubted:
			a.rows.doubted = !l.lessons[record.Learnt{Kind: lesson.Kind, Code: record.RowsAssured}]
		case record.RowsStored:
			a.rows.fromLists.addAll() // nobody knows which
		}
		if id, ok := lesson.Code.CameEmpty(); ok {
			a.emptyBefore = append(a.emptyBefore, id)
		}
	}
}

// Learn records what the run has found out about how the server serves a kind. It is
// handed to the sink with the next batch, so that a resume knows it.
func (l *Ledger) Learn(kind record.Kind, code record.Lesson) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.learn(kind, code)
}

func (l *Ledger) learn(kind record.Kind, code record.Lesson) {
	lesson := record.Learnt{Kind: kind, Code: code}
	if !l.lessons[lesson] {
		l.lessons[lesson] = true
		l.fresh = append(l.fresh, lesson)
	}
}

// StoreRows records that rows of a kind's lists are stored, and reports whether they
// may be: another worker may have found meanwhile that they are poorer than documents.
func (l *Ledger) StoreRows(kind record.Kind) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lessons[record.Learnt{Kind: kind, Code: record.RowsPoor}] {
		return false
	}
	l.learn(kind, record.RowsStored)
	return true
}

// Poor records that rows of a kind's lists are poorer than the documents. Where this
// run has stored such rows already, they are in doubt, until the documents are fetched alone: see
// [Ledger.Doubted].
func (l *Ledger) Poor(kind record.Kind) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lessons[record.Learnt{Kind: kind, Code: record.RowsStored}] {
		l.learn(kind, record.RowsDoubted)
		l.kinds[kind].rows.doubted = true
	}
	l.learn(kind, record.RowsPoor)
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
