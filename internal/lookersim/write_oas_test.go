package lookersim_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/lookervault/lookervault/internal/lookersim"
)

// writeJudge holds writes against the specification while
// TestWritesFitTheSpecification runs.
var writeJudge func(method, path, body string, r *http.Response, answer []byte)

// TestWritesFitTheSpecification has the other tests write again, and holds what
// is asked and what is answered against the OpenAPI document. No write route may
// be left out.
func TestWritesFitTheSpecification(t *testing.T) {
	doc, router := loadSpec(t)
	covered := map[string]bool{}
	writeJudge = func(method, path, body string, r *http.Response, answer []byte) {
		req, err := http.NewRequest(method, "https://localhost:20000/api/4.0"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		route, params, err := router.FindRoute(req)
		if err != nil {
			t.Errorf("%s %s: %v", method, path, err)
			return
		}
		req.Header.Set("Content-Type", "application/json")
		input := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route,
			Options: &openapi3filter.Options{ExcludeReadOnlyValidations: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
		if r.StatusCode < 300 {
			covered[method+" "+paramPattern.ReplaceAllString(route.Path, "{}")] = true
			if err := openapi3filter.ValidateRequest(t.Context(), input); err != nil && body != "" {
				t.Errorf("%s %s %s: the request: %.500s", method, path, body, err)
			}
		}
		output := &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: r.StatusCode, Header: r.Header,
			Options: &openapi3filter.Options{IncludeResponseStatus: true}}
		output.SetBodyBytes(bytes.Clone(answer))
		if r.StatusCode == http.StatusNoContent {
			return // the document wants a text of nothing
		}
		if err := openapi3filter.ValidateResponse(t.Context(), output); err != nil {
			t.Errorf("%s %s %s: status %d: %.700s", method, path, body, r.StatusCode, err)
		}
		if r.StatusCode == http.StatusOK && method == http.MethodPost {
			ref := route.Operation.Responses.Status(http.StatusOK).Value.Content.Get("application/json").Schema.Ref
			if name := ref[strings.LastIndex(ref, "/")+1:]; name != "" {
				missing(t, doc, name, method+" "+path, answer, "can") // small looks have none
			}
		}
	}
	defer func() { writeJudge = nil }()
	for _, write := range writers {
		write(t)
	}
	for _, pattern := range lookersim.Routes() {
		method, path, _ := strings.Cut(pattern, " ")
		if method == http.MethodGet || strings.HasSuffix(path, "/login") || strings.HasSuffix(path, "logout") || path == "/session" {
			continue
		}
		if !covered[method+" "+paramPattern.ReplaceAllString(path, "{}")] {
			t.Errorf("%s: no test writes there", pattern)
		}
	}
}
