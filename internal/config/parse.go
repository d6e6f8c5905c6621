package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/caarlos0/env/v11"

	"voc/internal/access"
	"voc/internal/feedback"
)

// The types of the table: what a single value may be. No error repeats a value that is a secret, or in whose place one
// is easily pasted or written (a base id, a URL with a password).
type (
	baseID    string
	apiURL    string
	endpoint  string
	address   string
	simData   string
	count     int
	percent   int
	calls     int
	onOff     bool
	trueFalse bool
)

var parsers = map[reflect.Type]env.ParserFunc{
	reflect.TypeFor[access.Secret]():   parser(access.ParseToken),
	reflect.TypeFor[[]access.Secret](): parser(access.ParseTokens),
	reflect.TypeFor[baseID]():          parser(parseBaseID),
	reflect.TypeFor[apiURL]():          parser(parseAPIURL),
	reflect.TypeFor[endpoint]():        parser(parseEndpoint),
	reflect.TypeFor[feedback.Years]():  parser(feedback.ParseYears),
	reflect.TypeFor[Store]():           parser(parseStore),
	reflect.TypeFor[count]():           parser(parseCount),
	reflect.TypeFor[percent]():         parser(parsePercent),
	reflect.TypeFor[calls]():           parser(parseCalls),
	reflect.TypeFor[access.Reads]():    parser(access.ParseReads),
	reflect.TypeFor[access.Origins]():  parser(access.ParseOrigins),
	reflect.TypeFor[onOff]():           parser(parseOnOff),
	reflect.TypeFor[trueFalse]():       parser(parseTrueFalse),
	reflect.TypeFor[address]():         parser(parseAddress),
	reflect.TypeFor[simData]():         parser(parseSimData),
	reflect.TypeFor[parameterName]():   parser(parseParameterName),
	reflect.TypeFor[mode]():            parser(parseMode),
	reflect.TypeFor[functionName]():    parser(parseFunctionName),
}

func parser[T any](parse func(string) (T, error)) env.ParserFunc {
	return func(value string) (any, error) { return parse(value) }
}

var basePattern = regexp.MustCompile(`^app[A-Za-z0-9]+$`)

func parseBaseID(value string) (baseID, error) {
	if !basePattern.MatchString(value) {
		return "", errors.New("must be the id of a base: app followed by letters and digits, as in the address of the base in a browser")
	}
	return baseID(value), nil
}

func parseAPIURL(value string) (apiURL, error) {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return "", errors.New("must be a URL such as https://api.airtable.com")
	case strings.ContainsAny(value, "@?#"):
		return "", errors.New("must be a URL without user, query and fragment")
	}
	return apiURL(strings.TrimRight(value, "/")), nil
}

// clear says whether what is sent there could be read on its way out of this machine.
func (u apiURL) clear() bool {
	at, err := url.Parse(string(u))
	return err == nil && at.Scheme == "http" && !loopback(at.Hostname())
}

func parseEndpoint(value string) (endpoint, error) {
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" || strings.ContainsAny(value, "@?#") {
		return "", errors.New("must be a URL such as https://s3.example.com, without user, query and fragment")
	}
	return endpoint(strings.TrimRight(value, "/")), nil
}

func parseCount(value string) (count, error) {
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("must be a whole number from 1 on, not %q", value)
	}
	return count(n), nil
}

func parsePercent(value string) (percent, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > 100 {
		return 0, errors.New("must be a whole number from 0 to 100")
	}
	return percent(n), nil
}

func parseCalls(value string) (calls, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return 0, errors.New("must be a whole number, 0 for no cap")
	}
	return calls(n), nil
}

func parseOnOff(value string) (onOff, error) {
	if value != "on" && value != "off" {
		return false, fmt.Errorf("must be on or off, not %q", value)
	}
	return value == "on", nil
}

func parseTrueFalse(value string) (trueFalse, error) {
	if value != "true" && value != "false" {
		return false, fmt.Errorf("must be true or false, not %q", value)
	}
	return value == "true", nil
}

func parseAddress(value string) (address, error) {
	_, port, err := net.SplitHostPort(value)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", fmt.Errorf("must be host:port such as 127.0.0.1:8080, not %q", value)
	}
	return address(value), nil
}

func (a address) loopback() bool {
	host, _, _ := net.SplitHostPort(string(a))
	return loopback(host)
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return strings.EqualFold(host, "localhost")
	}
	return ip.IsLoopback()
}

func parseSimData(value string) (simData, error) {
	if !strings.HasSuffix(value, ".jsonl") && !strings.HasSuffix(value, ".jsonl.gz") {
		return "", fmt.Errorf("must be a file of records, .jsonl or .jsonl.gz, not %q", value)
	}
	return simData(value), nil
}
