package blobtest

import (
	"slices"
	"strings"
	"time"

	"voc/internal/blob"
)

func listAscends(s subject) {
	if keys := s.keys(""); len(keys) != 0 {
		s.Fatalf("an empty store lists %q", keys)
	}
	all := []string{"A", "a-b", "a.b", "a/b", "a/b-c", "a/b.c", "a/c/d", "a0", "aa", "b/a", "z"}
	for _, i := range []int{7, 2, 9, 0, 4, 10, 1, 5, 8, 3, 6} {
		s.put(all[i], all[i])
	}
	for prefix, want := range map[string][]string{
		"":      all,
		"a":     all[1:9],
		"a/":    all[3:7],
		"a/b":   all[3:6],
		"a/b-c": {"a/b-c"},
		"a/c/":  {"a/c/d"},
		"a/c/d": {"a/c/d"},
		"b":     {"b/a"},
		"A/":    {},
		"c":     {},
		"x/y/z": {},
	} {
		if got := s.keys(prefix); !slices.Equal(got, want) {
			s.Errorf("prefix %q lists %q, want %q", prefix, got, want)
		}
	}
}

func listAgrees(s subject) {
	s.put("a", "one")
	s.replace("b/c", "twelve bytes", "")
	for listed, err := range s.List(s.Context(), "") {
		if err != nil {
			s.Fatal(err)
		}
		stat, err := s.Stat(s.Context(), listed.Key)
		if err != nil {
			s.Fatal(err)
		}
		listedAt := listed.LastModified.Truncate(time.Second)
		if listed.Version != stat.Version || listed.Size != stat.Size || listed.Date.IsZero() ||
			!listedAt.Equal(stat.LastModified.Truncate(time.Second)) {
			s.Errorf("List returns %+v, Stat %+v", listed, stat)
		}
	}
}

func listAgain(s subject) {
	for key := range strings.SplitSeq("a b c d", " ") {
		s.put(key, key)
	}
	list := s.List(s.Context(), "")
	for info, err := range list {
		if err != nil {
			s.Fatal(err)
		}
		if info.Key == "b" {
			break
		}
	}
	if err := s.Delete(s.Context(), "c"); err != nil {
		s.Fatal(err)
	}
	var keys []string
	for info, err := range list {
		if err != nil {
			s.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	if !slices.Equal(keys, []string{"a", "b", "d"}) {
		s.Errorf("the second range lists %q", keys)
	}
}

func invalidKeys(s subject) {
	for _, key := range []string{
		"/", "/etc/passwd", "..", "../outside", "a/../b", "a//b", "a/.", ".hidden",
		"a b", "a\x00", "é", strings.Repeat("a", 513),
	} {
		for kind, err := range callAll(s.Context(), s.Store, key) {
			s.checkError(string(kind)+" of "+key, err, blob.ErrInvalidKey)
		}
	}
	if keys := s.keys(""); len(keys) != 0 {
		s.Errorf("left behind: %q", keys)
	}
}
