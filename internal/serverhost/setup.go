package serverhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"voc/internal/airtable/airtablesim"
	"voc/internal/app"
	"voc/internal/config"
)

// The exit codes beside 0.
const (
	exitFailed = 1
	exitUsage  = 2 // also a mistake in the environment
)

// errEnvironment marks mistakes that are the environment's.
var errEnvironment = errors.New("the environment is wrong, nothing was started")

// errSaid ends a command that has said already why it failed.
var errSaid = errors.New("failed")

// exitCode prints a command's error and gives its code.
func exitCode(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errSaid):
		return exitFailed
	case errors.Is(err, errEnvironment):
		fmt.Fprintf(os.Stderr, "server: %v\n", err)
		return exitUsage
	}
	fmt.Fprintf(os.Stderr, "server: %v\n", err)
	return exitFailed
}

// session is what every command but the emulator works with.
type session struct {
	app.Parts
	close func()
}

// start reads the environment, starts the emulator where no real base is named and tells tell of it, and opens the store.
func start(ctx context.Context, tell io.Writer) (*session, error) {
	cfg, err := config.Load(os.Environ())
	if err != nil {
		return nil, mistakes(err)
	}
	log := newLog(cfg.Debug)
	for _, name := range cfg.Unused {
		log.Warn("this variable is set and has no effect here", "variable", name)
	}
	s := &session{close: func() {}}
	if cfg.Emulator {
		if cfg, err = s.emulate(cfg, tell); err != nil {
			return nil, err
		}
	}
	dir, remove, err := app.Workdir()
	if err != nil {
		s.close()
		return nil, err
	}
	s.onClose(func() {
		if err := remove(); err != nil {
			log.Warn("temporary files stay behind", "error", err)
		}
	})
	if s.Parts, err = app.Open(ctx, cfg, credentials, dir, log); err != nil {
		s.close()
		return nil, err
	}
	return s, s.owned(ctx)
}

// owned refuses a store of another base before anything is done. A manifest that can not be read is for each command to deal with.
func (s *session) owned(ctx context.Context) error {
	m, err := s.Catalog.Load(ctx)
	if err != nil {
		return nil //nolint:nilerr // said above
	}
	if err := m.Belongs(s.Config.Airtable.BaseID); err != nil {
		s.close()
		return fmt.Errorf("%s: %w", s.Catalog, err)
	}
	return nil
}

// onClose adds what has to be done at the end, the last first.
func (s *session) onClose(do func()) {
	before := s.close
	s.close = func() { do(); before() }
}

// emulate starts the emulator in this process and points the configuration to it.
func (s *session) emulate(cfg config.Config, tell io.Writer) (config.Config, error) {
	sim, err := listen(cfg.Sim)
	if err != nil {
		return cfg, err
	}
	s.onClose(sim.stop)
	fmt.Fprintln(tell, sim.banner)
	return cfg.WithEmulator(sim.airtable), nil
}

// running is an emulator that listens.
type running struct {
	airtable config.Airtable
	banner   string
	stop     func()
}

// listen starts an emulator.
func listen(cfg config.Sim) (*running, error) {
	base := airtablesim.Sample(time.Now())
	data := "built-in sample data"
	if cfg.Data != "" {
		var err error
		if base, err = airtablesim.Load(cfg.Data); err != nil {
			return nil, mistakes(fmt.Errorf("AIRTABLE_SIM_DATA: %w", err))
		}
		data = cfg.Data
	}
	listener, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("AIRTABLE_SIM_ADDR: %w", err)
	}
	sim := airtablesim.New(base, airtablesim.Config{})
	if cfg.Table != base.TableName() {
		sim.RenameTable(cfg.Table)
	}
	server := &http.Server{Handler: sim, ReadHeaderTimeout: headerTimeout}
	go func() { _ = server.Serve(listener) }() // ends with stop
	r := &running{stop: func() { _ = server.Close() }}
	r.airtable = config.Airtable{
		Key: config.NewSecret(airtablesim.DemoToken), BaseID: base.ID(), Table: cfg.Table, URL: "http://" + listener.Addr().String(),
	}
	r.banner = strings.Join([]string{
		"Airtable emulator with " + data,
		"  URL    " + r.airtable.URL,
		"  base   " + r.airtable.BaseID,
		"  table  " + r.airtable.Table,
		"  token  " + airtablesim.DemoToken,
	}, "\n")
	return r, nil
}

// credentials are found where the AWS CLI finds them: environment, shared files, the role of the machine.
func credentials(ctx context.Context) (aws.Config, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return cfg, fmt.Errorf("AWS credentials: %w", err)
	}
	return cfg, nil
}

func mistakes(err error) error { return fmt.Errorf("%w:\n%w", errEnvironment, err) }

func newLog(debug bool) *slog.Logger {
	level := slog.LevelInfo
	if debug {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}
