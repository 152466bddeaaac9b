package chaos

import "context"

// queue returns the operations that wait for a person.
func (w *World) queue(ctx context.Context) (map[int64]bool, error) {
	waiting := make(map[int64]bool)
	for cursor := ""; ; {
		var page struct {
			Operations []struct {
				Operation operation `json:"operation"`
			} `json:"operations"`
			Next *string `json:"next"`
		}
		if err := w.get(ctx, "/admin/v1/unknown-operations?limit=100"+cursor, &page); err != nil {
			return nil, err
		}
		for _, o := range page.Operations {
			waiting[o.Operation.ID] = true
		}
		if page.Next == nil {
			return waiting, nil
		}
		cursor = "&cursor=" + *page.Next
	}
}
