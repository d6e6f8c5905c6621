package serverhost

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"voc/internal/job"
)

// The columns of a table: its width, and where the texts begin.
const (
	tableWidth = 80
	tableText  = 13
)

// table is a list of names with texts, for a terminal.
type table struct{ lines []string }

// row adds a name with its text, wrapped.
func (t *table) row(name, text string) {
	line := fmt.Sprintf("%-*s", tableText, name)
	for word := range strings.FieldsSeq(text) {
		for utf8.RuneCountInString(word) > tableWidth-tableText { // a path or a long id
			runes := []rune(word)
			if strings.TrimSpace(line) != "" && !strings.HasSuffix(line, strings.Repeat(" ", 2)) {
				t.lines, line = append(t.lines, line), strings.Repeat(" ", tableText)
			}
			t.lines = append(t.lines, line+string(runes[:tableWidth-tableText]))
			word, line = string(runes[tableWidth-tableText:]), strings.Repeat(" ", tableText)
		}
		separator := " "
		if utf8.RuneCountInString(line) == tableText {
			separator = ""
		} else if utf8.RuneCountInString(line+separator+word) > tableWidth {
			t.lines, line, separator = append(t.lines, line), strings.Repeat(" ", tableText), ""
		}
		line += separator + word
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
