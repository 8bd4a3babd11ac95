package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed page.html
var page string

//go:embed page.css
var style string

// Write writes the page: one HTML document without scripts, which loads nothing.
// Names of documents come from whoever may edit a title, so everything is
// escaped.
func Write(out io.Writer, d Data) error {
	t, err := template.New("page").Parse(page)
	if err != nil {
		return fmt.Errorf("parse the page: %w", err)
	}
	return t.Execute(out, struct {
		view
		Style         template.CSS
		Width, Height float64
	}{viewOf(d), template.CSS(style), boxWidth, boxHeight})
}
