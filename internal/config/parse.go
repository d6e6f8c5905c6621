package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The parsers check a single value. No error repeats a value that is a secret, or one in whose
// place a secret is easily pasted (a base id, a URL with a password).

// parseText accepts any text.
func parseText(value string) (string, error) { return value, nil }

var basePattern = regexp.MustCompile(`^app[A-Za-z0-9]+$`)

func parseBaseID(value string) (string, error) {
	if !basePattern.MatchString(value) {
		return "", errors.New("must be the id of a base: app followed by letters and digits, " +
			"as in the URL of the base in a browser")
	}
	return value, nil
}

func parseAPIURL(value string) (string, error) {
	switch {
	case !isHTTP(value):
		return "", errors.New("must be a URL such as https://api.airtable.com")
	case strings.ContainsAny(value, "@?#"):
		return "", errors.New("must be a URL without user, query and fragment")
	}
	return strings.TrimRight(value, "/"), nil
}

func parseEndpoint(value string) (string, error) {
	if !isHTTP(value) || strings.ContainsAny(value, "@?#") {
		return "", errors.New("must be a URL such as https://s3.example.com, " +
			"without user, query and fragment")
	}
	return strings.TrimRight(value, "/"), nil
}

// isHTTP reports whether text is an http or https URL with a host.
func isHTTP(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Hostname() != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// isCleartext reports whether a request to address, a URL, leaves this machine unencrypted.
func isCleartext(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "http" && !isLoopback(u.Hostname())
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return strings.EqualFold(host, "localhost")
	}
	return ip.IsLoopback()
}

func parseCount(value string) (int, error) {
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("must be a whole number of at least 1, not %q", value)
	}
	return int(n), nil
}

func parsePercent(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > 100 {
		return 0, errors.New("must be a whole number from 0 to 100")
	}
	return n, nil
}

func parseCalls(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return 0, errors.New("must be a whole number, 0 for no cap")
	}
	return n, nil
}

func parseOnOff(value string) (bool, error) {
	if value != "on" && value != "off" {
		return false, fmt.Errorf("must be on or off, not %q", value)
	}
	return value == "on", nil
}

func parseTrueFalse(value string) (bool, error) {
	if value != "true" && value != "false" {
		return false, fmt.Errorf("must be true or false, not %q", value)
	}
	return value == "true", nil
}

func parseAddress(value string) (string, error) {
	_, port, err := net.SplitHostPort(value)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", fmt.Errorf("must be host:port such as 127.0.0.1:8080, not %q", value)
	}
	return value, nil
}

func parseSimData(value string) (string, error) {
	if !strings.HasSuffix(value, ".jsonl") && !strings.HasSuffix(value, ".jsonl.gz") {
		return "", fmt.Errorf("must be a .jsonl or .jsonl.gz file of records, not %q", value)
	}
	return value, nil
}

var (
	parameterPattern = regexp.MustCompile(`^(/[A-Za-z0-9_.-]+)+$`)
	functionPattern  = regexp.MustCompile(`^[A-Za-z0-9_:$-]{1,170}$`) // name with qualifier, or ARN
)

func parseParameterName(value string) (string, error) {
	if !parameterPattern.MatchString(value) {
		return "", errors.New("must be the full name of an SSM parameter, " +
			"beginning with a slash, such as /voc/airtable-api-key")
	}
	return value, nil
}

func parseFunctionName(value string) (string, error) {
	if !functionPattern.MatchString(value) {
		return "", errors.New("must be the name or the ARN of a Lambda function")
	}
	return value, nil
}

// modes are those that an event may have.
var modes = []string{"full", "sweep", "incremental", "check"}

func parseMode(value string) (string, error) {
	if !slices.Contains(modes, value) {
		return "", fmt.Errorf("must be %s, not %q", strings.Join(modes, ", "), value)
	}
	return value, nil
}
