// Package budget bounds what is in flight: documents that were asked for and are not
// committed yet, and their bytes. Room is a [Lease], which travels with what it is for.
package budget
