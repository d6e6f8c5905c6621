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

const (
	// readEvery is how old what was read from SSM may get.
	readEvery = 5 * time.Minute
	// retryEvery is the same while a secret was never read.
	retryEvery = 10 * time.Second
	// readWithin bounds how long a request waits for SSM.
	readWithin = 5 * time.Second
)

// Settings is the configuration of a function, with its secrets as SSM has them. It is safe for concurrent use.
type Settings struct {
	host    config.Host
	environ []string
	named   []config.Parameter
	ssm     parameters
	log     *slog.Logger
	now     func() time.Time

	mu      sync.Mutex
	due     time.Time         // when SSM is asked next
	secrets map[string]string // what SSM had last, by variable
	state   State
}

// State is a configuration as it was found.
type State struct {
	Config config.Config
	// Warnings say which secrets could not be read or used, and are older than what SSM has, or missing.
	Warnings []string
	// Version differs from that of every other state.
	Version int
}

// NewSettings reads the environment; it asks SSM nothing yet. The error holds every mistake, one a line, each with its variable in front.
func NewSettings(ctx context.Context, host config.Host, environ []string, log *slog.Logger) (*Settings, error) {
	s := &Settings{
		host: host, environ: environ, named: config.Parameters(host, environ), log: log,
		now: func() time.Time { return time.Now().Round(0) }, secrets: map[string]string{},
	}
	var err error
	if s.state.Config, err = config.LoadFunction(host, environ); err != nil {
		return nil, err
	}
	for _, name := range s.state.Config.Unused {
		log.WarnContext(ctx, "this variable is set and has no effect here", "variable", name)
	}
	if len(s.named) > 0 {
		s.ssm, err = newSSM(ctx)
	}
	return s, err
}

// Bare is the configuration without what SSM keeps, and so without a wait.
func (s *Settings) Bare() config.Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Config
}

// Read gives the configuration as it is now. It asks SSM at most every five minutes, one call for each secret.
func (s *Settings) Read(ctx context.Context) State {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.named) == 0 || s.now().Before(s.due) {
		return s.state
	}
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	found, faults := s.ssm.read(ctx, s.named)
	before := maps.Clone(s.secrets)
	for _, p := range s.named {
		if secret, ok := found[p.Variable]; ok {
			if err := s.take(p, secret); err != nil {
				faults = append(faults, err)
			}
		}
	}
	s.settle(ctx, before, faults)
	return s.state
}

// take puts a secret to use, unless it is at fault: the environment was fine without.
func (s *Settings) take(p config.Parameter, secret string) error {
	before, had := s.secrets[p.Variable]
	s.secrets[p.Variable] = secret
	cfg, err := config.LoadFunction(s.host, s.filled())
	if err == nil {
		s.state.Config = cfg
		return nil
	}
	delete(s.secrets, p.Variable)
	if had {
		s.secrets[p.Variable] = before
	}
	return fmt.Errorf("%s: what the SSM parameter %s holds can not be used: %w", p.Source(), p.Name, err)
}

// settle notes what came of asking SSM.
func (s *Settings) settle(ctx context.Context, before map[string]string, faults []error) {
	var warnings []string
	for _, fault := range faults {
		s.log.ErrorContext(ctx, "a secret can not be read", "error", fault)
		warnings = append(warnings, fault.Error())
	}
	if s.state.Version == 0 || !maps.Equal(before, s.secrets) || !slices.Equal(warnings, s.state.Warnings) {
		s.state.Version++
	}
	s.state.Warnings = warnings
	wait := readEvery
	if len(s.secrets) < len(s.named) {
		wait = retryEvery
	}
	s.due = s.now().Add(wait)
}

// filled is the environment with the secrets in the place of their names. One that was never read stays a name.
func (s *Settings) filled() []string {
	environ := slices.Clone(s.environ)
	for _, p := range s.named {
		if secret, ok := s.secrets[p.Variable]; ok {
			environ = append(environ, p.Variable+"="+secret, p.Source()+"=")
		}
	}
	return environ
}
