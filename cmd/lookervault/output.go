package main

import "github.com/lookervault/lookervault/internal/ui"

// plainText is text that stays in its cell.
func plainText(s string) string { return ui.PlainText(s) }

// count is a number as people read it.
func count(n int64) string { return ui.Count(n) }

// plural is "1 call", "2 calls".
func plural(n int64, one, many string) string { return ui.Plural(n, one, many) }
