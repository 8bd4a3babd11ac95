package main

import (
	"encoding/base64"
	"os"
	"strings"
	"testing"
)

// TestCanariesOfTheConfiguration: whatever is wrong with a secret, or with what stands
// beside it, the message does not repeat it, in text or as JSON.
func TestCanariesOfTheConfiguration(t *testing.T) {
	for _, test := range []struct {
		name, yaml, ini string
		environ, set    []string
	}{
		{name: "list", yaml: "looker:\n  client_secret: [canary]\n"},
		{name: "section", yaml: "looker:\n  client_secret: {a: canary}\n"},
		{name: "section of that name", yaml: "looker:\n  client_secret: {canary: a}\n"},
		{name: "quote is open", yaml: "looker:\n  client_secret: \"canary\n"},
		{name: "colon", yaml: "looker:\n  client_secret: canary: x\n"},
		{name: "tag", yaml: "looker:\n  client_secret: !!int canary\n"},
		{name: "tag of its own", yaml: "looker:\n  client_secret: !canary x\n"},
		{name: "alias", yaml: "looker:\n  client_secret: *canary\n"},
		{name: "anchor", yaml: "looker:\n  client_secret: &canary\n  client_id: *canar\n"},
		{name: "reserved sign", yaml: "looker:\n  client_secret: @canary\n"},
		{name: "percent", yaml: "looker:\n  client_secret: %canary\n"},
		{name: "backquote", yaml: "looker:\n  client_secret: `canary`\n"},
		{name: "bad escape", yaml: "looker:\n  client_secret: \"canary\\q\"\n"},
		{name: "tab", yaml: "looker:\n\tclient_secret: canary\n"},
		{name: "twice", yaml: "looker:\n  client_secret: canary\n  client_secret: canary2\n"},
		{name: "goes on", yaml: "looker:\n  client_secret: x\n   canary\n  : y\n"},
		{name: "next line", yaml: "looker:\n  client_secret:\ncanary\n"},
		{name: "question", yaml: "looker:\n  client_secret\n  canary: 1\n"},
		{name: "instead of the section", yaml: "looker: canary\n"},
		{name: "variable is open", yaml: "looker:\n  client_secret: ${canary\n"},
		{name: "hook as a list", yaml: "hooks:\n  on_success: [canary]\n"},
		{name: "address as a list", yaml: "looker:\n  base_url: [\"https://u:canary@h\"]\n"},
		{name: "user in the address", yaml: "looker:\n  base_url: https://u:canary@h\n"},
		{name: "damaged address", yaml: "looker:\n  base_url: \"https://u:canary@h:x%\"\n"},
		{name: "control characters", yaml: "looker:\n  client_secret: \"canary\\x1b[2J\\u202e\"\n  x: 1\n"},
		{name: "no UTF-8", yaml: "looker:\n  client_secret: canary\xff\n"},
		{name: "ini without a sign", ini: "[Looker]\nclient_secret canary\n"},
		{name: "ini without an end", ini: "[Looker canary\nclient_secret=x\n"},
		{name: "ini with a mark", ini: "\ufeff[Looker]\nclient_secret canary\n"},
		{name: "ini with a mark of two bytes", ini: "\xff\xfec\x00a\x00n\x00a\x00r\x00y\x00"},
		{name: "ini with a name as a value", ini: "[Looker]\n=canary\n"},
		{name: "ini with an open quote", ini: "[Looker]\nclient_secret=\"\"\"canary\n"},
		{name: "ini with a wrong value beside", ini: "[Looker]\nclient_secret=canary\ntimeout=x\n"},
		{name: "ini without an id", ini: "[Looker]\nclient_secret=canary\nbase_url=https://u:canary@h\n"},
		{name: "the section", environ: []string{"LOOKERVAULT_LOOKER=canary"}},
		{name: "twice in the environment", environ: []string{"LOOKERSDK_CLIENT_SECRET=canary", "LOOKERVAULT_LOOKER__CLIENT_SECRET=canary2", "LOOKERVAULT_X=1"}},
		{name: "address in the environment", environ: []string{"LOOKERSDK_BASE_URL=https://u:canary@h"}},
		{name: "wrong variable", environ: []string{"LOOKERSDK_CLIENT_SECRETS=canary", "LOOKERVAULT_CLIENT_SECRET=canary"}},
		{name: "hook in the environment", environ: []string{"LOOKERVAULT_HOOKS__ON_SUCCES=canary"}},
		{name: "secret on the command line", set: []string{"looker.client_secret=canary"}},
		{name: "secret of a section", set: []string{"looker={client_secret: canary}"}},
		{name: "hook on the command line", set: []string{"hooks.on_failure=canary"}},
		{name: "address on the command line", set: []string{"looker.base_url=https://u:canary@h"}},
		{name: "no key", set: []string{"=canary"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			yaml := test.yaml
			if test.ini != "" {
				yaml = "looker: {ini: looker.ini}\n"
				write(t, "looker.ini", test.ini)
			}
			write(t, "lookervault.yaml", yaml)
			for _, command := range [][]string{{"run", "looks"}, {"check"}, {"check", "--json"}, {"run", "--dry-run", "looks"}} {
				for _, set := range test.set {
					command = append(command, "--set", set)
				}
				var out, errs strings.Builder
				code := run(command, strings.NewReader(""), &out, &errs, append([]string{"LOOKERVAULT_LOG__LEVEL=trace"}, test.environ...))
				said := out.String() + errs.String()
				if code != 2 {
					t.Errorf("%v: exit code %d: %s", command, code, said)
				}
				for _, hidden := range []string{"canary", "CANARY", base64.StdEncoding.EncodeToString([]byte("canary"))} {
					if strings.Contains(said, hidden) {
						t.Errorf("%v says %q", command, said)
					}
				}
				if i := strings.IndexFunc(said, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == '\u202e' || r == '\ufffd' }); i >= 0 {
					t.Errorf("%v says raw %q", command, said[i:])
				}
			}
		})
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
