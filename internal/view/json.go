package view

// list is never null in JSON.
func list[T any](values []T) []T {
	if values == nil {
		return []T{}
	}
	return values
}

// Round leaves three digits behind the point.
func Round(f float64) float64 { return float64(int64(f*1000+0.5)) / 1000 }
