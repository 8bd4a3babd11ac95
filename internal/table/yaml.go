package table

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/lookervault/lookervault/internal/plain"
)

// YAML writes a JSON document as YAML: its members in their order, its numbers as they
// are spelled.
func YAML(document []byte) ([]byte, error) {
	node, err := read(document)
	if err != nil {
		return nil, err
	}
	return marshal(node)
}

// yamlElement is a JSON object as an element of a YAML sequence.
func yamlElement(object string) ([]byte, error) {
	node, err := read([]byte(object))
	if err != nil {
		return nil, err
	}
	return marshal(&yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{node}})
}

// marshal writes a node with each character that misleads as \u0000: strings that have one
// are in double quotes, and mean the same.
func marshal(node *yaml.Node) ([]byte, error) {
	text, err := yaml.Marshal(node)
	if err != nil || bytes.IndexFunc(text, misleads) < 0 {
		return text, err
	}
	var b bytes.Buffer
	for _, r := range string(text) {
		if misleads(r) {
			fmt.Fprintf(&b, `\u%04X`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.Bytes(), nil
}

// misleads reports whether a character does something to the text around it, but for what
// YAML itself is laid out by.
func misleads(r rune) bool { return r != '\n' && plain.Misleads(r) }

func read(document []byte) (*yaml.Node, error) {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	token, err := d.Token()
	if err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	return nodeOf(d, token)
}

// nodeOf is the value that begins with a token.
func nodeOf(d *json.Decoder, token json.Token) (*yaml.Node, error) {
	scalar := func(tag, value string) (*yaml.Node, error) {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}, nil
	}
	switch v := token.(type) {
	case json.Delim:
		return collection(d, v)
	case string:
		node, err := scalar("!!str", v)
		if strings.IndexFunc(v, misleads) >= 0 {
			node.Style = yaml.DoubleQuotedStyle
		}
		return node, err
	case json.Number:
		node := &yaml.Node{Kind: yaml.ScalarNode, Value: v.String()}
		return node, nil
	case bool:
		return scalar("!!bool", fmt.Sprint(v))
	default:
		return scalar("!!null", "null")
	}
}

// collection is the object or array that has begun.
func collection(d *json.Decoder, open json.Delim) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	if open == '{' {
		node = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	}
	for d.More() {
		for range map[json.Delim]int{'{': 2, '[': 1}[open] {
			token, err := d.Token()
			if err != nil {
				return nil, fmt.Errorf("read JSON: %w", err)
			}
			child, err := nodeOf(d, token)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, child)
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	if len(node.Content) == 0 {
		node.Style = yaml.FlowStyle
	}
	return node, nil
}
