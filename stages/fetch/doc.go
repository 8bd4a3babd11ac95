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
// # When rows are documents
//
// The first answer of many in a kind is compared with a single fetch; where rows are poorer
// than documents, the kind is fetched one by one, and a note says so. Every row is held against
// its neighbours and against the stored version of its document, and compared when it has less:
// always, where its neighbours have all that it has and more; now and then, where documents
// have one thing or another. Members that are volatile count for that as others do: they are stored,
// although no change is told by them. Where the longest arrays of new rows look cut off, by how many
// rows have just that length, one of them is compared too (lengths.go). Where the document of a
// row that speaks for others cannot be had, another of them stands in (standins.go); what nothing
// speaks for is fetched alone, and where such rows were stored before, the kind is not complete.
// A row that begins with the very bytes that the vault holds of its document is that document: it
// is not read again, and only that it was seen goes on.
//
// A list that cannot be had in one answer is read in pages where the API has a search for the
// kind; what the vault holds and the pages do not name is asked for alone before it is gone.
package fetch
