package lookersim

// Cut narrows a valid document to a fields parameter.
func Cut(doc []byte, fields string) ([]byte, error) {
	tree, err := parseFields(fields)
	if err != nil {
		return nil, err
	}
	return tree.cut(nil, doc), nil
}

var (
	Splice  = splice
	Like    = like
	Without = without

	AppendTime = appendTime
)
