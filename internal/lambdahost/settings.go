package lambdahost

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"voc/internal/config"
)

// Settings holds the configuration of a function, with its secrets from SSM. It is safe for
// concurrent use.
type Settings struct {
	host       config.Host
	environ    []string
	parameters []config.Parameter
	ssm        ssmReader
	log        *slog.Logger
	now        func() time.Time

	mu       sync.Mutex
	nextRead time.Time         // when SSM is read again
	secrets  map[string]string // the newest usable values, by variable
	state    State
}

// State is a configuration as of a read.
type State struct {
	Config config.Config
	// Warnings name the secrets that could not be read or used, and so are missing or older
	// than the value in SSM.
	Warnings []string
	// Version changes whenever Config or Warnings do.
	Version int
}

// NewSettings reads the environment. It does not read SSM yet. The error holds every problem, one
// a line, each with its variable in front.
func NewSettings(
	ctx context.Context, host config.Host, environ []string, log *slog.Logger,
) (*Settings, error) {
	s := &Settings{
		host: host, environ: environ, parameters: config.Parameters(host, environ), log: log,
		now: func() time.Time { return time.Now().Round(0) }, secrets: map[string]string{},
	}
	var err error
	if s.state.Config, err = config.LoadFunction(host, environ); err != nil {
		return nil, err
	}
	for _, name := range s.state.Config.Unused {
		log.WarnContext(ctx, "this variable is set but has no effect", "variable", name)
	}
	for _, miss := range s.state.Config.NearMisses {
		log.WarnContext(ctx, "this variable is unknown: another one is probably meant",
			"variable", miss.Name, "meant", miss.Meant)
	}
	for _, warning := range s.state.Config.Warnings {
		log.WarnContext(ctx, warning.Error())
	}
	if len(s.parameters) > 0 {
		s.ssm, err = newSSMReader(ctx)
	}
	return s, err
}

// WithoutSecrets returns the configuration from the last read. It never waits for SSM, so
// secrets in SSM are missing before the first read.
func (s *Settings) WithoutSecrets() config.Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Config
}

const (
	readInterval  = 5 * time.Minute  // between two reads of SSM
	retryInterval = 10 * time.Second // the same as long as a secret was never read
	readTimeout   = 5 * time.Second  // for which a request waits for SSM
)

// Read returns the current configuration. It reads SSM at most every readInterval, with a call for
// each secret.
func (s *Settings) Read(ctx context.Context) State {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.parameters) == 0 || s.now().Before(s.nextRead) {
		return s.state
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	values, errs := s.ssm.read(ctx, s.parameters)
	before := maps.Clone(s.secrets)
	for _, p := range s.parameters {
		if value, ok := values[p.Variable]; ok {
			if err := s.use(p, value); err != nil {
				errs = append(errs, err)
			}
		}
	}
	var warnings []string
	for _, err := range errs {
		s.log.ErrorContext(ctx, "a secret cannot be read", "error", err)
		warnings = append(warnings, err.Error())
	}
	if s.state.Version == 0 || !maps.Equal(before, s.secrets) ||
		!slices.Equal(warnings, s.state.Warnings) {
		s.state.Version++
	}
	s.state.Warnings = warnings
	s.nextRead = s.now().Add(readInterval)
	if len(s.secrets) < len(s.parameters) {
		s.nextRead = s.now().Add(retryInterval)
	}
	return s.state
}

// use loads the configuration with a secret. If the secret is invalid it keeps the previous one:
// the environment was valid with that.
func (s *Settings) use(p config.Parameter, secret string) error {
	previous, ok := s.secrets[p.Variable]
	s.secrets[p.Variable] = secret
	// The secrets take the place of the parameters' names, except of one that was never read.
	environ := slices.Clone(s.environ)
	for _, p := range s.parameters {
		if secret, ok := s.secrets[p.Variable]; ok {
			environ = append(environ, p.Variable+"="+secret, p.Source()+"=")
		}
	}
	cfg, err := config.LoadFunction(s.host, environ)
	if err == nil {
		s.state.Config = cfg
		return nil
	}
	delete(s.secrets, p.Variable)
	if ok {
		s.secrets[p.Variable] = previous
	}
	return fmt.Errorf("%s: the value of the SSM parameter %s is invalid: %w",
		p.Source(), p.Name, err)
}
