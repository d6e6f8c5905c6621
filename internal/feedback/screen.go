package feedback

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// Screen maps records for readers. What is private is not hidden in the result: it never
// gets there, because a record is mapped from its other cells alone.
type Screen struct {
	mapping Mapping         // without teams if the team is hidden
	hidden  map[string]bool // names of fields, folded
	private map[string]bool // the same without those that are hidden because they are masked
	only    map[string]bool // names of fields, as they are; nil: all
	masks   map[string][]string
}

// NewScreen returns the screen of a mapping. names returns the fields that a configured
// name stands for in the base now; it may return none.
func NewScreen(m Mapping, p Privacy, names func(configured string) []string) Screen {
	s := Screen{mapping: m, masks: map[string][]string{}}
	now := func(configured []string) (all []string) {
		for _, name := range configured {
			all = append(append(all, name), names(name)...)
		}
		return all
	}
	if slices.Contains(p.Keys, Team) {
		s.mapping.teams = nil
	}
	s.hidden = foldedSet(now(p.hidden()))
	s.private = foldedSet(now(p.Fields))
	for _, key := range p.Keys {
		for name := range foldedSet(now(p.Reads[key])) {
			s.private[name] = true
		}
	}
	if !slices.ContainsFunc(m.Names(EnvironmentBox), func(name string) bool {
		return !s.hidden[Fold(name)]
	}) {
		s.mapping = s.mapping.WithBox(false) // an empty one says nothing
	}
	for _, key := range p.Masked {
		s.masks[key] = m.Names(key)
	}
	if p.Only != nil {
		s.only = map[string]bool{}
		for _, name := range now(p.Only) {
			s.only[name] = true
		}
	}
	return s
}

// Hides reports whether no key shows a field, or only masked.
func (s Screen) Hides(name string) bool { return s.hidden[Fold(name)] }

// Map returns the Feedback of a record, and the cells that its response shows.
func (s Screen) Map(r Record) (Feedback, map[string]json.RawMessage) {
	if len(s.hidden) == 0 && s.only == nil {
		return s.mapping.Map(r), r.Fields
	}
	visible := make(map[string]json.RawMessage, len(r.Fields))
	shown := visible
	if s.only != nil {
		shown = map[string]json.RawMessage{}
	}
	for name, value := range r.Fields {
		if s.hidden[Fold(name)] {
			continue
		}
		visible[name] = value
		if s.only[name] {
			shown[name] = value
		}
	}
	f := s.mapping.Map(Record{ID: r.ID, CreatedTime: r.CreatedTime, Fields: visible})
	for key, names := range s.masks {
		masked := ""
		for _, name := range names {
			if masked == "" && !s.private[Fold(name)] {
				masked = mask(decode(r.Fields[name]))
			}
		}
		if key == TriageRep {
			f.TriageRep = cmp.Or(masked, "N/A")
		} else {
			f.ReporterEmail = masked
		}
	}
	return f, shown
}

// mask returns the addresses of a value, each as its first character, "…", "@" and the
// domain. Of a collaborator it returns the address, not the name. A value that is no
// address is absent.
func mask(value any) string {
	switch v := value.(type) {
	case string:
		var masked []string
		for _, address := range strings.FieldsFunc(v, isSeparator) {
			i := strings.LastIndexByte(address, '@')
			if i < 1 || i == len(address)-1 || strings.ContainsAny(address, `<>"`) {
				return ""
			}
			_, first := utf8.DecodeRuneInString(address)
			masked = append(masked, address[:first]+"…"+address[i:])
		}
		return strings.Join(masked, ", ")
	case []any:
		var masked []string
		for _, element := range v {
			if text := mask(element); text != "" {
				masked = append(masked, text)
			}
		}
		return strings.Join(masked, ", ")
	case map[string]any:
		email, _ := v["email"].(string)
		name, _ := v["name"].(string)
		return cmp.Or(mask(email), mask(name))
	}
	return ""
}

func isSeparator(r rune) bool { return strings.ContainsRune(",; \t\r\n\u00a0", r) }
