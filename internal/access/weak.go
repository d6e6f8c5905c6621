package access

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"voc/internal/bound"
)

// examples are parts of the tokens in pages about voc and of texts that stand for a token.
var examples = []string{
	"example", "changeme", "change-me", "change_me", "your-token", "your_token", "yourtoken",
	"patemulatordemo", "0123456789abcdef", "1234567890123456", "admin-token", "read-token",
}

// minVariety is how many different bytes a token has at least. Of 16 random hexadecimal digits,
// one in a million has fewer.
const minVariety = 5

// WeakTokens returns what is wrong with tokens that can be guessed, and with tokens for readers
// that are also for admins: every problem of each of the two lists. No error repeats a token.
func WeakTokens(reads, admins []Secret) (ofReads, ofAdmins []error) {
	ofReads, ofAdmins = guessable(reads), guessable(admins)
	for i, token := range reads {
		sum := sha256.Sum256([]byte(token.Reveal()))
		for _, admin := range admins {
			if admin.equal(sum) == 1 {
				ofReads = append(ofReads, fmt.Errorf(
					"token %d is an admin token, too, so that each reader could start refreshes", i+1))
			}
		}
	}
	return ofReads, ofAdmins
}

func guessable(tokens []Secret) (problems []error) {
	for i, token := range tokens {
		text := token.Reveal()
		different := map[byte]bool{}
		isExample := false
		for j := range len(text) {
			different[text[j]] = true
		}
		for _, example := range examples {
			isExample = isExample || strings.Contains(strings.ToLower(text), example)
		}
		var why string
		switch {
		case len(text) < bound.TokenBytes:
			why = fmt.Sprintf("has fewer than %d bytes", bound.TokenBytes)
		case isExample:
			why = "is an example's"
		case len(different) < minVariety:
			why = fmt.Sprintf("has fewer than %d different characters", minVariety)
		default:
			continue
		}
		problems = append(problems, fmt.Errorf(
			"token %d %s, so it can be guessed: use one such as `openssl rand -hex 32` prints", i+1, why))
	}
	return problems
}
