package config

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// FileName is the file that is looked for when none is named.
const FileName = "lookervault.yaml"

// maxFile bounds what is read as a configuration file.
const maxFile = 1 * MiB

// locate finds the file to read: the named one, else the usual one in the folder if it is there, else none ("").
func (l *loader) locate() string {
	if l.src.Path != "" || l.src.Dir == "" {
		return l.src.Path
	}
	path := filepath.Join(l.src.Dir, FileName)
	if _, err := os.Lstat(path); err == nil {
		return path
	}
	other := filepath.Join(l.src.Dir, strings.TrimSuffix(FileName, ".yaml")+".yml")
	if _, err := os.Stat(other); err == nil {
		l.warn(origin{}, "", other+" is not read; name it "+FileName+", or pass it with -c")
	}
	return ""
}

// readFile reads a file of at most maxFile bytes.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, int64(maxFile)+1))
	if err == nil && len(data) > int(maxFile) {
		err = errors.New("is larger than " + maxFile.String())
	}
	return data, err
}

// reason is what a file error says without the path, which the problem names already.
func reason(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}

// document reads a YAML document into the low layer.
func (l *loader) document(path string, data []byte) {
	docs, err := parse(data)
	switch {
	case err != nil:
		at := origin{layer: fromFile, name: path, line: brokenLine(data)}
		l.problems.add(at, "", "not valid YAML: "+syntax(err))
	case len(docs) > 1:
		at := origin{layer: fromFile, name: path, line: docs[1].Line}
		l.problems.add(at, "", "a second YAML document; there can be only one")
	case len(docs) == 1: // a file without anything in it is fine
		l.section(path, "", docs[0])
	}
}

// parse reads all documents of a YAML file.
func parse(data []byte) (docs []*yaml.Node, err error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		doc := new(yaml.Node)
		if err := decoder.Decode(doc); errors.Is(err, io.EOF) {
			return docs, nil
		} else if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
}

// maxBroken is how many lines a broken file may have to be searched for the one that breaks it.
const maxBroken = 1000

// brokenLine finds the line that makes a file unreadable: the one behind the longest part that can be read. The parser
// itself names the start of the block around it, or the line before. 0 means that it was not searched for.
func brokenLine(data []byte) int {
	lines := bytes.SplitAfter(data, []byte("\n"))
	if len(lines) > maxBroken {
		return 0
	}
	for n := len(lines) - 1; n > 0; n-- {
		if _, err := parse(bytes.Join(lines[:n], nil)); err == nil {
			return n + 1
		}
	}
	return 1
}

// The parts of a message of the YAML parser that are not repeated: its notion of the line, and what it quotes, which could
// be the beginning of a secret.
var (
	yamlPrefix = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^yaml: (line \d+: )?`) })
	yamlQuote  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`'[^'\s]{2,}'`) })
)

// syntax is what the YAML parser says, on one line.
func syntax(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return yamlQuote().ReplaceAllString(yamlPrefix().ReplaceAllString(text, ""), "'...'")
}

// section reads a mapping whose keys lie below the section key.
func (l *loader) section(path, key string, node *yaml.Node) {
	node = target(node)
	at := origin{layer: fromFile, name: path, line: node.Line}
	switch {
	case null(node):
		return
	case node.Kind != yaml.MappingNode:
		what := "is a section; set a key in it: "
		if l.schema.isTable(key) {
			what = "is a table; write " + key + ": {" + tableExample[key] + "}"
		}
		if key == "" {
			what = "the file must hold keys and values: "
		}
		l.problems.add(at, key, what+strings.Join(l.schema.sections[key], ", "))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], target(node.Content[i+1])
		at := origin{layer: fromFile, name: path, line: name.Line}
		full := join(key, name.Value)
		if first, twice := seen[name.Value]; twice {
			l.problems.add(at, full, "set twice, first at line "+strconv.Itoa(first))
			continue
		}
		seen[name.Value] = name.Line
		switch top, later := reservedKey(full); {
		case strings.Contains(name.Value, ".") && !slices.Contains(dotted, key):
			l.problems.add(at, full, "keys with a dot are not read; write each part as a section of its own")
		case later:
			if !empty(value) {
				l.problems.add(at, top, notYet)
			}
		case l.schema.isSection(full):
			l.section(path, full, value)
		default:
			l.entry(at, full, value)
		}
	}
}

// entry reads the value of a single key.
func (l *loader) entry(at origin, key string, node *yaml.Node) {
	f, known := l.schema.find(key)
	if !known {
		l.problems.add(at, key, l.schema.unknown(key))
		return
	}
	switch {
	case null(node):
	case node.Kind == yaml.ScalarNode:
		if s, ok := l.interpolate(&at, key, node.Value); ok {
			l.put(l.low, key, s, at)
		}
	case node.Kind == yaml.SequenceNode && f.list():
		items, complete := []string{}, true
		for _, item := range node.Content {
			item = target(item)
			if item.Kind != yaml.ScalarNode || null(item) {
				l.problems.add(at, key, "holds something that is not a single value; a list of words is expected")
				return
			}
			s, ok := l.interpolate(&at, key, item.Value)
			items, complete = append(items, s), complete && ok
		}
		if complete {
			l.put(l.low, key, items, at)
		}
	case f.list():
		l.problems.add(at, key, "is a section; a list is expected")
	case node.Kind == yaml.SequenceNode:
		l.problems.add(at, key, "is a list; a single value is expected")
	default:
		l.problems.add(at, key, "is a section; a single value is expected")
	}
}

// interpolate replaces the variables in a value; ok is false where there is no value to go on with.
func (l *loader) interpolate(at *origin, key, s string) (expanded string, ok bool) {
	if l.src.ReadOnly {
		expanded, found, _ := expand(s, func(string) (string, bool) { return "", true })
		if found {
			at.deferred, at.written = true, s
			return s, true
		}
		return expanded, true
	}
	expanded, found, wrong := expand(s, l.lookup)
	if wrong != "" {
		l.problems.add(*at, key, wrong)
		return "", false
	}
	if found {
		at.written += s
	}
	return expanded, true
}

// target follows a document or an alias to what it stands for.
func target(node *yaml.Node) *yaml.Node {
	switch {
	case node.Kind == yaml.AliasNode:
		return node.Alias
	case node.Kind == yaml.DocumentNode && len(node.Content) > 0:
		return node.Content[0]
	}
	return node
}

func null(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null"
}

// empty reports whether a value says nothing.
func empty(node *yaml.Node) bool {
	return node.Kind != yaml.ScalarNode && len(node.Content) == 0 || node.Kind == yaml.ScalarNode && (null(node) || node.Value == "")
}
