package pipeline

// Dropper is a value, or a worker, that holds something which must be given back. The
// run calls Drop for a value that it discards: one that nobody works on after a Stop or
// Kill, one whose Emit failed, one in whose Do a worker panicked, one of a sequence that nobody took any more. It calls the Drop of a
// worker when that ends, however: what it still holds then goes nowhere. A value that
// Do was given and did not emit, for an error, is Do's own.
type Dropper interface{ Drop() }

func drop(v any) {
	if d, ok := v.(Dropper); ok {
		d.Drop()
	}
}
