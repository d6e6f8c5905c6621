package access_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"voc/internal/access"
)

const key = "patKEY.0123456789abcdef"

// wrapped keeps a Policy where fmt cannot call methods.
type wrapped struct{ inner access.Policy }

// TestPolicyRedactsSecrets prints, logs and encodes values that hold key as a token, a password
// and a hash. Neither it nor its SHA-256 may show.
func TestPolicyRedactsSecrets(t *testing.T) {
	policy := access.Policy{
		ReadTokens: secrets(key), AdminTokens: secrets(key, key),
		Users: []access.User{{Email: "ann@example.com", PasswordHash: access.NewSecret(key)}},
	}
	sum := sha256.Sum256([]byte(key))
	traces := []string{key[:6]}
	for _, secret := range []string{key, string(sum[:])} {
		traces = append(traces, secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret),
			fmt.Sprint([]byte(secret)), fmt.Sprintf("%q", secret))
	}
	for name, v := range map[string]any{
		"policy": policy, "pointer": &policy, "unexported": wrapped{policy}, "list": policy.ReadTokens,
		"attempt": access.Attempt{Password: access.NewSecret(key)},
		"sign-in": access.NewSignIn(policy.Users),
	} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10.3s", "%!"} {
			fmt.Fprintf(&out, verb+"\n", v)
			fmt.Fprintf(&out, verb+"\n", []any{&v, wrapped{policy}})
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("policy", "value", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("policy", "value", v)
		encoded, err := json.Marshal(map[string]any{"value": v})
		expect(t, "error", err, nil)
		text := out.String() + string(encoded)
		for _, trace := range traces {
			if strings.Contains(text, trace) {
				t.Errorf("%s shows %s in\n%s", name, trace, text)
			}
		}
	}
}

func TestSecretIsRedacted(t *testing.T) {
	for name, s := range map[string]access.Secret{"set": access.NewSecret(key), "zero": {}} {
		t.Run(name, func(t *testing.T) {
			expect(t, "String", s.String(), "[redacted]")
			expect(t, "printed", fmt.Sprintf("%v %q %x", s, s, s), "[redacted] [redacted] [redacted]")
			encoded, err := json.Marshal(s)
			expect(t, "encoded", string(encoded), `"[redacted]"`)
			expect(t, "error", err, nil)
		})
	}
}

func TestSecretReveal(t *testing.T) {
	expect(t, "set", access.NewSecret(key).Reveal(), key)
	expect(t, "zero", access.Secret{}.Reveal(), "")
}
