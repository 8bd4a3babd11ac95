package table

import (
	"bytes"
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// YAML writes a JSON document as YAML: its members in their order, its numbers as they
// are spelled.
func YAML(document []byte) ([]byte, error) {
	node, err := read(document)
	if err != nil {
		return nil, err
	}
	return yaml.Marshal(node)
}

// yamlElement is a JSON object as an element of a YAML sequence.
func yamlElement(object string) ([]byte, error) {
	node, err := read([]byte(object))
	if err != nil {
		return nil, err
	}
	return yaml.Marshal(&yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{node}})
}

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
		return scalar("!!str", v)
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
