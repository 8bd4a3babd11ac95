package canon

import "strings"

// Beside returns the values of a member that stands in the same object as the one
// that path leads to, wherever that has a value: the slugs beside a query's id in
// the sources of a merge query. Arrays are walked. A body that is not valid has
// none.
func Beside(body []byte, path, value, member string) []string {
	first, rest, more := strings.Cut(path, ".")
	if len(body) > 0 && body[0] == '[' {
		rows, err := Rows(body)
		if err != nil {
			return nil
		}
		var found []string
		for _, row := range rows {
			found = append(found, Beside(row, path, value, member)...)
		}
		return found
	}
	if more {
		return Beside(Member(body, first), rest, value, member)
	}
	if Text(Member(body, first)) != value {
		return nil
	}
	if text := Text(Member(body, member)); text != "" {
		return []string{text}
	}
	return nil
}
