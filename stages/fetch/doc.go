// Package fetch is the second stage of an extraction: it makes the calls that list
// planned, and accounts for every document in them.
//
// fetch.go is the stage; ladder.go asks for the documents of an ask, from whole pages down
// to single documents, in one loop over portions. A file each is a way to ask: many.go,
// single.go, whole.go (a list in one answer) and paged.go (such a list, in pages). Whether
// rows of lists are as rich as documents is proven in proof.go and held against each row in
// examine.go, by the members that shapes.go knows. room.go keeps an answer within what was
// reserved for it, and habits.go is what a run has learnt about how the server serves a
// kind.
//
// Its tests run it behind list and stand beside those, in the package above.
package fetch
