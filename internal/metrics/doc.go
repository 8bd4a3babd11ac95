// Package metrics tells Prometheus about runs: of a run under way at /metrics,
// and of one that is over in a file for node_exporter's textfile collector.
package metrics
