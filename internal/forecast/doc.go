// Package forecast says what a run would find and cost before it is made: it looks at the
// lists with a few small calls, reads what the vault holds, and works out what a run would
// plan. It stores nothing.
package forecast
