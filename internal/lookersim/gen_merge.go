package lookersim

import "strings"

// Merge queries have ids that look like slugs: eleven characters that the seed
// chooses and eleven that say which one it is, so that no table is needed.

const mergeHalf = 11

func (w *world) mergeID(k int) []byte {
	r := seeded(w.seed, hashOf("merge"), uint64(k))
	id := r.slug(make([]byte, 0, 2*mergeHalf), mergeHalf)
	v := uint64(k) ^ hashOf(string(id))
	for range mergeHalf {
		id = append(id, base62[v%62])
		v /= 62
	}
	return id
}

func (w *world) mergeOf(id string) (int, bool) {
	if len(id) != 2*mergeHalf {
		return 0, false
	}
	v := uint64(0)
	for i := len(id) - 1; i >= mergeHalf; i-- {
		digit := strings.IndexByte(base62, id[i])
		if digit < 0 {
			return 0, false
		}
		v = v*62 + uint64(digit)
	}
	k := v ^ hashOf(id[:mergeHalf])
	if k >= uint64(w.sizes.MergeQueries) || string(w.mergeID(int(k))) != id {
		return 0, false
	}
	return int(k), !w.danglingMerge(int(k))
}

// danglingMerge says which merge queries tiles name but nobody has.
func (w *world) danglingMerge(k int) bool { return w.sizes.MergeQueries >= 20 && k%100 == 7 }

// sourcesOf is the range of source queries that a merge query joins: two to
// four of them, together all that there are.
func (w *world) sourcesOf(k int) (from, count int) {
	s, m := w.sizes.SourceQueries, w.sizes.MergeQueries
	from = k * s / m
	return from, min(max((k+1)*s/m-from, 2), 4)
}

func (w *world) appendMerge(b []byte, k int) []byte {
	r := seeded(w.seed, hashOf("merge body"), uint64(k))
	o := begin(b)
	o.raw("can", `{"index":true,"show":true,"create":true,"update":false}`)
	o.str("column_limit", "50")
	o.opt("dynamic_fields", when(r.chance(300), `[{"table_calculation":"ratio","label":"A & B","expression":"${orders.count}/${users.count}","value_format":null}]`))
	o.str("id", string(w.mergeID(k)))
	o.null("pivots")
	o.id("result_maker_id", int64(3*k+2))
	o.strs("sorts", "orders.count desc")
	o.key("source_queries")
	from, count := w.sourcesOf(k)
	for i := range count {
		o.b = append(o.b, "[,"[min(i, 1)])
		n := (from + i) % max(w.sizes.SourceQueries, 1)
		o.b = w.appendSource(o.b, &r, int64(n), i)
	}
	o.b = append(o.b, ']')
	o.no("total")
	o.str("limit", "500")
	o.raw("vis_config", `{"type":"looker_line","show_view_names":false,"ratio":1.0,"series":{"a":1e21},"limit_displayed_rows":true,"note":"a & b <c>"}`)
	return o.end()
}

func (w *world) appendSource(b []byte, r *rng, n int64, position int) []byte {
	id := queryID(querySource, n)
	s := begin(b)
	s.raw("merge_fields", "[]")
	if position > 0 {
		s.b = s.b[:len(s.b)-1]
		f := begin(s.b)
		f.str("field_name", "orders.created_date")
		f.str("source_field_name", r.pick(subjects)+".created_date")
		s.b = append(f.end(), ']')
	}
	s.str("name", r.title())
	s.str("query_id", w.sourceName(n))
	s.str("query_slug", w.querySlug(id))
	return s.end()
}

// mergedTiles yields the numbers of the merged tiles of the i-th dashboard.
func (w *world) mergedTiles(b []int, i int) []int {
	d := w.sizes.Dashboards
	if w.sizes.MergedTiles == 0 || i < 0 || i >= d {
		return b
	}
	for k := i * w.mergeMultiplier % d; k < w.sizes.MergedTiles; k += d {
		b = append(b, k)
	}
	return b
}

// Dangling lists ids that documents name although the server answers 404 for
// them, by kind.
func (s *Server) Dangling() map[string][]string {
	w := s.world
	list := map[string][]string{}
	for k := range min(w.sizes.MergeQueries, w.sizes.MergedTiles) {
		if w.danglingMerge(k) {
			list["merge_queries"] = append(list["merge_queries"], string(w.mergeID(k)))
		}
	}
	return list
}
