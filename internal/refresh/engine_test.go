package refresh_test

import (
	"strings"
	"testing"

	"voc/internal/airtablesim"
	"voc/internal/refresh"
)

// Each field that is missing or out of range is named, all at once.
func TestNewRejectsInvalidConfig(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	for name, spoil := range map[string]func(*refresh.Config){
		"Airtable":     func(c *refresh.Config) { c.Airtable = nil },
		"Store":        func(c *refresh.Config) { c.Store = nil },
		"Base":         func(c *refresh.Config) { c.Base = "" },
		"Table":        func(c *refresh.Config) { c.Table = "" },
		"Dir":          func(c *refresh.Config) { c.Dir = "" },
		"Program":      func(c *refresh.Config) { c.Program = "" },
		"Log":          func(c *refresh.Config) { c.Log = nil },
		"Now":          func(c *refresh.Config) { c.Now = nil },
		"FreeDisk":     func(c *refresh.Config) { c.FreeDisk = nil },
		"MaxShrink":    func(c *refresh.Config) { c.MaxShrink = 101 },
		"MonthlyCalls": func(c *refresh.Config) { c.MonthlyCalls = -1 },
	} {
		cfg := w.config(w.store)
		spoil(&cfg)
		engine, err := refresh.New(cfg)
		if err == nil || engine != nil || !strings.Contains(err.Error(), ": "+name+" is") {
			t.Errorf("%s: %v, %v", name, engine, err)
		}
	}
	_, err := refresh.New(refresh.Config{})
	if err == nil || strings.Count(err.Error(), "\n") != 8 { // all but the two numbers
		t.Errorf("the zero Config: %v", err)
	}
}
