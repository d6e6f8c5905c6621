package blobtest

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"sync"

	"voc/internal/blob"
)

// ErrInjected matches every error that a Faulty store creates.
var ErrInjected = errors.New("injected fault")

// Faulty is a blob.Store that passes every operation on to another store, logs it, and
// applies the injected faults. It is safe for concurrent use; the log has the order in
// which operations began.
type Faulty struct {
	store blob.Store

	mu     sync.Mutex
	log    []Op
	faults []*Fault
	dead   bool
}

var _ blob.Store = (*Faulty)(nil)

// NewFaulty wraps store. Until faults are injected it only logs.
func NewFaulty(store blob.Store) *Faulty { return &Faulty{store: store} }

// Inject adds faults. If several match one operation, the first injected one has its
// effect.
func (f *Faulty) Inject(faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range faults {
		f.faults = append(f.faults, &fault)
	}
}

// Log returns the operations so far, in order.
func (f *Faulty) Log() []Op {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.log)
}

// Get implements blob.Store.
func (f *Faulty) Get(ctx context.Context, key string) (*blob.Object, error) {
	return open(ctx, f.begin(Get, key), func() (*blob.Object, error) {
		return f.store.Get(ctx, key)
	})
}

// GetIfChanged implements blob.Store.
func (f *Faulty) GetIfChanged(
	ctx context.Context, key string, since blob.Version,
) (*blob.Object, error) {
	return open(ctx, f.begin(GetIfChanged, key), func() (*blob.Object, error) {
		return f.store.GetIfChanged(ctx, key, since)
	})
}

// Stat implements blob.Store.
func (f *Faulty) Stat(ctx context.Context, key string) (blob.Info, error) {
	return run(ctx, f.begin(Stat, key), func() (blob.Info, error) { return f.store.Stat(ctx, key) })
}

// PutNew implements blob.Store.
func (f *Faulty) PutNew(
	ctx context.Context, key string, body io.ReadSeeker,
) (blob.Info, error) {
	return run(ctx, f.begin(PutNew, key), func() (blob.Info, error) {
		return f.store.PutNew(ctx, key, body)
	})
}

// Replace implements blob.Store.
func (f *Faulty) Replace(
	ctx context.Context, key string, body []byte, current blob.Version,
) (blob.Info, error) {
	return run(ctx, f.begin(Replace, key), func() (blob.Info, error) {
		return f.store.Replace(ctx, key, body, current)
	})
}

// List implements blob.Store.
func (f *Faulty) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		more := true
		_, err := run(ctx, f.begin(List, prefix), func() (none struct{}, _ error) {
			for info, err := range f.store.List(ctx, prefix) {
				if err != nil {
					return none, err
				}
				if more = yield(info, nil); !more {
					break
				}
			}
			return none, nil
		})
		if err != nil && more {
			yield(blob.Info{}, err)
		}
	}
}

// Delete implements blob.Store.
func (f *Faulty) Delete(ctx context.Context, key string) error {
	_, err := run(ctx, f.begin(Delete, key), func() (struct{}, error) {
		return struct{}{}, f.store.Delete(ctx, key)
	})
	return err
}

// String returns the address of the wrapped store.
func (f *Faulty) String() string { return f.store.String() }

// begin logs the operation and determines its effect.
func (f *Faulty) begin(kind Kind, key string) Op {
	f.mu.Lock()
	defer f.mu.Unlock()
	op := Op{N: len(f.log) + 1, Kind: kind, Key: key}
	for _, fault := range slices.Backward(f.faults) {
		if fault.matches(op) {
			op.Effect = fault.Effect
		}
	}
	if f.dead {
		op.Effect = DiedBefore
	}
	f.dead = op.Effect.die
	f.log = append(f.log, op)
	return op
}

// run performs the operation with its effect.
func run[T any](ctx context.Context, op Op, do func() (T, error)) (result T, err error) {
	if op.Effect.before != nil {
		op.Effect.before()
	}
	if op.Effect.hang {
		<-ctx.Done()
	}
	if !op.Effect.skip {
		result, err = do()
	}
	if !op.Effect.fail {
		return result, err
	}
	if object, ok := any(result).(*blob.Object); ok && object != nil {
		object.Body.Close()
	}
	var none T
	return none, op.failure(ctx)
}

func open(ctx context.Context, op Op, do func() (*blob.Object, error)) (*blob.Object, error) {
	object, err := run(ctx, op, do)
	if err == nil && op.Effect.cut {
		short := readCloser{io.LimitReader(object.Body, op.Effect.length), object.Body}
		object.Body = blob.NewBody(ctx, short, object.Size)
	}
	return object, err
}

type readCloser struct {
	io.Reader
	io.Closer
}
