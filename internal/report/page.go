package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/lookervault/lookervault/internal/plain"
)

//go:embed page.html
var page string

//go:embed page.css
var style string

// Write writes the page: one HTML document without scripts, which loads nothing.
// Names of documents come from whoever may edit a title, so everything is
// escaped, and what would turn the direction of writing is left out.
func Write(out io.Writer, d Data) error {
	t, err := template.New("page").Funcs(template.FuncMap{"count": count, "size": size}).Parse(page)
	if err != nil {
		return fmt.Errorf("parse the page: %w", err)
	}
	var text strings.Builder
	if err := t.Execute(&text, struct {
		view
		Style         template.CSS
		Width, Height float64
	}{viewOf(d), template.CSS(style), boxWidth, boxHeight}); err != nil {
		return err
	}
	_, err = io.WriteString(out, plain.Page(text.String()))
	return err
}
