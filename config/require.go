package config

import "strings"

// ININame is how the file of the Looker SDKs is called.
const ININame = "looker.ini"

// RequireLooker reports, as a [*Problems], which of base URL, client id and client secret are missing, and every way to set
// them. Beside says that a file [ININame] lies in the working directory: where nothing names it, it is not read.
func (c Config) RequireLooker(beside bool) error {
	var keys, variables []string
	for _, need := range []struct {
		missing       bool
		key, variable string
	}{
		{c.Looker.BaseURL == "", "looker.base_url", "LOOKERSDK_BASE_URL"},
		{c.Looker.ClientID == "", "looker.client_id", "LOOKERSDK_CLIENT_ID"},
		{c.Looker.ClientSecret.Empty(), "looker.client_secret", "LOOKERSDK_CLIENT_SECRET"},
	} {
		if need.missing {
			keys, variables = append(keys, need.key), append(variables, need.variable)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	verb := " is not set"
	if len(keys) > 1 {
		verb = " are not set"
	}
	hint := ""
	if beside && c.Looker.INI == "" {
		hint = "; there is a " + ININame + " here: LOOKERVAULT_LOOKER__INI=" + ININame + " takes it"
	}
	return problem("", "", "no Looker to talk to: "+and(keys)+verb+"; set "+and(variables)+" in the environment, or looker in "+
		FileName+" (the secret as ${VAR}), or looker.ini there to the path of an SDK's "+ININame+"; --demo needs none of it"+hint)
}

// and joins words as a sentence does.
func and(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
