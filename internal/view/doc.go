// Package view is every JSON shape of the program: what --json prints of each command, the
// events of long work, the summary that hooks get. docs/EVENTS.md is their contract: names
// and meanings of members stay, new ones may be added. What the vault itself stores as JSON
// and shows as it is, such as the counts of a run, has its shape in internal/record.
//
// Each shape is a type with a function that makes it of what the program knows. No slice
// is null in JSON.
package view
