// Command bench measures the built program from outside: a simulated Looker in a
// process of its own, the lookervault binary, and a floor that does nothing but
// GET and INSERT the same documents, all on this machine, in turns. It prints the
// tables of docs/BENCHMARKS.md.
//
//	go run ./internal/bench                 throughput, second run, memory
//	go run ./internal/bench scaling         workers against latency
//	go run ./internal/bench cost            memory, processor and size for few and many
//	go run ./internal/bench startup         commands that somebody waits for
//	go run ./internal/bench reads           commands that read a vault of many documents and runs
//
// Figures are medians of several rounds; ratios are taken within a round, so that
// they hold when the machine's speed drifts.
package main
