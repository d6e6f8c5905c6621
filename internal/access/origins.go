package access

import (
	"fmt"
	"regexp"
	"strings"
)

// Origins are the origins of pages that may read in a browser, as a browser sends them:
// lower case, without a default port. One that begins with https://*. allows any single
// label in place of the *.
type Origins []string

// originPattern matches what a browser sends, and https://*. in front of at least two
// labels.
var originPattern = regexp.MustCompile(`^(https?://([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:]+\])|` +
	`https://\*(\.[a-z0-9_-]+){2,})(:[0-9]{1,5})?$`)

var defaultPorts = map[string]string{"http": ":80", "https": ":443"}

// ParseOrigins parses a comma-separated list of origins. It accepts a slash at the end, which
// a browser's address bar adds.
func ParseOrigins(value string) (Origins, error) {
	var origins Origins
	for _, item := range items(value) {
		origin := strings.TrimSuffix(strings.ToLower(item), "/")
		if !originPattern.MatchString(origin) {
			return nil, fmt.Errorf("entry %d must be an origin such as https://app.example.com or, "+
				"for any subdomain, https://*.example.com, without a path",
				len(origins)+1)
		}
		scheme, _, _ := strings.Cut(origin, ":")
		origins = append(origins, strings.TrimSuffix(origin, defaultPorts[scheme]))
	}
	return origins, nil
}

// Allow reports whether pages of origin may read. It compares exactly, case included.
func (o Origins) Allow(origin string) bool {
	for _, allowed := range o {
		before, after, wildcard := strings.Cut(allowed, "*")
		if !wildcard && origin == allowed {
			return true
		}
		label, hasBefore := strings.CutPrefix(origin, before)
		label, hasAfter := strings.CutSuffix(label, after)
		isLabel := label != "" && strings.Trim(label, labelBytes) == ""
		if wildcard && hasBefore && hasAfter && isLabel {
			return true
		}
	}
	return false
}

// labelBytes are those of a single label of a host name.
const labelBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
