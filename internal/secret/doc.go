// Package secret keeps secrets out of what this program says about others: it
// finds values that are known to be secret in a text, however the text spells
// them, and says why a request failed without repeating what a server sent.
package secret
