package serverhost

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"voc/internal/job"
)

// tableWidth is that of the narrowest terminal.
const tableWidth = 80

// table is a list of names with texts, for a terminal.
type table struct {
	indent int // where the texts begin
	lines  []string
}

// row adds a name with its text, wrapped between words. A word longer than a line is cut.
func (t *table) row(name, text string) {
	line := fmt.Sprintf("%-*s", t.indent, name)
	for word := range strings.FieldsSeq(text) {
		if n := utf8.RuneCountInString(line); n > t.indent {
			if n+1+utf8.RuneCountInString(word) <= tableWidth {
				line += " " + word
				continue
			}
			t.lines, line = append(t.lines, line), strings.Repeat(" ", t.indent)
		}
		letters := []rune(word)
		for ; len(letters) > tableWidth-t.indent; line = strings.Repeat(" ", t.indent) {
			t.lines = append(t.lines, line+string(letters[:tableWidth-t.indent]))
			letters = letters[tableWidth-t.indent:]
		}
		line += string(letters)
	}
	t.lines = append(t.lines, strings.TrimRight(line, " "))
}

func (t *table) print(out io.Writer) error {
	_, err := io.WriteString(out, strings.Join(t.lines, "\n")+"\n")
	return err
}

// minute writes an instant in UTC.
func minute(t job.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// since writes the time from an instant until now.
func since(t job.Time, now time.Time) string { return span(now.Sub(t.Time)) }

// span writes a duration with its two largest units.
func span(d time.Duration) string {
	d = max(d, 0)
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%d min", minutes)
	}
	return "less than a minute"
}
