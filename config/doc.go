// Package config is the typed configuration of LookerVault: what can be set, what holds when nothing is, and why.
//
// [Load] lays the sources over each other, the later winning:
//
//	defaults < lookervault.yaml < looker.ini section < environment < command line
//
// A looker.ini section counts only when the key looker.ini names one. It answers for the five keys it may hold, above
// the YAML file that pulled it in: who names a section wants the connection from there, and lookervault.yaml as shipped
// spells out every default. A value of the file that is really overruled that way is a warning.
//
// In the environment, any key is LOOKERVAULT_ and its path in capitals with two underscores for a dot
// (LOOKERVAULT_STAGES__FETCH__WORKERS), and the Looker SDKs' own LOOKERSDK_BASE_URL, LOOKERSDK_CLIENT_ID,
// LOOKERSDK_CLIENT_SECRET, LOOKERSDK_VERIFY_SSL and LOOKERSDK_TIMEOUT are read; LOOKERVAULT_ wins over LOOKERSDK_.
// A variable that is set but empty counts as not set, as it does for the SDKs.
//
// On the command line, flags, --set key=value and positional kinds are one layer: to name a key twice there is an
// error, because no order between them is obvious.
//
// A string in the YAML file may hold ${VAR} or ${VAR:-default} (used when VAR is unset or empty, as in a shell); $${ is
// a plain ${. A key without a value (`ca_file:`) counts as not set. Relative paths in looker.ini and looker.ca_file are
// relative to the file that names them; sink.path is always relative to the working directory.
//
// Everything that is wrong is reported at once, as [*Problems]. A value that came from a secret is never part of it.
package config
