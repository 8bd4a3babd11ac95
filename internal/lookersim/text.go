package lookersim

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// appendString appends s as a JSON string in the server's own spelling: &, <
// and > are escaped, other Unicode is not (as Rails writes JSON).
func appendString[T string | []byte](b []byte, s T) []byte {
	b = append(b, '"')
	b = appendEscaped(b, s)
	return append(b, '"')
}

func appendEscaped[T string | []byte](b []byte, s T) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !special[c] {
			end := i + 1
			for end < len(s) && !special[s[end]] {
				end++
			}
			b = append(b, s[i:end]...)
			i = end - 1
			continue
		}
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\t':
			b = append(b, '\\', 't')
		case c < 0x20 || c == '&' || c == '<' || c == '>' || c == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		case c == 0xe2 && i+2 < len(s) && s[i+1] == 0x80 && s[i+2]&^1 == 0xa8:
			// U+2028 and U+2029 end lines in JavaScript.
			b = append(b, '\\', 'u', '2', '0', '2', '8'+s[i+2]&1)
			i += 2
		default:
			b = append(b, c)
		}
	}
	return b
}

// special are the bytes of a string that may not stand there as they are.
var special = func() (special [256]bool) {
	for c := range special {
		special[c] = c < 0x20 || strings.IndexByte("\"\\&<>\x7f\xe2", byte(c)) >= 0
	}
	return special
}()

const upperHex = "0123456789ABCDEF"

// percent is s percent-encoded, as it stands in a query string. Holes of a
// template stay holes.
func percent(s string) string {
	var b []byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == holeMark {
			b = append(b, c, s[i+1])
			i++
			continue
		}
		if c < utf8.RuneSelf && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-') {
			b = append(b, c)
			continue
		}
		b = append(b, '%', upperHex[c>>4], upperHex[c&15])
	}
	return string(b)
}

func appendInt[T int | int32 | int64](b []byte, n T) []byte {
	return strconv.AppendInt(b, int64(n), 10)
}

// quoted appends a number as a string, as ids are written.
func quoted[T int | int32 | int64](b []byte, n T) []byte {
	b = append(b, '"')
	b = appendInt(b, n)
	return append(b, '"')
}

// epoch is the start of the instance's history, in milliseconds.
const epoch = 1_546_300_800_000 // 2019-01-01

const (
	day  = 86_400_000
	year = 365 * day
)

// appendTime appends an instant (milliseconds since 1970) as the server
// writes it: milliseconds and the numeric offset of its own zone.
func appendTime(b []byte, ms int64) []byte {
	t := time.UnixMilli(ms).UTC()
	text, offset := []byte(`"2006-01-02T15:04:05.000-08:00"`), -8*time.Hour
	if m := t.Month(); m > time.March && m < time.November {
		text[26], offset = '7', -7*time.Hour
	}
	// Digit by digit: a tenth of what a dashboard cost was the layout of its dates.
	t = t.Add(offset)
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	for _, field := range [...]struct{ at, n int }{
		{1, year / 100}, {3, year % 100}, {6, int(month)}, {9, day}, {12, hour}, {15, minute}, {18, second},
	} {
		text[field.at], text[field.at+1] = '0'+byte(field.n/10), '0'+byte(field.n%10)
	}
	ms %= 1000
	text[21], text[22], text[23] = '0'+byte(ms/100), '0'+byte(ms/10%10), '0'+byte(ms%10)
	return append(b, text...)
}

// plainTime is the other spelling, of members that are plain strings.
func plainTime(b []byte, ms int64) []byte {
	b = append(b, '"')
	b = time.UnixMilli(ms).UTC().AppendFormat(b, "2006-01-02 15:04:05 +0000")
	return append(b, '"')
}

// timeOrNull appends a time, or null for zero.
func timeOrNull(b []byte, ms int64) []byte {
	if ms == 0 {
		return append(b, "null"...)
	}
	return appendTime(b, ms)
}

// The words that titles and names are made of. Some need care from whoever
// reads them: several scripts, right-to-left text, emoji with joiners,
// combining marks, characters that JSON or HTML escape.
var (
	adjectives = []string{"Weekly", "Monthly", "Regional", "Global", "Quarterly", "Daily", "Executive", "Live", "Legacy", "New",
		"Total", "Average", "Top 10", "Rolling", "Year-over-Year", "Adjusted", "Draft", "Q&A", "R&D", "<Beta>"}
	subjects = []string{"Sales", "Orders", "Revenue", "Customers", "Inventory", "Returns", "Churn", "Marketing", "Finance", "Support Tickets",
		"Shipments", "Web Traffic", "Sessions", "Flights", "Airports", "Pipeline", "Forecast", "Headcount", "Spend", "Margin",
		"Fulfilment", "Cohorts", "Conversion", "Retention", "Uptime", "Latency", "Accounts", "Invoices", "Leads", "Campaigns"}
	endings = []string{"Overview", "Dashboard", "KPIs", "by Region", "by State", "Report", "Deep Dive", "Trends", "Summary", "vs. Plan",
		"(EMEA)", "(North America)", "\"final\" v2", "over Time", "Breakdown", "Health", "Scorecard", "- DO NOT USE", "Monitor", "Tracker"}
	strange = []string{"Umsatzübersicht für Österreich", "Ventes par région – été", "売上レポート", "대시보드 요약", "מכירות לפי אזור", "لوحة المبيعات الأسبوعية",
		"Продажи за квартал", "📈 Growth 🚀", "👩🏽‍💻 Engineering", "Zalgo e\u0301\u0302 test", "Line\u2028separator", "Tab\tand \\ backslash", "C:\\reports\\<final> & \"done\"", "١٢٣ ملخص"}
	firstNames = []string{"Ada", "Grace", "Linus", "Edsger", "Barbara", "Ken", "Margaret", "Alan", "Radia", "Dennis", "Frances", "Tim", "Shafi", "John",
		"Zoë", "José", "Łukasz", "Søren", "Ngọc", "Мария", "محمد", "דנה", "太郎", "O'Brien"}
	lastNames = []string{"Lovelace", "Hopper", "Dijkstra", "Liskov", "Thompson", "Hamilton", "Turing", "Perlman", "Ritchie", "Allen", "Goldwasser", "Backus",
		"Müller", "Núñez", "Wójcik", "Ångström", "Nguyễn", "Иванова", "الأحمد", "כהן", "山田", "D'Angelo", "Smith & Sons", "van der Berg"}
	loremWords = []string{"this", "tile", "shows", "the", "number", "of", "orders", "shipped", "each", "week", "compared", "with", "plan", "excluding", "returns",
		"and", "internal", "accounts", "data", "is", "refreshed", "every", "night", "ask", "finance", "before", "sharing", "outside", "see", "also", "glossary", "for", "definitions"}
)

// title makes a title of a few words; one in thirty is a strange one.
func (r *rng) title() string {
	if r.chance(33) {
		return r.pick(strange)
	}
	t := r.pick(subjects) + " " + r.pick(endings)
	if r.chance(600) {
		t = r.pick(adjectives) + " " + t
	}
	return t
}

// lorem makes a sentence of n words.
func (r *rng) lorem(n int) string {
	b := make([]byte, 0, 8*n)
	for i := range n {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, r.pick(loremWords)...)
	}
	return string(append(b, '.'))
}

// sometimes is lorem in per of a thousand cases, else empty.
func (r *rng) sometimes(perMille, n int) string {
	if !r.chance(perMille) {
		return ""
	}
	return r.lorem(n)
}

// when is v, or nothing: an empty text or 0.
func when[T string | int64](ok bool, v T) (chosen T) {
	if ok {
		chosen = v
	}
	return chosen
}
