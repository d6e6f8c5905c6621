package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// NearMiss is a variable that is set and that no program reads, and the one that is probably
// meant. The caller logs a warning.
type NearMiss struct{ Name, Meant string }

// otherNames are what other programs call a variable.
var otherNames = map[string]string{
	"AIRTABLE_TOKEN":                 "AIRTABLE_API_KEY",
	"AIRTABLE_KEY":                   "AIRTABLE_API_KEY",
	"AIRTABLE_PAT":                   "AIRTABLE_API_KEY",
	"AIRTABLE_API_TOKEN":             "AIRTABLE_API_KEY",
	"AIRTABLE_ACCESS_TOKEN":          "AIRTABLE_API_KEY",
	"AIRTABLE_PERSONAL_ACCESS_TOKEN": "AIRTABLE_API_KEY",
	"AIRTABLE_APP_ID":                "AIRTABLE_BASE_ID",
	"AIRTABLE_TABLE":                 "AIRTABLE_TABLE_NAME",
	"AIRTABLE_TABLE_ID":              "AIRTABLE_TABLE_NAME",
	"AIRTABLE_URL":                   "AIRTABLE_API_URL",
	"AIRTABLE_BASE_URL":              "AIRTABLE_API_URL",
	"AIRTABLE_ENDPOINT_URL":          "AIRTABLE_API_URL",
}

// findNearMisses lists the near misses of an environment, sorted by name. It leaves out another
// program's name for a variable that is set, and what the AWS SDK reads.
func (l *loader) findNearMisses(all map[string]string) (misses []NearMiss) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		known := slices.ContainsFunc(table, func(v Variable) bool { return v.Name == name })
		if known || trim(all[name]) == "" || strings.HasPrefix(name, "AWS_") {
			continue
		}
		if meant := nearestVariable(name); meant != "" {
			misses = append(misses, NearMiss{name, meant})
		} else if meant := otherNames[name]; meant != "" && l.set[meant] == "" {
			misses = append(misses, NearMiss{name, meant})
		}
	}
	return misses
}

// shortName is the length up to which a name may differ in one letter only: most short names are
// other words.
const shortName = 6

// nearestVariable returns the variable whose name differs from name in case, in underscores, or in
// at most two letters; "" if there is none.
func nearestVariable(name string) (nearest string) {
	letters := strings.NewReplacer("_", "", "-", "", ".", "", " ", "")
	plain := letters.Replace(strings.ToUpper(name))
	best := 3
	for _, v := range table {
		known := letters.Replace(v.Name)
		distance := levenshtein.ComputeDistance(plain, known)
		if distance < best && (distance < 2 || len(known) > shortName) {
			best, nearest = distance, v.Name
		}
	}
	return nearest
}

// meant returns the near miss of a variable; "" if there is none.
func (l *loader) meant(variable string) string {
	for _, miss := range l.nearMisses {
		if miss.Meant == variable {
			return miss.Name
		}
	}
	return ""
}
