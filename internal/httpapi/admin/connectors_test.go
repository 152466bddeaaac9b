package admin_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// TestConnectors reads the list of connectors in pages of every size. A server
// has as many as it was built with; this one has five, in no order.
func TestConnectors(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	type list struct {
		Connectors []struct {
			Name string `json:"name"`
		} `json:"connectors"`
		Next *string `json:"next"`
	}
	for limit := 1; limit <= 6; limit++ {
		t.Run("pages_of_"+strconv.Itoa(limit)+"_have_each_once_by_name", func(t *testing.T) {
			t.Parallel()
			var names []string
			for cursor := ""; ; {
				w := get(t, h, "/admin/v1/connectors?limit="+strconv.Itoa(limit)+"&cursor="+cursor, "Bearer demo-admin-token")
				var page list
				if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != http.StatusOK ||
					len(page.Connectors) > limit {
					t.Fatalf("answer = %d %s", w.Code, w.Body)
				}
				for _, c := range page.Connectors {
					names = append(names, c.Name)
				}
				if page.Next == nil {
					break
				}
				cursor = *page.Next
			}
			if got := strings.Join(names, ""); got != "abcde" {
				t.Errorf("names are %q", got)
			}
		})
	}
	t.Run("capabilities_are_those_of_the_protocols_type", func(t *testing.T) {
		t.Parallel()
		w := get(t, h, "/admin/v1/connectors", "Bearer demo-admin-token")
		const want = `"capabilities":{"capture":false,"void":true,"refund":false,"three_ds":false,"points":false,"tokens":false,"rates":false}`
		if w.Code != http.StatusOK || strings.Count(w.Body.String(), want) != 5 {
			t.Errorf("answer = %d %s", w.Code, w.Body)
		}
	})
	t.Run("a_cursor_of_no_connector_is_refused", func(t *testing.T) {
		t.Parallel()
		w := get(t, h, "/admin/v1/connectors?cursor=bb", "Bearer demo-admin-token")
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `"field":"cursor"`) {
			t.Errorf("answer = %d %s", w.Code, w.Body)
		}
	})
}
