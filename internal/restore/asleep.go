package restore

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// staysAsleep finds out whether what is made asleep has to stay so, although it was awake.
// Somebody who wants everything as it was has it woken all the same.
func (d *draft) staysAsleep(ctx context.Context, n *node) error {
	why, err := d.cannotSend(ctx, n)
	if err != nil || why == "" {
		return err
	}
	if d.request.Sleeping == nil {
		d.request.Sleeping = make(map[string]string)
	}
	d.request.Sleeping[n.Ref.String()] = why
	n.action.Reason = "stays asleep: " + why
	return nil
}

// keepAsleep leaves a document asleep that an earlier restore made so.
func (d *draft) keepAsleep(ctx context.Context, n *node, now vault.Entry, current []byte) error {
	w := n.spec.Write
	if now.ID == n.ID || w.Asleep.IsZero() || awakeIn(w, current) != nil {
		return nil
	}
	why, err := d.cannotSend(ctx, n)
	if err != nil || why == "" {
		return err
	}
	n.action.Reason = "stays asleep: " + why
	n.action.Changes = slices.DeleteFunc(n.action.Changes, func(c record.Change) bool { return c.Path == w.Asleep.Name })
	return d.override(n, w.Asleep.Name, canon.Member(current, w.Asleep.Name))
}

// awaken plans to make a document active that was so in the backup, and is asleep.
func (d *draft) awaken(ctx context.Context, n *node, now vault.Entry, exists bool) error {
	if !exists || now.State != record.Present {
		n.writeNothing(record.DeedSkip, "it is not there any more, and nothing is made to be woken")
		return nil
	}
	if err := d.load(ctx, n); err != nil {
		return err
	}
	awake := bytes.Clone(awakeIn(n.spec.Write, n.body))
	if awake == nil {
		n.writeNothing(record.DeedReuse, "it was asleep in the backup too")
		return nil
	}
	n.entry, n.body = now, nil // all else stays as it is
	n.action.Version, n.action.Name = now.Version, now.Name
	if err := d.load(ctx, n); err != nil {
		return err
	}
	if err := d.override(n, n.spec.Write.Asleep.Name, awake); err != nil {
		return err
	}
	if err := d.compare(ctx, n, now); err != nil || !n.writes() {
		return err
	}
	why, err := d.hinders(ctx, n)
	if why != "" {
		n.action.Reason = "woken all the same, although " + why
	}
	return err
}

// cannotSend says why a document stays asleep, "" where it does not, or somebody wants it awake all the same.
func (d *draft) cannotSend(ctx context.Context, n *node) (why string, err error) {
	if d.request.Wake == WakeAsWas {
		return "", nil
	}
	return d.hinders(ctx, n)
}

// hinders says why a document that was awake would not do what it did: it sends to where
// the instance does not let it send, or needs a secret that no backup holds. "" where nothing
// is known to keep it from that.
func (d *draft) hinders(ctx context.Context, n *node) (why string, err error) {
	w := n.spec.Write
	if w.Asleep.IsZero() || w.Sends.At == "" || awakeIn(w, n.body) == nil {
		return "", nil
	}
	destinations := canon.Member(n.body, w.Sends.At)
	if len(destinations) == 0 || destinations[0] != '[' {
		return "", nil // it sends to nobody
	}
	rows, err := canon.Rows(destinations)
	if err != nil {
		return "", err
	}
	var domains []string
	for _, row := range rows {
		means := canon.Text(canon.Member(row, w.Sends.Means))
		if slices.Contains(w.Sends.Secret, means) {
			return fmt.Sprintf("the secret of its %s destination is in no backup", strings.ToUpper(means)), nil
		}
		if _, domain, ok := strings.Cut(canon.Text(canon.Member(row, w.Sends.Address)), "@"); ok && means == w.Sends.Mail {
			domains = append(domains, domain)
		}
	}
	if len(domains) == 0 {
		return "", nil
	}
	allowed, err := d.mailDomains(ctx)
	if err != nil || len(allowed) == 0 {
		return "", err
	}
	for _, domain := range domains {
		if !slices.ContainsFunc(allowed, func(a string) bool { return strings.EqualFold(a, domain) }) {
			return fmt.Sprintf("it sends mail to %s, which is not among the domains that the instance sends to", domain), nil
		}
	}
	return "", nil
}

// mailDomains are the domains that the instance sends mail to, none for any.
func (d *draft) mailDomains(ctx context.Context) ([]string, error) {
	now, _, exists, err := d.sees(ctx, catalogue.MailDomains.Ref)
	if err != nil || !exists {
		return nil, err
	}
	body, err := d.body(ctx, now)
	if err != nil {
		return nil, err
	}
	return canon.Named(body, &catalogue.Relation{Path: catalogue.MailDomains.Path}), nil
}
