// Package stagestest is what the tests of stages and of stages/fetch share: a server that serves
// made-up documents and need not play along, a store that knows what it is told to know, and a run
// of list, of fetch, or of both on them.
package stagestest
