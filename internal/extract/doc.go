// Package extract is the main job: it wires the stages, the API client and a
// sink into one run and says how that run ended.
package extract
