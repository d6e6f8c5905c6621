package lambdahost_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"voc/internal/config"
	"voc/internal/lambdahost"
	"voc/internal/lambdahost/lambdatest"
)

// function is the Settings of an API function whose secrets are in a Cloud, with a clock.
type function struct {
	*lambdatest.Cloud
	*lambdahost.Settings
	t   *testing.T
	now time.Time
	log bytes.Buffer
}

func newFunction(t *testing.T) *function {
	t.Helper()
	f := &function{Cloud: lambdatest.NewCloud(t), t: t, now: now}
	for _, variable := range append(f.Environ(), "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=key",
		"AWS_SECRET_ACCESS_KEY=secret") {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	var err error
	f.Settings, err = lambdahost.NewSettings(t.Context(), config.API, []string{
		"AIRTABLE_BASE_ID=appX", "SNAPSHOT_STORE=s3://voc-data/appX", "REFRESH_FULL_FUNCTION=f",
		"REFRESH_INCREMENTAL_FUNCTION=i",
		"READ_ACCESS=public", "READ_TOKENS_PARAMETER=/voc/read", "ADMIN_TOKENS_PARAMETER=/voc/admin",
	}, slog.New(slog.NewTextHandler(&f.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	f.Clock(func() time.Time { return f.now })
	return f
}

// after advances the clock and reads.
func (f *function) after(d time.Duration) lambdahost.State {
	f.now = f.now.Add(d)
	return f.Read(f.t.Context())
}

// expect checks the admin tokens, and how often SSM was read for both secrets.
func (f *function) expect(state lambdahost.State, admin string, rounds int) {
	f.t.Helper()
	var tokens []string
	for _, secret := range state.Config.Access.AdminTokens {
		tokens = append(tokens, secret.Reveal())
	}
	if got := strings.Join(tokens, ","); got != admin {
		f.t.Errorf("tokens %q, want %q", got, admin)
	}
	if f.ParameterReads() != 2*rounds {
		f.t.Errorf("SSM was read %d times for two secrets, want %d", f.ParameterReads(), 2*rounds)
	}
}

func TestSettingsReadInterval(t *testing.T) {
	f := newFunction(t)
	f.PutParameter("/voc/read", "r")
	f.PutParameter("/voc/admin", "first-b7d1f0c4e2a9")
	if f.ParameterReads() != 0 || !f.WithoutSecrets().Access.TokensUnread {
		t.Errorf("SSM was read %d times before the first Read", f.ParameterReads())
	}
	first := f.after(0)
	f.expect(first, "first-b7d1f0c4e2a9", 1)
	f.PutParameter("/voc/admin", "second-b7d1f0c4e2a9")
	f.expect(f.after(4*time.Minute+59*time.Second), "first-b7d1f0c4e2a9", 1)
	second := f.after(time.Second)
	f.expect(second, "second-b7d1f0c4e2a9", 2)
	if first.Version == second.Version || second.Config.Access.TokensUnread {
		t.Errorf("version %d after %d; unread: %v", second.Version, first.Version,
			second.Config.Access.TokensUnread)
	}
	if third := f.after(5 * time.Minute); third.Version != second.Version {
		t.Errorf("version %d of the same secrets", third.Version)
	}
}

func TestSettingsKeepValueWhenSSMFails(t *testing.T) {
	f := newFunction(t)
	f.PutParameter("/voc/read", "r")
	f.PutParameter("/voc/admin", "first-b7d1f0c4e2a9")
	before := f.after(0)
	f.DeleteParameter("/voc/admin")
	state := f.after(5 * time.Minute)
	f.expect(state, "first-b7d1f0c4e2a9", 2)
	if len(state.Warnings) != 1 || state.Version == before.Version {
		t.Fatalf("warnings %q, version %d", state.Warnings, state.Version)
	}
	for _, text := range []string{state.Warnings[0], f.log.String()} {
		for _, part := range []string{"ADMIN_TOKENS_PARAMETER", "/voc/admin", "eu-central-1",
			"ParameterNotFound", "SecureString"} {
			if !strings.Contains(text, part) {
				t.Errorf("%q does not name %s", text, part)
			}
		}
	}
	f.PutParameter("/voc/admin", "third-b7d1f0c4e2a9")
	state = f.after(5 * time.Minute)
	if f.expect(state, "third-b7d1f0c4e2a9", 3); len(state.Warnings) != 0 {
		t.Errorf("warnings %q", state.Warnings)
	}
}

func TestSettingsRetryMissingSecret(t *testing.T) {
	f := newFunction(t)
	f.PutParameter("/voc/read", "r")
	state := f.after(0)
	if f.expect(state, "", 1); !state.Config.Access.TokensUnread || len(state.Warnings) != 1 {
		t.Errorf("unread: %v, warnings %q", state.Config.Access.TokensUnread, state.Warnings)
	}
	f.PutParameter("/voc/admin", "first-b7d1f0c4e2a9")
	f.expect(f.after(9*time.Second), "", 1)
	f.expect(f.after(time.Second), "first-b7d1f0c4e2a9", 2)
}

func TestSettingsRejectInvalidSecret(t *testing.T) {
	f := newFunction(t)
	f.PutParameter("/voc/read", "r")
	f.PutParameter("/voc/admin", "first-b7d1f0c4e2a9")
	f.after(0)
	f.PutParameter("/voc/admin", "no token at all")
	state := f.after(5 * time.Minute)
	f.expect(state, "first-b7d1f0c4e2a9", 2)
	if text := strings.Join(state.Warnings, "\n"); !strings.Contains(text, "ADMIN_TOKENS_PARAMETER") ||
		strings.Contains(text+f.log.String(), "at all") {
		t.Errorf("warnings %q, log %s", text, &f.log)
	}
}
