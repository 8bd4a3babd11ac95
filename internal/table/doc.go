// Package table shows rows as every command does: as a table that fits the terminal,
// tab-separated in a pipe, or in a format that somebody asked for. It also chooses
// columns, sorts and limits rows, so that all commands take the same flags for it.
package table
