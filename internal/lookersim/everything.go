package lookersim

// everything holds the lists that the server works out where all of a sort is
// allowed. They move when somebody adds a model or a connection.
type everything struct{ models, connections []string }

// listEverything works the lists out again. It must be called with the world
// locked, or before anybody else has it.
func (w *world) listEverything() {
	names := func(kind string) (list []string) {
		t := w.tables[kind]
		for f := range t.present() {
			list = append(list, t.idOf(w, f.row))
		}
		return list
	}
	w.everything.Store(&everything{models: names("lookml_models"), connections: names("connections")})
}
