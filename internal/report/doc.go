// Package report makes a page of a run, for people who would rather look than
// read: one HTML file that needs no network, with charts as plain SVG.
package report
