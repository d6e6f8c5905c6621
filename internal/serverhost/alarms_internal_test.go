package serverhost

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"voc/internal/telemetry"
)

// alarm is the part of an alarm in the template that the test reads.
type alarm struct {
	AlarmDescription   string  `yaml:"AlarmDescription"`
	Namespace          string  `yaml:"Namespace"`
	MetricName         string  `yaml:"MetricName"`
	ComparisonOperator string  `yaml:"ComparisonOperator"`
	Threshold          float64 `yaml:"Threshold"`
	TreatMissingData   string  `yaml:"TreatMissingData"`
}

// fires reports whether the alarm fires at a value; ok is false if there is none.
func (a alarm) fires(value any, ok bool) bool {
	number, _ := value.(float64)
	switch {
	case !ok:
		return a.TreatMissingData == "breaching"
	case a.ComparisonOperator == "GreaterThanOrEqualToThreshold":
		return number >= a.Threshold
	default:
		return number > a.Threshold
	}
}

// alarms returns what the alarms of template.yaml say that fire while the watchdog measures s, or
// nothing.
func alarms(t *testing.T, s telemetry.State, measures bool) (texts string) {
	t.Helper()
	text, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Resources map[string]struct {
			Type       string    `yaml:"Type"`
			Properties yaml.Node `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	var line bytes.Buffer
	telemetry.Embedded{Log: telemetry.NewLog(&line, 0), Now: time.Now}.State(s)
	values := map[string]any{}
	if err := json.Unmarshal(line.Bytes(), &values); err != nil {
		t.Fatal(err)
	}
	for name, resource := range document.Resources {
		if resource.Type != "AWS::CloudWatch::Alarm" {
			continue
		}
		var a alarm
		if err := resource.Properties.Decode(&a); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		value, ok := values[a.MetricName]
		if a.Namespace == telemetry.Namespace && a.fires(value, ok && measures) {
			texts += a.AlarmDescription + "\n"
		}
	}
	return texts
}
