package vaulttest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lookervault/lookervault/internal/record"
)

// The documents of the suite are small dashboards and looks. Title matters,
// views do not.
type document struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Folder  string `json:"folder_id,omitempty"`
	Deleted bool   `json:"deleted"`
	Views   int    `json:"view_count"`
}

// Dawn is when the first run of the suite starts.
var Dawn = time.Date(2026, 3, 1, 4, 30, 0, 0, time.UTC)

const (
	dashboards record.Kind = "dashboards"
	looks      record.Kind = "looks"
)

// Fingerprint is what stages would compute: over what matters, different under
// every version of the rules.
func Fingerprint(policy int) func(record.Kind, []byte) (record.Digest, error) {
	return func(kind record.Kind, body []byte) (record.Digest, error) {
		var d document
		if err := json.Unmarshal(body, &d); err != nil {
			return record.Digest{}, err
		}
		return record.Digest(sha256.Sum256(fmt.Appendf(nil, "%d %s %s %s %s %t", policy, kind, d.ID, d.Title, d.Folder, d.Deleted))), nil
	}
}

// Doc makes the record of a document with a body, under policy 1.
func Doc(kind record.Kind, id, title string, more ...func(*record.Record)) record.Record {
	rec := record.Record{
		Ref: record.Ref{Kind: kind, ID: id}, State: record.Present, Policy: 1, Codec: record.Plain, Name: title,
		Owner: "7", Updated: "2026-02-03T04:05:06.000+00:00", Route: "GET /" + string(kind) + "/{id}", At: Dawn.Add(time.Minute),
	}
	setBody(&rec, document{ID: id, Title: title})
	for _, change := range more {
		change(&rec)
	}
	return rec
}

func setBody(rec *record.Record, d document) {
	rec.Body, _ = json.Marshal(d)
	rec.Size = int64(len(rec.Body))
	rec.Hash = sha256.Sum256(rec.Body)
	rec.Fingerprint, _ = Fingerprint(rec.Policy)(rec.Kind, rec.Body)
	rec.Stamp = sha256.Sum256(fmt.Appendf(nil, "stamp %d %s %s", rec.Policy, d.ID, d.Title))
}

func change(rec *record.Record, with func(*document)) {
	var d document
	_ = json.Unmarshal(rec.Body, &d)
	with(&d)
	setBody(rec, d)
}

// Views changes what does not matter.
func Views(n int) func(*record.Record) {
	return func(rec *record.Record) { change(rec, func(d *document) { d.Views = n }) }
}

// In puts the document into a folder.
func In(folder string) func(*record.Record) {
	return func(rec *record.Record) {
		rec.Folder = folder
		change(rec, func(d *document) { d.Folder = folder })
	}
}

// Trash puts the document into the trash, in its body too.
func Trash(rec *record.Record) {
	rec.State = record.Trashed
	change(rec, func(d *document) { d.Deleted = true })
}

// StateOnly puts the document into the trash without a trace in its body.
func StateOnly(rec *record.Record) { rec.State = record.Trashed }

// Under makes the record under another version of the rules.
func Under(policy int) func(*record.Record) {
	return func(rec *record.Record) {
		rec.Policy = policy
		change(rec, func(*document) {})
	}
}

// Pointing adds references.
func Pointing(refs ...record.Ref) func(*record.Record) {
	return func(rec *record.Record) { rec.Refs = append(rec.Refs, refs...) }
}

// Same is a record that says that the stored version is still right.
func Same(kind record.Kind, id string, more ...func(*record.Record)) record.Record {
	rec := record.Record{Ref: record.Ref{Kind: kind, ID: id}, State: record.Present, Same: true, Policy: 1}
	for _, change := range more {
		change(&rec)
	}
	return rec
}

// Gone is a record that says that the detail has vanished and the listing agreed.
func Gone(kind record.Kind, id string) record.Record {
	return record.Record{Ref: record.Ref{Kind: kind, ID: id}, State: record.Gone}
}

// Fault is a record of a document, or of a listing when id is empty, that could
// not be fetched.
func Fault(kind record.Kind, id, class string, attempts int) record.Record {
	return record.Record{Ref: record.Ref{Kind: kind, ID: id}, State: record.Present,
		Fault: &record.Fault{Class: class, Status: 500, Attempts: attempts, Message: "it did not work"}}
}

// Ended says that the listing of a kind is complete.
func Ended(kind record.Kind, listed int64) record.End {
	return record.End{Kind: kind, Listing: record.Complete, Listed: listed}
}
