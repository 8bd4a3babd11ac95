// Package catalogue is the table of kinds: one row says everything that is
// special about a kind, and nothing else in the program knows a kind by name.
//
// A row says how the kind is listed, which routes bring many documents at once,
// which route brings one, where a document keeps its id, name and dates, and
// which of its fields move without anybody having changed anything. It is pure
// data. A write row ([Write]) says how documents of the kind are put back. Routes,
// parameters and field names are those of Looker's API 4.0 (OpenAPI 4.0.26.12);
// docs/ADDING-A-KIND.md shows how to add a row.
package catalogue
