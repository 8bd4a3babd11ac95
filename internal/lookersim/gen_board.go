package lookersim

import "strconv"

// renderBoard appends a board with its sections and their items.
func (w *world) renderBoard(b []byte, row row, _ fieldTree) []byte {
	r := w.rngFor("boards", row.num, 0)
	created := epoch + int64(r.n(2000))*day
	sections := r.in(1, 4)
	o := begin(b)
	o.raw("can", `{"index":true,"show":true,"create":true,"update":true,"destroy":true}`)
	o.id("content_metadata_id", metadataID(metaBoard, row.num))
	o.time("created_at", created)
	o.null("deleted_at")
	o.opt("description", r.sometimes(500, 9))
	var order []int32
	o.key("board_sections")
	o.b = append(o.b, '[')
	for i := range sections {
		o.b = comma(o.b)
		id := row.num*8 + int32(i)
		order = append([]int32{id}, order...)
		o.b = w.boardSection(o.b, &r, row.num, id, created)
	}
	o.b = append(o.b, ']')
	o.id("id", int64(row.num))
	o.ids("section_order", order)
	o.str("title", r.title())
	o.time("updated_at", created+int64(r.n(400))*day)
	o.id("user_id", int64(numberAt(r.skew(w.sizes.Users))))
	o.yes("primary_homepage", row.num == 1)
	return o.end()
}

func (w *world) boardSection(b []byte, r *rng, board, id int32, created int64) []byte {
	s := begin(b)
	s.raw("can", `{"index":true,"show":true,"update":true}`)
	s.time("created_at", created)
	s.null("deleted_at")
	s.opt("description", r.sometimes(300, 5))
	s.id("board_id", int64(board))
	s.key("board_items")
	s.b = append(s.b, '[')
	var items []int32
	for i := range r.n(6) {
		item := id*8 + int32(i)
		s.b = comma(s.b)
		items = append(items, item)
		s.b = w.boardItem(s.b, r, id, item, i)
	}
	s.b = append(s.b, ']')
	s.id("id", int64(id))
	s.ids("item_order", items)
	s.ids("visible_item_order", items)
	s.str("title", r.title())
	s.time("updated_at", created+day)
	return s.end()
}

func (w *world) boardItem(b []byte, r *rng, section, id int32, position int) []byte {
	o := begin(b)
	o.raw("can", `{"index":true,"show":true,"update":true}`)
	isLook := w.sizes.Looks > 0 && (r.chance(350) || w.sizes.Dashboards == 0)
	look, dash := numberAt(r.n(max(w.sizes.Looks, 1))), numberAt(r.n(max(w.sizes.Dashboards, 1)))
	title, meta, link := "", int64(0), ""
	switch {
	case isLook:
		l := w.lookInfo(look)
		title, meta, link, dash = l.title, metadataID(metaLook, look), "/looks/"+strconv.Itoa(int(look)), 0
	case w.sizes.Dashboards > 0:
		d := w.dashboardInfo(dash)
		title, meta, link, look = d.title, metadataID(metaDashboard, dash), "/dashboards/"+strconv.Itoa(int(dash)), 0
	default:
		look, dash = 0, 0
	}
	if now, ok := w.nowNumbered(when(isLook, "looks")+when(!isLook, "dashboards"), max(look, dash)); ok {
		title = rawValue(lookup(now, "title")).text
	}
	o.str("content_created_by", w.userName(callerID))
	o.null("content_favorite_id")
	o.id("content_metadata_id", meta)
	o.str("content_updated_at", "2026-05-01 10:11:12 +0000")
	o.null("custom_description", "custom_title", "custom_url")
	o.id("dashboard_id", int64(dash))
	o.null("description")
	o.num("favorite_count", int64(r.n(5)))
	o.id("board_section_id", int64(section))
	o.id("id", int64(id))
	o.null("image_url")
	o.str("location", "Shared & public")
	o.id("look_id", int64(look))
	o.null("lookml_dashboard_id")
	o.num("order", int64(position))
	o.opt("title", title)
	o.str("url", link)
	o.no("use_custom_description", "use_custom_title", "use_custom_url")
	o.num("view_count", int64(r.n(900)))
	o.null("custom_image_url")
	o.no("use_custom_image")
	return o.end()
}
