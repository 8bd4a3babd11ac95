// Package vaulttest holds the conformance suite of the engines of vaults: what an extraction
// relies on, whatever it writes to. A new engine passes [Suite] before it is used.
package vaulttest
