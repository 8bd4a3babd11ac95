package canon_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
)

func TestSameValues(t *testing.T) {
	tests := []struct {
		name, one, other string
		want             bool
	}{
		{"the same", `{"id":1,"x":[1.5]}`, `{"x":[1.5],"id":1}`, true},
		{"an exponent", `{"x":1e21}`, `{"x":1E+21}`, true},
		{"an exponent, and none", `{"x":150}`, `{"x":1.50e2}`, true},
		{"a fraction of nothing", `{"x":5}`, `{"x":5.0}`, true},
		{"small", `{"x":0.00120}`, `{"x":1.2e-3}`, true},
		{"zeros", `{"x":[0,-0.0,0e7]}`, `{"x":[0.0,0,0]}`, true},
		{"what is volatile", `{"x":1,"views":7}`, `{"x":1.0,"views":8}`, true},
		{"another number", `{"x":5}`, `{"x":6}`, false},
		{"another sign", `{"x":5}`, `{"x":-5}`, false},
		{"ten times as much", `{"x":5}`, `{"x":50}`, false},
		{"the last of many digits", `{"x":9007199254740993}`, `{"x":9007199254740992}`, false},
		{"a text", `{"x":5}`, `{"x":"5"}`, false},
		{"null", `{"x":0}`, `{"x":null}`, false},
		{"no JSON", `{"x":0`, `{"x":0`, false},
	}
	rules := canon.Compile(kind)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := canon.SameValues(rules, []byte(tt.one), []byte(tt.other)); got != tt.want {
				t.Errorf("SameValues(%s, %s) = %v", tt.one, tt.other, got)
			}
		})
	}
}
