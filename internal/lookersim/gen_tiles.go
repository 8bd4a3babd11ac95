package lookersim

// tilesOf lists the tiles of a dashboard: how many and of which form follows
// from its number alone.
func (w *world) tilesOf(list []tile, num int32) []tile {
	r := w.rngFor("dashboards", num, 1)
	if w.opts.DashboardBytes > 0 {
		list = w.tilesToSize(list, &r)
	} else {
		for range w.tileCount(&r) {
			list = append(list, w.drawTile(&r, w.opts.SmallTiles))
		}
	}
	var few [8]int
	for i, k := range w.mergedTiles(few[:0], indexAt(num)) {
		t := tile{form: tileMerge, merge: k % w.sizes.MergeQueries, small: w.lean()}
		t.variant = r.n(len(w.tiles[tileKind{t.form, t.small}]))
		if i < len(list) {
			list[i] = t
		} else {
			list = append(list, t)
		}
	}
	return list
}

// Tiles of a dashboard when nothing else is said. Google advises at most 25.
const (
	mostTiles = 25
	tailTiles = 60
)

func (w *world) tileCount(r *rng) int {
	lo, hi := w.opts.Tiles[0], w.opts.Tiles[1]
	if hi == 0 {
		if r.chance(15) {
			return r.in(mostTiles+1, tailTiles)
		}
		lo, hi = 1, mostTiles
	}
	return lo + r.skew(hi-lo+1)
}

func (w *world) drawTile(r *rng, small bool) tile {
	t := tile{small: small}
	switch p := r.n(1000); {
	case p < 120:
		t.form = tileText
	case p < 140:
		t.form = tileButton
	case p < 220 && w.sizes.Looks > 0:
		t.form = tileLook
		t.look = numberAt(r.n(w.sizes.Looks))
	case p < 300:
		t.form = tileMaker
	case p < 301 && !small:
		t.form = tileFat
	}
	t.variant = r.n(len(w.tiles[tileKind{t.form, small}]))
	return t
}

// headBytes is about what a dashboard measures without its tiles, leanHead the
// same where everything is small; both allow for the tile that no longer fits.
const (
	headBytes = 4000
	leanHead  = 3000
)

// tilesToSize draws tiles until the dashboard is about as large as asked for:
// full ones while there is room, then small ones.
func (w *world) tilesToSize(list []tile, r *rng) []tile {
	left := int(float64(w.opts.DashboardBytes) * (0.85 + 0.3*r.float()))
	if w.lean() {
		left -= leanHead
	} else {
		left -= headBytes
	}
	for small := false; ; {
		t := tile{small: small}
		if r.chance(80) {
			t.form = tileMaker
		}
		pool := w.tiles[tileKind{t.form, small}]
		t.variant = r.n(len(pool))
		size := pool[t.variant].size + w.components[boolInt(small)].size + 60
		switch {
		case size <= left:
			list = append(list, t)
			left -= size
		case small:
			return list
		default:
			small = true
		}
	}
}

// lean says that dashboards are small throughout, not in their tiles alone.
func (w *world) lean() bool {
	return w.opts.SmallTiles && w.opts.DashboardBytes == 0 || w.opts.DashboardBytes > 0 && w.opts.DashboardBytes < 30_000
}

// indexAt is the inverse of numberAt; ids between the numbers give -1.
func indexAt(num int32) int {
	if num <= gapFree {
		return int(num) - 1
	}
	v := int(num) - gapFree - 2
	if v < 0 || v%5 == 4 {
		return -1
	}
	return gapFree + v/5*4 + v%5
}

// tileQueryVariant is the query of a tile, by the tile's number.
func (w *world) tileQueryVariant(n int64) (*queryVariant, bool) {
	dash, i := n/int64(w.tileStride), int(n%int64(w.tileStride))
	if dash > 1<<31-1 {
		return nil, false
	}
	num := int32(dash)
	t := w.tables["dashboards"]
	at, ok := t.indexOf(t.idOf(w, row{num: num}))
	if !ok || !t.drawn(at) {
		return nil, false
	}
	tiles := w.tilesOf(nil, num)
	if i >= len(tiles) {
		return nil, false
	}
	return w.variantOfTile(tiles[i])
}

// variantOfTile is the query of a tile that shows one.
func (w *world) variantOfTile(t tile) (*queryVariant, bool) {
	switch t.form {
	case tileQuery, tileMaker:
		// Each variant of the pool has both forms, one after the other.
		return w.pool(t.small)[t.variant], true
	case tileFat:
		return w.fat[t.variant], true
	}
	return nil, false
}

// drawn reports whether the queries that the seed drew for a row are still to be found. No
// write and no edit deletes a query; [OpDelete] does.
func (t *table) drawn(i int) bool {
	r := t.rows[i]
	if r.over == nil {
		return r.state != gone
	}
	return r.over.drawn
}

func componentText(small bool) []byte {
	o := begin(nil)
	if !small {
		o.raw("can", `{"index":true,"show":true,"create":true,"update":true,"destroy":true}`)
	}
	o.str("id", holeComponent.String())
	o.str("dashboard_layout_id", holeLayout.String())
	o.str("dashboard_element_id", holeElement.String())
	o.raw("row", holeRow.String())
	o.raw("column", holeColumn.String())
	o.num("width", 8)
	o.num("height", 6)
	if !small {
		o.members(`"deleted":false,"element_title":null,"element_title_hidden":false,"vis_type":"looker_column","granular_row":null,"granular_column":null,` +
			`"granular_width":null,"granular_height":null`)
	}
	return o.end()
}
