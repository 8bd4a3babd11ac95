#!/usr/bin/env bash
# The house rules that no linter knows, as patterns over the source. Prints every line that breaks one, and fails if there is one.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

broken=0
rule() { # rule WHAT FOUND
	if [[ -n $2 ]]; then
		printf '%s:\n%s\n' "$1" "$2"
		broken=1
	fi
}

mapfile -t tests < <(git ls-files --cached --others --exclude-standard -- '*_test.go')
mapfile -t code < <(git ls-files --cached --others --exclude-standard -- '*.go' ':!*_test.go')
if [[ ${#tests[@]} == 0 || ${#code[@]} == 0 ]]; then
	echo "no source found" >&2
	exit 2
fi

rule 'tests do not sleep; use testing/synctest, a channel or an injected clock' \
	"$(grep -l 'time\.Sleep(' "${tests[@]}" | xargs -r grep -L '"testing/synctest"')"

rule 'goroutines belong to pipeline, internal/looker, the simulator and commands' \
	"$(grep -nE '^\s*go (func\(|[A-Za-z_.]+\()' "${code[@]}" | grep -vE '^(pipeline|internal/looker|internal/lookersim|internal/bench|cmd/lookervault)/')"

# cobra has no type for an unknown command.
rule 'the text of an error is for people; use errors.Is or errors.As' \
	"$(grep -nE 'strings\.(Contains|HasPrefix|HasSuffix|EqualFold|Index)\([A-Za-z_.]*[eE]rr(or)?\.Error\(\)|\.Error\(\) *[!=]=|[!=]= *[A-Za-z_.]*[eE]rr\.Error\(\)' "${code[@]}" | grep -vF '"unknown command"')"

rule 'an error says what was being done ("fetch dashboard 42: ..."), not that it failed' \
	"$(grep -nE '(Errorf|errors\.New)\("([^"]*: )?([Ff]ailed|[Uu]nable) to ' "${code[@]}")"

rule 'rooms have names, not util, common, helpers or manager' \
	"$(printf '%s\n' "${code[@]}" | grep -E '(^|/)(utils?|common|helpers?|manager)(/|\.go)')"

rule 'what a vault is made of is for its engine; ask sqlite.HealthOf or sqlite.FilesOf' \
	"$(grep -nE '"[^" ]*-(wal|shm)"|\.db\.lock|logSuffix|lockSuffix' "${code[@]}" | grep -vE '^internal/(vault/sqlite|bench)/')"

rule 'what is built, and any other file above 1 MiB, stays out of the repository' \
	"$(git ls-files --cached --others --exclude-standard -z | xargs -0 -r bash -c 'find "$@" -size +1024k' -)"

rule 'a merge is resolved' \
	"$(git grep -nE '^(<<<<<<<|>>>>>>>) ' -- ':!tools/house.sh')"

# A test, since only a parser tells names of kinds from other words.
rule 'nothing but internal/catalogue knows a kind by name; put the fact into its row' \
	"$(go test ./internal/catalogue -run '^TestNothingElseKnowsAKindByName$' 2>&1 | grep -F 'names the kind')"

# A test, since it joins the lines of a comment and parts names into their words.
rule 'a retired word; docs/GLOSSARY.md has the one to use' \
	"$(go test ./docs -run '^TestRetiredWords$' 2>&1 | grep -F 'is retired')"

exit "$broken"
