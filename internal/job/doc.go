// Package job holds what every long job needs, whatever flows through it: stop and
// kill, waves, statistics over all of them, and observers that cannot hold it up.
package job
