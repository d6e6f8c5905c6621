package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"voc/internal/access"
	"voc/internal/config"
)

// wrapped has a Config in an unexported field, where fmt cannot call methods.
type wrapped struct{ inner config.Config }

// shown returns what printing, logging and encoding make of v.
func shown(t *testing.T, v any) string {
	t.Helper()
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%T",
		"%10.3s", "%!"} {
		fmt.Fprintf(&out, verb+"\n", v)
		fmt.Fprintf(&out, verb+"\n", []any{&v,
			wrapped{config.Config{Access: access.Policy{
				ReadTokens: []access.Secret{access.NewSecret(key)},
			}}}})
	}
	fmt.Fprintln(&out, v)
	everything := &slog.HandlerOptions{Level: slog.LevelDebug}
	slog.New(slog.NewJSONHandler(&out, everything)).Info("config", "value", v,
		slog.Group("in", "value", v))
	slog.New(slog.NewTextHandler(&out, everything)).Info("config", "value", v,
		slog.Group("in", "value", v))
	encoded, err := json.Marshal(map[string]any{"value": v})
	if err != nil {
		t.Fatal(err)
	}
	return out.String() + string(encoded)
}

// traces returns the forms in which a text may appear.
func traces(text string) []string {
	return []string{text, fmt.Sprintf("%x", text), fmt.Sprintf("%X", text), fmt.Sprint([]byte(text)),
		fmt.Sprintf("%.6s", text)}
}

func TestConfigRedactsSecrets(t *testing.T) {
	c := loadReal(t, "READ_TOKENS="+key+",second", "ADMIN_TOKENS="+key,
		admin("ann@example.com", "Ann"))
	for name, v := range map[string]any{
		"secret":       c.Airtable.Key,
		"pointer":      &c.Airtable.Key,
		"list":         c.Access.ReadTokens,
		"config":       c,
		"pointer to c": &c,
		"unexported":   wrapped{c},
		"map":          map[string]access.Secret{"token": c.Airtable.Key},
	} {
		t.Run(name, func(t *testing.T) {
			text := shown(t, v)
			for _, trace := range append(traces(key), traces(hash[7:])...) {
				if strings.Contains(text, trace) {
					t.Errorf("the secret appears as %s in\n%s", trace, text)
				}
			}
		})
	}
}
