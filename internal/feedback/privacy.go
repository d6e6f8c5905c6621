package feedback

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Privacy is what readers never see, as it is configured. Names of fields are compared as
// Fold writes them. The zero value hides nothing. A snapshot keeps the Privacy that it was
// made under: see Allows.
type Privacy struct {
	Keys   []string `json:"keys,omitempty"`   // hidden, as keys of a field map
	Masked []string `json:"masked,omitempty"` // keys that show an address without its name
	Fields []string `json:"fields,omitempty"` // hidden Airtable fields: names or ids

	// Reads has the fields that each key of Keys and Masked reads.
	Reads map[string][]string `json:"reads,omitempty"`

	// Only has the fields that the response for one record may show; nil: all others.
	Only []string `json:"only"`
}

// maskable are the keys whose values are addresses.
var maskable = []string{ReporterEmail, TriageRep}

// sameAs are the keys of responses that show what a key of a field map shows.
var sameAs = map[string]string{
	"initial_description": Description, "team_routed": Team, "type_of_report": TypeOfIssue,
	"areas": AreaImpacted, "created_at": Created, "week": Created,
}

// alsoReads are the keys of a field map that another key falls back to.
var alsoReads = map[string][]string{
	Environment: {Environment, EnvironmentBox}, Created: {Created, ReportedOn},
}

// DefaultPrivacy is the Privacy of reads without a token: addresses of reporters are
// masked, and the only fields are those that a key reads.
func DefaultPrivacy(m Mapping) Privacy {
	p := Privacy{Masked: []string{ReporterEmail}, Only: m.allNames()}
	p.Reads = map[string][]string{ReporterEmail: m.Names(ReporterEmail)}
	return p
}

// ParsePrivacy parses a list of keys and Airtable fields, separated by commas or as a JSON
// list. A key wins over a field of its name and hides every field that it reads;
// key:mask masks an address; none alone hides nothing. It returns every error, joined.
func ParsePrivacy(text string, m Mapping) (Privacy, error) {
	names, err := splitNames(text)
	if err != nil {
		return Privacy{}, err
	}
	if len(names) == 1 && Fold(names[0]) == "none" {
		return Privacy{}, nil
	}
	var p Privacy
	var errs []error
	for _, name := range names {
		errs = append(errs, p.add(name))
	}
	p.Masked = slices.DeleteFunc(p.Masked, func(key string) bool {
		return slices.Contains(p.Keys, key)
	})
	for _, list := range []*[]string{&p.Keys, &p.Masked, &p.Fields} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	for _, key := range slices.Concat(p.Keys, p.Masked) {
		if p.Reads == nil {
			p.Reads = map[string][]string{}
		}
		also := alsoReads[key]
		if also == nil {
			also = []string{key}
		}
		for _, part := range also {
			p.Reads[key] = append(p.Reads[key], m.Names(part)...)
		}
	}
	return p, errors.Join(errs...)
}

// splitNames splits a list, without blank names.
func splitNames(text string) ([]string, error) {
	var names []string
	if text = strings.TrimSpace(text); strings.HasPrefix(text, "[") {
		if json.Unmarshal([]byte(text), &names) != nil {
			return nil, errors.New("must be names, separated by commas, or a JSON list of names")
		}
	} else {
		names = strings.Split(text, ",")
	}
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
	}
	if names = slices.DeleteFunc(names, blank); len(names) == 0 {
		return nil, errors.New("has no name: name keys or fields, or none to hide nothing")
	}
	return names, nil
}

// add adds an element of the list.
func (p *Privacy) add(element string) error {
	name, masks := element, false
	if i := strings.LastIndexByte(element, ':'); i >= 0 && Fold(element[i+1:]) == "mask" {
		name, masks = strings.TrimSpace(element[:i]), true
	}
	key := keyOf(name)
	switch {
	case blank(name):
		return fmt.Errorf("%q has no name before the colon", element)
	case masks && !slices.Contains(maskable, key):
		return fmt.Errorf("%q cannot be masked, only %s can: hide it without :mask",
			name, strings.Join(maskable, " and "))
	case masks:
		p.Masked = append(p.Masked, key)
	case key != "":
		p.Keys = append(p.Keys, key)
	case Fold(name) == "fields":
		p.Only = []string{}
	case Fold(name) == "none":
		return errors.New("none stands alone: it hides nothing")
	case Fold(name) == "id", Fold(name) == "airtable_url":
		return fmt.Errorf("%q cannot be private: records are addressed by it", name)
	default:
		p.Fields = append(p.Fields, name)
	}
	return nil
}

// keyOf returns the key of a field map that a name stands for; "" if it is none.
func keyOf(name string) string {
	folded := Fold(name)
	for _, key := range Keys() {
		if Fold(key) == folded {
			return key
		}
	}
	return sameAs[folded]
}

// String says what readers do not see, after the words "anyone reads every record, and".
func (p Privacy) String() string {
	var parts []string
	if hidden := slices.Concat(p.Keys, p.Fields); len(hidden) > 0 {
		parts = append(parts, fmt.Sprintf("nothing of %s is shown", strings.Join(hidden, ", ")))
	}
	if len(p.Masked) > 0 {
		parts = append(parts, fmt.Sprintf("the addresses of %s are masked", strings.Join(p.Masked, ", ")))
	}
	switch {
	case p.Only == nil:
		parts = append(parts, "`fields` of a record shows every other column of the table")
	case len(p.Only) == 0:
		parts = append(parts, "`fields` of a record is empty")
	default:
		parts = append(parts, "`fields` of a record is limited to the columns that a key reads")
	}
	return strings.Join(parts, ", ")
}

// IsZero reports whether p hides nothing.
func (p Privacy) IsZero() bool {
	return len(p.Keys)+len(p.Masked)+len(p.Fields) == 0 && p.Only == nil
}

// Hides reports whether a configured name stands for a field that no key shows, or only
// masked.
func (p Privacy) Hides(name string) bool { return foldedSet(p.hidden())[Fold(name)] }

// Allows reports whether what was made under another Privacy shows nothing that p hides.
func (p Privacy) Allows(made Privacy) bool {
	hidden := foldedSet(made.hidden())
	subset := func(names []string, of map[string]bool) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return !of[Fold(name)] })
	}
	keys := foldedSet(made.Keys)
	if !subset(p.hidden(), hidden) || !subset(p.Keys, keys) {
		return false
	}
	maps.Copy(keys, foldedSet(made.Masked))
	if !subset(p.Masked, keys) {
		return false
	}
	return p.Only == nil || made.Only != nil && !slices.ContainsFunc(made.Only,
		func(name string) bool { return !slices.Contains(p.Only, name) })
}

// hidden returns the fields that the response for one record never has, and that no key
// reads but a masked one.
func (p Privacy) hidden() []string {
	hidden := slices.Clone(p.Fields)
	for _, names := range p.Reads {
		hidden = append(hidden, names...)
	}
	return hidden
}

func foldedSet(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[Fold(name)] = true
	}
	return set
}

// allNames returns the fields that any key reads, sorted.
func (m Mapping) allNames() []string {
	var all []string
	for _, names := range m.fields {
		all = append(all, names...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
