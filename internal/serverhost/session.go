package serverhost

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"voc/internal/app"
	"voc/internal/config"
)

// session is what every command but the emulator works with.
type session struct {
	app.Parts
	close func()
}

// load reads the environment.
func (p *Program) load() (config.Config, error) {
	cfg, err := config.Load(p.Environ)
	if err != nil {
		return cfg, mistakes(err)
	}
	return cfg, nil
}

// open starts the emulator where no real base is named, tells tell of it, and opens the store.
func (p *Program) open(ctx context.Context, cfg config.Config, tell io.Writer) (*session, error) {
	log := p.newLog(cfg.Debug)
	for _, name := range cfg.Unused {
		log.Warn("this variable is set and has no effect here", "variable", name)
	}
	s := &session{close: func() {}}
	if cfg.Emulator {
		sim, err := p.startEmulator(cfg.Sim)
		if err != nil {
			return nil, err
		}
		s.onClose(sim.stop)
		fmt.Fprintln(tell, sim.banner)
		cfg = cfg.WithEmulator(sim.airtable)
	}
	work, err := app.NewWorkdir(p.variable("TMPDIR"))
	if err != nil {
		s.close()
		return nil, err
	}
	s.onClose(func() {
		if err := work.Close(); err != nil {
			log.Warn("temporary files stay behind", "error", err)
		}
	})
	if s.Parts, err = app.Open(ctx, cfg, p.credentials(), work, log); err != nil {
		s.close()
		return nil, err
	}
	return s, s.owned(ctx)
}

// variable is the value of a variable of the environment; "" if it is not set.
func (p *Program) variable(name string) (value string) {
	for _, setting := range p.Environ {
		if v, ok := strings.CutPrefix(setting, name+"="); ok {
			value = v
		}
	}
	return value
}

// owned refuses a store of another base before anything is done. A manifest that can not be read is for each command to deal with.
func (s *session) owned(ctx context.Context) error {
	m, err := s.Store.Load(ctx)
	if err != nil {
		return nil //nolint:nilerr // said above
	}
	if err := m.Belongs(s.Config.Airtable.BaseID); err != nil {
		s.close()
		return fmt.Errorf("%s: %w: AIRTABLE_BASE_ID is %s, and SNAPSHOT_STORE must be of that base",
			s.Store, err, s.Config.Airtable.BaseID)
	}
	return nil
}

// onClose adds what has to be done at the end, the last first.
func (s *session) onClose(do func()) {
	before := s.close
	s.close = func() { do(); before() }
}

// credentials are the program's, or those of sharedCredentials.
func (p *Program) credentials() app.AWS {
	if p.Credentials != nil {
		return p.Credentials
	}
	return sharedCredentials
}

// sharedCredentials are found where the AWS CLI finds them: environment, shared files, the role of
// the machine.
func sharedCredentials(ctx context.Context) (aws.Config, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return cfg, fmt.Errorf("AWS credentials: %w", err)
	}
	return cfg, nil
}

func (p *Program) newLog(debug bool) *slog.Logger {
	level := slog.LevelInfo
	if debug {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(p.Stderr, &slog.HandlerOptions{Level: level}))
}
