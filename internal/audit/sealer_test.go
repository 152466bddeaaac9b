package audit_test

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/id"
)

// TestVerify changes a sealed log behind its back, as whoever has the database and
// not the keyset can.
func TestVerify(t *testing.T) {
	t.Parallel()
	drop := func(s *memory, ids ...id.AuditRecord) {
		s.records = slices.DeleteFunc(s.records, func(r audit.Record) bool { return slices.Contains(ids, r.ID) })
	}
	// unseal removes blocks of the first merchant from a number on.
	unseal := func(s *memory, from int64) {
		s.blocks = slices.DeleteFunc(s.blocks, func(b audit.Block) bool { return b.MerchantID == 1 && b.Number >= from })
	}
	edit := func(change func(*audit.Record)) func(*memory) {
		return func(s *memory) { change(&s.records[3]) } // the first of the second block
	}
	for name, tt := range map[string]struct {
		tamper func(*memory)
		broken []int64
		cut    []id.Merchant // with what was noted before
	}{
		"an_untouched_log_is_whole":   {func(*memory) {}, nil, nil},
		"a_changed_actor_shows":       {edit(func(r *audit.Record) { r.Actor = "user:2" }), []int64{2}, nil},
		"a_changed_action_shows":      {edit(func(r *audit.Record) { r.Action = "pos.drop" }), []int64{2}, nil},
		"a_changed_subject_shows":     {edit(func(r *audit.Record) { r.Subject = "pos:9" }), []int64{2}, nil},
		"a_changed_detail_shows":      {edit(func(r *audit.Record) { r.Detail = []byte(`{}`) }), []int64{2}, nil},
		"a_changed_time_shows":        {edit(func(r *audit.Record) { r.At = r.At.Add(time.Microsecond) }), []int64{2, 3}, nil},
		"a_changed_address_shows":     {edit(func(r *audit.Record) { r.Origin.Address = netip.MustParseAddr("192.0.2.1") }), []int64{2}, nil},
		"a_changed_agent_shows":       {edit(func(r *audit.Record) { r.Origin.Agent = "curl" }), []int64{2}, nil},
		"words_moved_between_fields":  {edit(func(r *audit.Record) { r.Actor, r.Action = "user:1p", "os.update" }), []int64{2}, nil},
		"a_record_of_the_middle_gone": {func(s *memory) { drop(s, 4) }, []int64{2}, nil},
		"a_record_given_to_another":   {func(s *memory) { s.records[3].MerchantID = 2 }, []int64{2}, nil},
		"an_added_record_shows": {func(s *memory) {
			s.records = slices.Insert(s.records, 4, s.records[3])
			s.records[4].ID = 40 // behind the end of the second block
		}, []int64{3}, nil},
		"a_block_of_the_middle_gone": {func(s *memory) { s.blocks = slices.Delete(s.blocks, 2, 3) }, []int64{3}, nil},
		"a_block_and_its_records_gone": {func(s *memory) {
			s.blocks = slices.Delete(s.blocks, 2, 3)
			drop(s, 4, 5)
		}, []int64{3}, nil},
		"the_last_records_gone": {func(s *memory) { drop(s, 6, 7) }, []int64{3}, nil},
		"the_end_gone_with_its_block": {func(s *memory) {
			drop(s, 6, 7, 8)
			unseal(s, 3)
		}, nil, []id.Merchant{1}},
		"the_end_sealed_again_by_the_server": {func(s *memory) {
			unseal(s, 3)
			drop(s, 6)
		}, nil, []id.Merchant{1}},
		"everything_gone": {func(s *memory) { *s = memory{} }, nil, []id.Merchant{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, sealer, _ := sealedLog(t)
			noted := headsOf(verified(t, sealer, nil))
			tt.tamper(store)
			if err := sealer.Seal(t.Context()); err != nil { // the server goes on
				t.Fatal(err)
			}
			var broken []int64
			var cut []id.Merchant
			for _, m := range []id.Merchant{1, 2} {
				f := verified(t, sealer, noted)[m]
				broken = append(broken, f.Broken...)
				if f.Cut {
					cut = append(cut, m)
				}
				if f.Whole() != (len(f.Broken) == 0 && !f.Cut) {
					t.Errorf("whole is %t: %+v", f.Whole(), f)
				}
			}
			if diff := cmp.Diff(tt.broken, broken); diff != "" {
				t.Errorf("broken blocks (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.cut, cut); diff != "" {
				t.Errorf("cut logs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVerify_of_a_longer_log(t *testing.T) {
	t.Parallel()
	_, sealer, now := sealedLog(t)
	noted := headsOf(verified(t, sealer, nil))
	now.Advance(10 * time.Minute)
	if err := sealer.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := verified(t, sealer, noted)[1]
	if f.Head.Number != 4 || f.Records != 7 || !f.Whole() {
		t.Errorf("a log that went on: %+v", f)
	}
}

func TestSeal(t *testing.T) {
	t.Parallel()
	store, sealer, now := sealedLog(t)
	t.Run("what_is_younger_than_two_minutes_waits", func(t *testing.T) {
		now.Advance(2*time.Minute - time.Microsecond)
		for want, more := range []time.Duration{0, time.Microsecond} {
			now.Advance(more)
			if err := sealer.Seal(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := len(store.blocks) - 4; got != want {
				t.Errorf("%d blocks more, want %d", got, want)
			}
		}
	})
	t.Run("another_key_proves_nothing", func(t *testing.T) {
		f := verified(t, keyed(store, now, 2), nil)[1]
		if diff := cmp.Diff([]int64{1, 2, 3, 4}, f.Broken); diff != "" {
			t.Errorf("broken blocks (-want +got):\n%s", diff)
		}
	})
}

func TestNote(t *testing.T) {
	t.Parallel()
	store, sealer, now := sealedLog(t)
	heads := headsOf(verified(t, sealer, nil))
	text := sealer.Note(heads)
	t.Run("is_read_back", func(t *testing.T) {
		t.Parallel()
		got, err := sealer.Noted(text)
		if diff := cmp.Diff(heads, got); diff != "" || err != nil || len(heads) != 2 {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
	t.Run("of_no_merchant_is_read_back", func(t *testing.T) {
		t.Parallel()
		if got, err := sealer.Noted(sealer.Note(audit.Heads{})); err != nil || len(got) != 0 {
			t.Errorf("%v, %v", got, err)
		}
	})
	first, _, _ := strings.Cut(text, "merchant 2")
	for name, changed := range map[string]string{
		"empty":                       "",
		"without_its_seal":            strings.Split(text, "seal")[0],
		"of_an_earlier_block":         strings.Replace(text, "block 3", "block 2", 1),
		"with_a_merchant_left_out":    first + text[strings.Index(text, "seal "):],
		"with_a_line_added":           text + "merchant 3 block 1 00\n",
		"under_another_key":           keyed(store, now, 2).Note(heads),
		"of_another_text_of_that_key": "x" + text,
	} {
		t.Run(name+"_is_refused", func(t *testing.T) {
			t.Parallel()
			if _, err := sealer.Noted(changed); !errors.Is(err, audit.ErrHeads) {
				t.Errorf("err = %v", err)
			}
		})
	}
}
