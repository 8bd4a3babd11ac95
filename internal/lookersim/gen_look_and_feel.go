package lookersim

import (
	"fmt"
	"strconv"
)

var standardCollections = []string{"google", "boardwalk", "breakfast-diner"}

// collectionID is a name for the standard collections, else shaped like a UUID.
func (w *world) collectionID(num int32) string {
	if w.collectionStandard(num) {
		return standardCollections[num-1]
	}
	r := w.rngFor("color_collections", num, 1)
	h := r.hex(nil, 32)
	return fmt.Sprintf("%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:])
}

// collectionStandard reports whether a collection comes with Looker: one that was made does not,
// however few there were.
func (w *world) collectionStandard(num int32) bool {
	return int(num) <= min(len(standardCollections), w.sizes.ColorCollections)
}

func (w *world) renderCollection(b []byte, row row, _ fieldTree) []byte {
	r := w.rngFor("color_collections", row.num, 0)
	colour := func() string { return "#" + string(r.hex(nil, 6)) }
	o := begin(b)
	o.str("id", w.collectionID(row.num))
	o.str("label", r.pick(subjects)+" & Colours")
	id := w.collectionID(row.num)
	discrete := begin(nil)
	discrete.str("id", id+"-categorical-0")
	discrete.str("label", "Categorical")
	discrete.str("type", "Categorical")
	discrete.strs("colors", colour(), colour(), colour(), colour(), colour(), colour())
	o.raw("categoricalPalettes", "["+string(discrete.end())+"]")
	for _, kind := range []string{"Sequential", "Diverging"} {
		p := begin(nil)
		p.str("id", id+"-"+kind+"-0")
		p.str("label", kind)
		p.str("type", kind)
		p.raw("stops", fmt.Sprintf(`[{"color":"%s","offset":0},{"color":"%s","offset":50},{"color":"%s","offset":100}]`, colour(), colour(), colour()))
		o.raw(map[string]string{"Sequential": "sequentialPalettes", "Diverging": "divergingPalettes"}[kind], "["+string(p.end())+"]")
	}
	return o.end()
}

var (
	themeColours = []string{"background_color", "font_color", "info_button_color", "primary_button_color", "text_tile_text_color", "tile_background_color",
		"text_tile_background_color", "tile_text_color", "title_color", "warn_button_color"}
	themeFlags = []string{"show_filters_bar", "show_title", "tile_shadow", "show_last_updated_indicator", "show_reload_data_icon", "show_dashboard_menu",
		"show_filters_toggle", "show_dashboard_header", "center_dashboard_title", "show_explore_header", "show_explore_title", "show_explore_last_run",
		"show_explore_timezone", "show_explore_run_stop_button", "show_explore_actions_button", "show_look_header", "show_look_title", "show_look_last_run",
		"show_look_timezone", "show_look_run_stop_button", "show_look_actions_button"}
	themeTexts = []string{"dashboard_title_font_size", "box_shadow", "page_margin_top", "page_margin_bottom", "page_margin_sides", "tile_title_font_size",
		"column_gap_size", "row_gap_size", "border_radius"}
)

func (w *world) renderTheme(b []byte, row row, _ fieldTree) []byte {
	r := w.rngFor("themes", row.num, 0)
	o := begin(b)
	o.raw("can", `{"index":true,"show":true,"create":true,"update":true,"destroy":true}`)
	o.time("begin_at", when(row.num > 2, epoch+int64(r.n(900))*day))
	o.time("end_at", when(row.num > 4 && r.chance(300), epoch+int64(1000+r.n(900))*day))
	o.id("id", int64(row.num))
	// Several themes may share a name, at other times.
	o.str("name", when(row.num == 1, "Looker")+when(row.num > 1, "theme_"+strconv.Itoa(int(row.num)*2/3)))
	s := begin(nil)
	s.str("base_font_size", "12px")
	collection := ""
	if w.sizes.ColorCollections > 0 {
		collection = w.collectionID(int32(1 + r.n(w.sizes.ColorCollections)))
	}
	s.str("color_collection_id", collection)
	s.str("font_family", `Roboto, 'Noto Sans', "Helvetica"`)
	s.null("font_source")
	s.str("tile_title_alignment", "left")
	for _, name := range themeColours {
		s.str(name, "#"+string(r.hex(nil, 6)))
	}
	for _, name := range themeFlags {
		s.yes(name, r.chance(500))
	}
	for _, name := range themeTexts {
		s.str(name, strconv.Itoa(r.in(0, 32))+"px")
	}
	o.raw("settings", string(s.end()))
	return o.end()
}
