package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"voc/internal/access"
)

// The parsers check a single value. No error repeats a value that is a secret, or one in whose
// place a secret is easily pasted (a base id, the name of a parameter, a URL with a password).

// text parses a text of a form.
type text struct {
	value *string
	form  form
}

// form is what a text must look like.
type form struct {
	pattern *regexp.Regexp // nil: any text
	must    string
	quoted  bool // the error repeats the value
}

var (
	anyText = form{}
	baseID  = form{
		pattern: regexp.MustCompile(`^app[A-Za-z0-9]+$`),
		must: "must be the id of a base: app followed by letters and digits, " +
			"as in the URL of the base in a browser, without the rest of that URL",
	}
	parameterName = form{
		pattern: regexp.MustCompile(`^(/[A-Za-z0-9_.-]+)+$`),
		must: "must be the full name of an SSM parameter, " +
			"beginning with a slash, such as /voc/airtable-api-key",
	}
	functionName = form{
		pattern: regexp.MustCompile(`^[A-Za-z0-9_:$-]{1,170}$`), // name with qualifier, or ARN
		must:    "must be the name or the ARN of a Lambda function",
	}
	refreshMode = form{ // those that an event may have
		pattern: regexp.MustCompile(`^(full|sweep|incremental|check|watch)$`),
		must:    "must be full, sweep, incremental, check or watch",
		quoted:  true,
	}
	simData = form{
		pattern: regexp.MustCompile(`\.jsonl(\.gz)?$`),
		must:    "must be a .jsonl or .jsonl.gz file of records",
		quoted:  true,
	}
)

func (t text) parse(value string) error {
	switch {
	case t.form.pattern == nil || t.form.pattern.MatchString(value):
		*t.value = value
		return nil
	case t.form.quoted:
		return fmt.Errorf("%s, not %q", t.form.must, value)
	}
	return errors.New(t.form.must)
}

// number parses a whole number of a range.
type number struct {
	value *int
	within
}

// within is a range of whole numbers.
type within struct {
	min, max int
	must     string
}

var (
	count   = within{1, math.MaxInt32, "must be a whole number of at least 1"}
	percent = within{0, 100, "must be a whole number from 0 to 100"}
	calls   = within{0, math.MaxInt, "must be a whole number, or 0 for no cap"}
)

func (n number) parse(value string) error {
	parsed, err := strconv.Atoi(value)
	if err != nil || parsed < n.min || parsed > n.max {
		return fmt.Errorf("%s, not %q", n.must, value)
	}
	*n.value = parsed
	return nil
}

// flag parses one of two words.
type flag struct {
	value   *bool
	yes, no string
}

func (f flag) parse(value string) error {
	if value != f.yes && value != f.no {
		return fmt.Errorf("must be %s or %s, not %q", f.yes, f.no, value)
	}
	*f.value = value == f.yes
	return nil
}

// parseAirtableURL parses the URL of the Web API. Its documentation shows it with the version,
// /v0, which the client adds by itself.
func parseAirtableURL(value string) (string, error) {
	parsed, err := parseURL(value, airtableURL)
	if err != nil {
		return "", err
	}
	u, _ := url.Parse(parsed) // just parsed
	parsed = strings.TrimRight(strings.TrimSuffix(parsed, "/v0"), "/")
	u.Path = strings.TrimRight(strings.TrimSuffix(u.Path, "/v0"), "/")
	host := strings.ToLower(u.Hostname())
	switch {
	case host == "airtable.com", host == "www.airtable.com":
		return "", errors.New("is the address of a base in a browser, not that of the Web API: " +
			"unset it, or write " + airtableURL)
	case host == "api.airtable.com" && u.Path != "", strings.Contains(u.Path+"/", "/v0/"):
		return "", errors.New("has a path that belongs to a call: write " + airtableURL +
			", or the address of your proxy up to /v0")
	}
	return parsed, nil
}

const airtableURL = "https://api.airtable.com"

func parseEndpoint(value string) (string, error) {
	return parseURL(value, "https://s3.example.com")
}

// parseURL parses an http or https URL with a host, and drops slashes at its end.
func parseURL(value, example string) (string, error) {
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" ||
		strings.ContainsAny(value, "@?#") {
		return "", fmt.Errorf("must be a URL such as %s, without user, query and fragment", example)
	}
	return strings.TrimRight(value, "/"), nil
}

// parseSecretURL parses a URL that is a secret as a whole, such as that of a webhook. Plain http
// would show it to the network.
func parseSecretURL(value string) (access.Secret, error) {
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" ||
		u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return access.Secret{}, errors.New("must be a URL that begins with https://, " +
			"without user and fragment")
	}
	return access.NewSecret(value), nil
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

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return strings.EqualFold(host, "localhost")
	}
	return ip.IsLoopback()
}
