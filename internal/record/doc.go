// Package record holds the words that flow through an extraction: a [Ref] names
// a document, an [Ask] is one API call and what it must bring, an [Item] is what
// came back, a [Record] is what will be stored and a [Batch] is what one
// transaction commits. It knows neither Looker's routes nor SQL.
//
// Every value is handed from stage to stage by ownership: whoever receives one
// may change it, whoever sent it must not touch it again.
package record
