package serverhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"voc/internal/app"
	"voc/internal/config"
)

// session holds the parts of a command, and the emulator if there is one.
type session struct {
	app.Parts
	emulator *emulator // nil if a real base is configured
}

// open reads the environment and opens a session, for every command but serve and emulator. Only
// serve starts the emulator: in a shell without the server's environment, a command would report
// on sample data as if it were the operator's.
func (p *Program) open(ctx context.Context) (*session, error) {
	cfg, err := config.Load(p.Environ)
	if err != nil {
		return nil, errEnvironment(err)
	}
	if cfg.Emulator {
		return nil, errEnvironment(errNoBase)
	}
	return p.openSession(ctx, cfg, p.Stderr)
}

var errNoBase = errors.New("no base is configured: run this command with the server's " +
	"AIRTABLE_BASE_ID, AIRTABLE_API_KEY and SNAPSHOT_STORE; only voc serve starts the sample")

// openSession starts the emulator if no real base is configured, and prints its banner; opens the
// store; and checks that it belongs to the base. The caller closes the session.
func (p *Program) openSession(
	ctx context.Context, cfg config.Config, banner io.Writer,
) (*session, error) {
	log := p.newLog(cfg.Debug)
	for _, name := range cfg.Unused {
		log.Warn("this variable is set but has no effect", "variable", name)
	}
	s := &session{}
	if cfg.Emulator {
		var err error
		if s.emulator, err = p.startEmulator(cfg.Sim); err != nil {
			return nil, err
		}
		fmt.Fprintln(banner, s.emulator.banner)
		cfg = cfg.WithEmulator(s.emulator.airtable)
	}
	credentials := p.Credentials
	if credentials == nil {
		credentials = sharedCredentials
	}
	var err error
	s.Parts, err = app.Open(ctx, cfg,
		app.Host{Credentials: credentials, TempDir: p.variable("TMPDIR"), Log: log})
	if err == nil {
		err = s.checkOwner(ctx)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (p *Program) newLog(debug bool) *slog.Logger {
	level := slog.LevelInfo
	if debug {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(p.Stderr, &slog.HandlerOptions{Level: level}))
}

// variable returns the value of an environment variable, or "".
func (p *Program) variable(name string) (value string) {
	for _, entry := range p.Environ {
		if v, ok := strings.CutPrefix(entry, name+"="); ok {
			value = v
		}
	}
	return value
}

// sharedCredentials searches where the AWS CLI does: the process's environment, shared files, the
// machine's role.
func sharedCredentials(ctx context.Context) (aws.Config, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return cfg, fmt.Errorf("AWS credentials: %w", err)
	}
	return cfg, nil
}

// checkOwner rejects a store of another base before anything is done. It accepts a manifest that
// cannot be read, which each command handles itself.
func (s *session) checkOwner(ctx context.Context) error {
	m, err := s.Store.Load(ctx)
	if err != nil {
		return nil //nolint:nilerr // said above
	}
	if err := m.Belongs(s.Config.Airtable.BaseID); err != nil {
		return fmt.Errorf("%s: %w: AIRTABLE_BASE_ID is %s, and SNAPSHOT_STORE must be of that base",
			s.Store, err, s.Config.Airtable.BaseID)
	}
	return nil
}

// close removes the temporary files and stops the emulator.
func (s *session) close() {
	if s.Work != nil {
		if err := s.Work.Close(); err != nil {
			s.Log.Warn("temporary files could not be removed", "error", err)
		}
	}
	if s.emulator != nil {
		s.emulator.stop()
	}
}
