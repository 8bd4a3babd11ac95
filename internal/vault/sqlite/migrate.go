package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lookervault/lookervault/internal/vault"
)

// migrate brings a file of an older schema to the newest, in one transaction:
// whatever happens, the file has one schema or the other.
func migrate(ctx context.Context, c *conn, path string, steps []string, busy time.Duration) (err error) {
	if err := c.begin(ctx, busy); err != nil {
		return classify(path, err)
	}
	defer func() {
		if err != nil {
			err = classify(path, errors.Join(err, c.rollback()))
		}
	}()
	have, err := c.number("PRAGMA user_version")
	if err != nil {
		return err
	}
	if have > int64(len(steps)) {
		return tooNew(path, have, len(steps))
	}
	for i := int(have); i < len(steps); i++ {
		if err := c.exec(steps[i]); err != nil {
			return fmt.Errorf("bring the schema to version %d: %w", i+1, err)
		}
	}
	for _, pragma := range []string{
		fmt.Sprintf("PRAGMA application_id=%d", applicationID),
		fmt.Sprintf("PRAGMA user_version=%d", len(steps)),
		"COMMIT",
	} {
		if err := c.exec(pragma); err != nil {
			return err
		}
	}
	return nil
}

func tooNew(path string, have int64, known int) *vault.Error {
	return vault.Problem(path, vault.ErrTooNew, fmt.Sprintf("its schema is %d, this version knows %d", have, known))
}
