package lookersim

// rng is a small seeded generator (splitmix64). It is a value: making one for
// a document costs nothing, which is what lets bodies be made on demand.
type rng struct{ state uint64 }

// seeded starts a generator that depends on every part.
func seeded(parts ...uint64) rng {
	r := rng{0x9e3779b97f4a7c15}
	for _, p := range parts {
		r.state ^= p
		r.state = r.u64()
	}
	return r
}

func (r *rng) u64() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// n returns a number from 0 to below bound; bound must be positive.
func (r *rng) n(bound int) int { return int((r.u64() >> 1) % uint64(bound)) }

// skew is n, but small numbers are more likely.
func (r *rng) skew(bound int) int { return min(r.n(bound), r.n(bound)) }

// in returns a number from lo to hi, both included.
func (r *rng) in(lo, hi int) int { return lo + r.n(hi-lo+1) }

// chance is true in per of a thousand cases.
func (r *rng) chance(perMille int) bool { return r.n(1000) < perMille }

func (r *rng) pick(list []string) string { return list[r.n(len(list))] }

func (r *rng) float() float64 { return float64(r.u64()>>11) / (1 << 53) }

const base62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// slug appends n random base-62 characters.
func (r *rng) slug(b []byte, n int) []byte {
	for n > 0 {
		v := r.u64()
		for range min(n, 10) {
			b = append(b, base62[v%62])
			v /= 62
			n--
		}
	}
	return b
}

const hexDigits = "0123456789abcdef"

func (r *rng) hex(b []byte, n int) []byte {
	for range n {
		b = append(b, hexDigits[r.n(16)])
	}
	return b
}
