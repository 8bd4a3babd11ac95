package lookersim

import (
	"fmt"
	"net/http"
	"strconv"
)

// ErrorBody is the body of an error, Looker's own JSON when empty.
type ErrorBody string

// Bodies of errors that real servers send besides Looker's own.
const (
	BodyPage    ErrorBody = "page"    // the HTML page of hosted Looker
	BodyShort   ErrorBody = "short"   // JSON of the front end, without documentation_url
	BodySinatra ErrorBody = "sinatra" // JSON of the framework below
)

func (b ErrorBody) known() bool {
	return b == "" || b == BodyPage || b == BodyShort || b == BodySinatra
}

// of makes the answer to a call.
func (b ErrorBody) of(c *call, status int) answer {
	switch b {
	case BodyPage:
		what := "Looker Unavailable"
		if status == http.StatusNotFound {
			what = "Looker Not Found"
		}
		return page(status, what+" ("+strconv.Itoa(status)+")", "The Looker instance cannot be found.")
	case BodyShort:
		return answer{status: status, body: plain([]byte(`{"message":"The resource you're looking for could not be found"}`))}
	case BodySinatra:
		return answer{status: status, body: plain([]byte(`{"message":"Sinatra::NotFound"}`))}
	}
	return c.fail(status, statusText(status))
}

// ExpiryForm is how a login says how long its token lives.
type ExpiryForm string

// Forms of expires_in that are no number of seconds.
const (
	ExpiryText ExpiryForm = "text" // the number in quotes
	ExpiryNull ExpiryForm = "null"
	ExpiryNone ExpiryForm = "none" // the member is missing
	ExpiryZero ExpiryForm = "zero" // 0, however long the token lives
)

func (f ExpiryForm) check() error {
	switch f {
	case "", ExpiryText, ExpiryNull, ExpiryNone, ExpiryZero:
		return nil
	}
	return fmt.Errorf("expires_in %q: want text, null, none or zero", string(f))
}

// member spells expires_in with the comma before it.
func (f ExpiryForm) member(seconds int64) string {
	const name = `,"expires_in":`
	switch f {
	case ExpiryText:
		return name + `"` + strconv.FormatInt(seconds, 10) + `"`
	case ExpiryNull:
		return name + "null"
	case ExpiryNone:
		return ""
	case ExpiryZero:
		return name + "0"
	}
	return name + strconv.FormatInt(seconds, 10)
}
