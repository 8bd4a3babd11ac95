package main

import (
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/view"
)

// plainText is text that stays in its cell.
func plainText(s string) string { return ui.PlainText(s) }

// encodeJSON is a value on one line, with its text as it is.
func encodeJSON(v any) (string, error) { return view.JSON(v) }

// count is a number as people read it.
func count(n int64) string { return ui.Count(n) }

// plural is "1 call", "2 calls".
func plural(n int64, one, many string) string { return ui.Plural(n, one, many) }
