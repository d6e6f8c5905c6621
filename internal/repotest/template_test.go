package repotest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"voc/internal/config"
	"voc/internal/schedule"
)

func TestTemplateSchedulesAreValid(t *testing.T) {
	of := readTemplate(t)
	var modes []string
	for name, f := range functions(t, of) {
		for event, e := range f.Events {
			expression := e.Properties.ScheduleExpression
			if either, ok := expression.(map[string]any); ok && either["Fn::If"] != nil {
				expression = either["Fn::If"].([]any)[1] // off is no expression: the other branch is for off
			}
			cron := fmt.Sprint(of.fallback(expression))
			zone, err := time.LoadLocation(fmt.Sprint(of.fallback(e.Properties.ScheduleExpressionTimezone)))
			if err != nil {
				t.Errorf("%s.%s: %v", name, event, err)
			}
			if _, err := schedule.Parse(cron, zone); err != nil || strings.Count(cron, "?") != 1 {
				t.Errorf("%s.%s: %q: %v", name, event, cron, err)
			}
			var input struct {
				Mode, Trigger string
				Time          string `json:"scheduled_time"`
			}
			if err := json.Unmarshal([]byte(e.Properties.Input), &input); err != nil {
				t.Errorf("%s.%s: the input is not JSON: %v", name, event, err)
			}
			if input.Trigger != "schedule" || input.Time != "<aws.scheduler.scheduled-time>" {
				t.Errorf("%s.%s: the input %s does not say which run it is", name, event, e.Properties.Input)
			}
			modes = append(modes, input.Mode)
		}
	}
	slices.Sort(modes)
	if want := []string{"drill", "full", "incremental", "sweep", "watch"}; !slices.Equal(modes, want) {
		t.Errorf("the schedules start %v, not %v", modes, want)
	}
}

func TestTemplateFunctionsGetTheirVariables(t *testing.T) {
	of := readTemplate(t)
	for name, f := range functions(t, of) {
		host := hosts[f.CodeUri]
		if f.Environment.Variables["REFRESH_MODE"] == config.WatchMode {
			host = config.Watch
		}
		given := slices.Collect(maps.Keys(f.Environment.Variables))
		given = slices.AppendSeq(given, maps.Keys(of.Globals.Function.Environment.Variables))
		for _, v := range config.Variables() {
			reads := slices.Contains(v.Hosts, host)
			if gets := slices.Contains(given, v.Name); gets != reads &&
				len(v.Hosts) > 0 { // without a host nothing reads it
				t.Errorf("%s reads %s: %v, gets it: %v", name, v.Name, reads, gets)
			}
		}
	}
}

// hosts are the hosts of the table of variables, by where they are built from.
var hosts = map[string]config.Host{"functions/api": config.API, "functions/refresh": config.Refresh}

func TestTemplateVariablesMatchTable(t *testing.T) {
	of := readTemplate(t)
	known := map[string]config.Variable{}
	for _, v := range config.Variables() {
		known[v.Name] = v
	}
	given := maps.Clone(of.Globals.Function.Environment.Variables)
	for _, f := range functions(t, of) {
		maps.Copy(given, f.Environment.Variables)
	}
	for name, value := range given {
		v, ok := known[name]
		if !ok && name != "AWS_ENDPOINT_URL_LAMBDA" { // the AWS SDK's own, for sam local
			t.Errorf("the template sets %s, which the table of variables does not have", name)
		}
		parameter := referred(value)
		p, ok := of.Parameters[parameter]
		if !ok {
			continue // set by the template itself
		}
		if parameter != camel(name) {
			t.Errorf("%s is set by %s, not by a parameter of its name", name, parameter)
		}
		if v.Computed && p.Default == "" { // the program works it out
			continue
		}
		if got := fmt.Sprint(p.Default); p.Default != nil && v.Default != "" && v.Default != got &&
			!strings.HasPrefix(v.Default, got+" deployed") {
			t.Errorf("%s is %q by default, in the table %q", parameter, got, v.Default)
		}
	}
}

func TestTemplateSecretsAreNames(t *testing.T) {
	of := readTemplate(t)
	for name, f := range functions(t, of) {
		for variable := range f.Environment.Variables {
			secret, named := strings.CutSuffix(variable, "_PARAMETER")
			if !named {
				continue
			}
			if value, declared := f.Environment.Variables[secret]; !declared || value != "" {
				t.Errorf("%s: %s must be declared and empty, is %v", name, secret, value)
			}
		}
	}
	for name, p := range of.Parameters {
		if p.NoEcho {
			t.Errorf("%s holds a secret: use the name of a SecureString", name)
		}
		if p.Description == "" || strings.Contains(p.Description, "\n") {
			t.Errorf("%s needs a description of one line", name)
		}
	}
}

func TestTemplateFailuresReachQueue(t *testing.T) {
	of := readTemplate(t)
	queues := properties[struct{ MessageRetentionPeriod int }](t, of, "AWS::SQS::Queue")
	leadsToQueue := func(value any) bool {
		call, _ := value.(map[string]any)
		name, _, _ := strings.Cut(fmt.Sprint(call["Fn::GetAtt"]), ".")
		return queues[name].MessageRetentionPeriod > 0
	}
	all := functions(t, of)
	asynchronous := map[string]bool{}
	for name, f := range all {
		for event, e := range f.Events {
			asynchronous[name] = true
			if !leadsToQueue(e.Properties.DeadLetterConfig.Arn) {
				t.Errorf("%s.%s: an event that cannot be delivered is lost", name, event)
			}
		}
		for variable, value := range f.Environment.Variables {
			if strings.HasSuffix(variable, "_FUNCTION") {
				asynchronous[referred(value)] = true
			}
		}
	}
	if len(asynchronous) != 3 {
		t.Errorf("asynchronously called are %v", asynchronous)
	}
	for name := range asynchronous {
		if !leadsToQueue(all[name].EventInvokeConfig.DestinationConfig.OnFailure.Destination) {
			t.Errorf("%s: an event that fails is lost", name)
		}
	}
}

func TestTemplateLogsExpire(t *testing.T) {
	of := readTemplate(t)
	groups := properties[struct{ RetentionInDays any }](t, of, "AWS::Logs::LogGroup")
	for name, group := range groups {
		if group.RetentionInDays == nil {
			t.Errorf("%s has no retention", name)
		}
	}
	for name, f := range functions(t, of) {
		if _, ours := groups[referred(f.LoggingConfig.LogGroup)]; !ours {
			t.Errorf("%s logs to a group that is not the template's", name)
		}
	}
}

func TestTemplateFunctionsExist(t *testing.T) {
	rooms := packages(t)
	for name, f := range functions(t, readTemplate(t)) {
		if rooms[f.CodeUri].Name != "main" {
			t.Errorf("%s is built from %s, where no command is", name, f.CodeUri)
		}
	}
}

// camel is the name of the parameter of a variable: AIRTABLE_BASE_ID is set by
// AirtableBaseId.
func camel(variable string) string {
	var name strings.Builder
	for word := range strings.SplitSeq(strings.ToLower(variable), "_") {
		name.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return name.String()
}

// TestSchedulesHaveSamples: for what each schedule sends there is a sample event.
func TestSchedulesHaveSamples(t *testing.T) {
	inputs := regexp.MustCompile(`Input: '(.+)'`).FindAllSubmatch(read(t, "template.yaml"), -1)
	if len(inputs) != 5 {
		t.Errorf("%d schedules have an input", len(inputs))
	}
	for _, input := range inputs {
		var sent, sample map[string]string
		if err := json.Unmarshal(input[1], &sent); err != nil {
			t.Fatal(err)
		}
		err := json.Unmarshal(read(t, "infra/events/schedule-"+sent["mode"]+".json"), &sample)
		if _, wrong := time.Parse(time.RFC3339, sample["scheduled_time"]); wrong != nil {
			t.Errorf("schedule-%s.json: %v", sent["mode"], wrong)
		}
		sent["scheduled_time"] = sample["scheduled_time"]
		if err != nil || !maps.Equal(sent, sample) {
			t.Errorf("a schedule sends %v, and the sample is %v, %v", sent, sample, err)
		}
	}
}

func TestEventsAreJSON(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(root, "infra/events/*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no events: %v", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil || !json.Valid(text) {
			t.Errorf("%s is not JSON: %v", path, err)
		}
	}
}
