package repotest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// role holds the policies of a role.
type role struct {
	Policies []struct {
		PolicyDocument struct {
			Statement []json.RawMessage
		}
	}
}

// statement holds a statement of a policy. Values may be one or a list.
type statement struct{ Effect, Action, Resource any }

// TestTemplateApiRoleReadsNoSources: the records as Airtable sent them are under sources/, and
// the API function's role may not read there, whatever its code asks for.
func TestTemplateApiRoleReadsNoSources(t *testing.T) {
	roles := properties[role](t, readTemplate(t), "AWS::IAM::Role")
	var granted []string
	for _, policy := range roles["ApiRole"].Policies {
		for _, text := range policy.PolicyDocument.Statement {
			var s statement
			if json.Unmarshal(text, &s) != nil || s.Effect != "Allow" ||
				!strings.Contains(fmt.Sprint(s.Action), "s3:GetObject") {
				continue
			}
			resources, several := s.Resource.([]any)
			if !several {
				resources = []any{s.Resource}
			}
			for _, resource := range resources {
				sub, _ := resource.(map[string]any)["Fn::Sub"].([]any)
				place, _ := sub[0].(string)
				_, key, _ := strings.Cut(place, "${Prefix}/")
				granted = append(granted, key)
			}
		}
	}
	slices.Sort(granted)
	want := []string{"manifest.json", "manifests/*", "snapshots/*", "watch.json"}
	if !slices.Equal(granted, want) {
		t.Errorf("ApiRole reads %q, want %q", granted, want)
	}
}
