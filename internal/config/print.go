package config

import (
	"fmt"
	"io"
	"strings"
)

// WriteText prints the table for a terminal: each variable that a host reads, its default, and
// its meaning on the next line.
func WriteText(w io.Writer) error {
	var text strings.Builder
	for _, v := range table {
		switch {
		case v.Hosts == nil:
			continue
		case v.Default == "":
			fmt.Fprintf(&text, "%s\n", v.Name)
		case v.Computed:
			fmt.Fprintf(&text, "%s (default: %s)\n", v.Name, v.Default)
		default:
			fmt.Fprintf(&text, "%s (default: %q)\n", v.Name, v.Default)
		}
		fmt.Fprintf(&text, "    %s\n", v.Meaning)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// WriteMarkdown prints the same as a Markdown table, with the hosts that read each variable.
func WriteMarkdown(w io.Writer) error {
	var text strings.Builder
	text.WriteString("| variable | meaning | default | read by |\n|---|---|---|---|\n")
	for _, v := range table {
		if v.Hosts == nil {
			continue
		}
		value := "–"
		if v.Computed {
			value = strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(v.Default)
		} else if v.Default != "" {
			value = "`" + v.Default + "`"
		}
		var hosts []string
		for _, host := range v.Hosts {
			hosts = append(hosts, string(host))
		}
		fmt.Fprintf(&text, "| `%s` | %s | %s | %s |\n",
			v.Name, v.Meaning, value, strings.Join(hosts, ", "))
	}
	_, err := io.WriteString(w, text.String())
	return err
}
