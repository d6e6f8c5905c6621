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
	"voc/internal/telemetry"
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
	"AIRTABLE_BASE_ID, AIRTABLE_API_KEY and SNAPSHOT_STORE; only voc serve starts the sample. " +
	"voc status URL, runs URL and snapshots URL ask a running server, such as http://localhost:8080")

// openSession starts the emulator if no real base is configured, and prints its banner; opens the
// store; and checks that it belongs to the base. The caller closes the session.
func (p *Program) openSession(
	ctx context.Context, cfg config.Config, banner io.Writer,
) (*session, error) {
	level := slog.LevelInfo
	if cfg.Debug {
		level = slog.LevelDebug
	}
	out := p.Stderr
	if terminal := p.stderrTerminal(); terminal != nil {
		out = erasing{terminal}
	}
	log := telemetry.NewLog(out, level)
	for _, name := range cfg.Unused {
		log.Warn("this variable is set but has no effect", "variable", name)
	}
	for _, miss := range cfg.NearMisses {
		log.Warn("this variable is unknown: another one is probably meant",
			"variable", miss.Name, "meant", miss.Meant)
	}
	for _, warning := range cfg.Warnings {
		log.Warn(warning.Error())
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
	host := app.Host{Credentials: credentials, Log: log}
	for _, entry := range p.Environ { // the last one counts
		if dir, ok := strings.CutPrefix(entry, "TMPDIR="); ok {
			host.TempDir = dir
		}
	}
	var err error
	s.Parts, err = app.Open(ctx, cfg, host)
	if p.Now != nil {
		s.Now = p.Now
	}
	if err == nil {
		err = s.checkOwner(ctx)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	s.Now = p.now
	s.Watcher = app.NewWatcher(s.Parts, "Status: voc status")
	return s, nil
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
		_ = s.emulator.server.Close()
	}
}
