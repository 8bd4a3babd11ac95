package view

// Check is a line of check.
type Check struct {
	Check  string `json:"check"`
	Status string `json:"status"` // ok, warn, fail, not checked
	Found  string `json:"found"`
	Remedy string `json:"remedy"`
}
