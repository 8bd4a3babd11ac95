package lookersim_test

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/lookervault/lookervault/internal/lookersim"
)

// A server that fails twice for one dashboard, asked by any HTTP client.
func Example() {
	rule, err := lookersim.ParseRule("route=GET /dashboards/{id} id=17 status=503 retry-after=1s times=2")
	if err != nil {
		panic(err)
	}
	sizes := lookersim.DefaultSizes()
	sizes.Dashboards = 5000
	s, err := lookersim.New(lookersim.Options{Seed: 1, Sizes: sizes, DashboardBytes: 20_000, Rules: []lookersim.Rule{rule}})
	if err != nil {
		panic(err)
	}
	base, err := s.Start("")
	if err != nil {
		panic(err)
	}
	defer s.Close()
	r, err := http.PostForm(base+"/api/4.0/login", url.Values{"client_id": {lookersim.DefaultClientID}, "client_secret": {lookersim.DefaultClientSecret}})
	if err != nil {
		panic(err)
	}
	r.Body.Close()
	fmt.Println(len(s.IDs("dashboards")), s.Counts().Logins)
	// Output: 5000 1
}
