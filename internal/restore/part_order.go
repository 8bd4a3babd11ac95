package restore

import (
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
)

// waitForParts has what names a row of a setting wait for the setting, where the plan
// writes that: a row that is made anew has another id. So a tunnel waits for its server,
// and a connection for its tunnel.
func (d *draft) waitForParts() error {
	holders := make(map[record.Ref]*node)
	for _, n := range d.nodes {
		if !n.writes() || n.body == nil || n.spec.Write == nil || !n.spec.Write.OnlyNamed {
			continue
		}
		for i := range n.spec.Write.Parts {
			part := &n.spec.Write.Parts[i]
			rows, err := canon.PartRows(part, n.body)
			if err != nil {
				return fmt.Errorf("%s: %w", n.Ref, err)
			}
			for _, row := range rows {
				holders[record.Ref{Kind: part.Name, ID: row.ID}] = n
			}
		}
	}
	if len(holders) == 0 {
		return nil
	}
	for _, ref := range sortedRefs(d.nodes) {
		n := d.nodes[ref]
		if !n.writes() || n.body == nil {
			continue
		}
		named, err := canon.References(n.spec.Write, n.body)
		if err != nil {
			return fmt.Errorf("%s: %w", ref, err)
		}
		for _, r := range named {
			if need := holders[r.Ref]; need != nil && need != n && !slices.Contains(n.needs, need) {
				n.needs = append(n.needs, need)
			}
		}
	}
	return nil
}
