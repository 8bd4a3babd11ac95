package restore

import (
	"context"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// identify refuses to plan where another Looker answers. Most plans have seen a document by then
// that tells when it was made; the others, as those for people or groups, cost a call more.
func (p *planner) identify(ctx context.Context) error {
	if p.look == 0 {
		return nil
	}
	compared, err := p.compareSeen(ctx)
	if compared || err != nil {
		return err
	}
	return compareSamples(ctx, p.Client, p.reader, p.instance)
}

// compareSeen compares a few documents that the looks of a plan have seen with how backups have
// them, without a call. It reports whether there was one.
func (p *planner) compareSeen(ctx context.Context) (compared bool, err error) {
	for _, spec := range telling() {
		held, err := p.present.all(ctx, spec.Name)
		if err != nil {
			return false, err
		}
		found := 0
		for e, err := range p.reader.Entries(ctx, vault.Query{Instance: p.instance, Kind: spec.Name, At: vault.Latest(0).OfBackups()}) {
			if err != nil {
				return false, err
			}
			now := held[e.ID]
			if now.State == record.Gone || now.LastRun <= p.present.before {
				continue
			}
			if same, err := p.sameVersions(ctx, e, now); err != nil {
				return false, err
			} else if same {
				found++
			}
			if found == sampleSize {
				break
			}
		}
		compared = compared || found > 0
	}
	return compared, nil
}

// sameVersions compares when two versions of a document were made, and reports whether both say so.
func (p *planner) sameVersions(ctx context.Context, was, is vault.Entry) (bool, error) {
	before, err := p.reader.VersionBody(ctx, was.Version)
	if err != nil {
		return false, err
	}
	now, err := p.reader.VersionBody(ctx, is.Version)
	if err != nil {
		return false, err
	}
	told := canon.Text(canon.Member(before.Body, madeAt)) != "" && canon.Text(canon.Member(now.Body, madeAt)) != ""
	return told, sameMaking(was.Ref, before.Body, now.Body)
}
