package s3blob_test

import (
	"errors"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/blob/s3blob"
)

// endpoint is a real S3-compatible server to run the contract suite over (make s3). It
// accepts the credentials of this process.
var endpoint = flag.String("endpoint", "", "URL of an S3 server; empty for one in memory")

// TestMain removes the machine's AWS settings from the environment of the tests.
func TestMain(m *testing.M) {
	flag.Parse()
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "AWS_") && *endpoint == "" {
			os.Unsetenv(name)
		}
	}
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_DISABLED": "true",
	} {
		os.Setenv(name, value)
	}
	if *endpoint == "" {
		os.Setenv("AWS_ACCESS_KEY_ID", "key")
		os.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	}
	os.Exit(m.Run())
}

func TestContract(t *testing.T) {
	t.Parallel()
	server := *endpoint
	if server == "" {
		server = inMemory(t)
	}
	bucket := newBucket(t, server)
	place := 0
	blobtest.Run(t, func(t *testing.T) func() blob.Store {
		place++
		cfg := s3blob.Config{Bucket: bucket, Prefix: fmt.Sprint("voc/place-", place), Endpoint: server}
		return func() blob.Store { return open(t, cfg) }
	})
}

func TestPrefixMayBeEmpty(t *testing.T) {
	t.Parallel()
	server := inMemory(t)
	store := open(t, s3blob.Config{Bucket: newBucket(t, server), Endpoint: server})
	put(t, store, "manifest.json", "{}")
	var keys []string
	for info, err := range store.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	if len(keys) != 1 || keys[0] != "manifest.json" || strings.HasSuffix(store.String(), "/") {
		t.Errorf("%s lists %q", store, keys)
	}
}

func TestPrefixesAreSeparate(t *testing.T) {
	t.Parallel()
	server := inMemory(t)
	bucket := newBucket(t, server)
	one := open(t, s3blob.Config{Bucket: bucket, Prefix: "voc", Endpoint: server})
	other := open(t, s3blob.Config{Bucket: bucket, Prefix: "voc2", Endpoint: server})
	put(t, one, "object", "one's")
	put(t, other, "object", "the other's")
	for info, err := range one.List(t.Context(), "") {
		if err != nil || info.Key != "object" || info.Size != int64(len("one's")) {
			t.Errorf("one lists %+v, %v", info, err)
		}
	}
	if want := "s3://" + bucket + "/voc"; one.String() != want {
		t.Errorf("String() is %s, want %s", one, want)
	}
}

func TestListIgnoresForeignObjects(t *testing.T) {
	t.Parallel()
	server := inMemory(t)
	bucket := newBucket(t, server)
	store := open(t, s3blob.Config{Bucket: bucket, Prefix: "voc", Endpoint: server})
	put(t, store, "object", "x")
	// The console creates objects such as the first for new folders.
	for _, key := range []string{"voc/", "voc/note to self.txt", "voc/.hidden"} {
		_, err := client(t, server).PutObject(t.Context(),
			&s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("")})
		if err != nil {
			t.Fatal(err)
		}
	}
	for info, err := range store.List(t.Context(), "") {
		if err != nil || info.Key != "object" {
			t.Errorf("listed %q, %v", info.Key, err)
		}
	}
}

func TestListFollowsPages(t *testing.T) {
	t.Parallel()
	server := inMemory(t)
	store := open(t, s3blob.Config{Bucket: newBucket(t, server), Prefix: "voc", Endpoint: server})
	const objects = 1001 // S3 returns a thousand per page
	for i := range objects {
		put(t, store, fmt.Sprintf("runs/%04d", i), "x")
	}
	next := 0
	for info, err := range store.List(t.Context(), "runs/") {
		if err != nil || info.Key != fmt.Sprintf("runs/%04d", next) || info.Date.IsZero() {
			t.Fatalf("number %d is %+v, %v", next, info, err)
		}
		next++
	}
	if next != objects {
		t.Errorf("%d listed of %d", next, objects)
	}
}

// inMemory starts an S3 server and returns its URL.
func inMemory(t *testing.T) string {
	t.Helper()
	fake := gofakes3.New(s3mem.New(), gofakes3.WithLogger(gofakes3.DiscardLog()))
	server := httptest.NewServer(fake.Server())
	t.Cleanup(server.Close)
	return server.URL
}

func client(t *testing.T, endpoint string) *s3.Client {
	t.Helper()
	shared := credentials(t)
	shared.Region = "us-east-1"
	return s3.NewFromConfig(shared, func(o *s3.Options) {
		o.BaseEndpoint, o.UsePathStyle = &endpoint, true
	})
}

func credentials(t testing.TB) aws.Config {
	t.Helper()
	shared, err := awsconfig.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return shared
}

func newBucket(t *testing.T, endpoint string) string {
	t.Helper()
	name := fmt.Sprint("voc-", time.Now().UnixNano())
	in := &s3.CreateBucketInput{Bucket: aws.String(name)}
	if _, err := client(t, endpoint).CreateBucket(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	return name
}

func open(t testing.TB, cfg s3blob.Config) *s3blob.Store {
	t.Helper()
	store, err := s3blob.Open(cfg, credentials(t))
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func put(t testing.TB, store blob.Store, key, body string) blob.Info {
	t.Helper()
	info, err := store.PutNew(t.Context(), key, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestProbe(t *testing.T) {
	t.Parallel()
	server := *endpoint
	if server == "" {
		server = inMemory(t)
	}
	store := open(t, s3blob.Config{Bucket: newBucket(t, server), Prefix: "voc", Endpoint: server})
	if err := blob.Probe(t.Context(), store); err != nil {
		t.Error(err)
	}
	for info, err := range store.List(t.Context(), "") {
		t.Errorf("left behind: %s, %v", info.Key, err)
	}
}

// TestProbeFindsIgnoredCondition uses a server that accepts every write, as old
// S3-compatible servers do.
func TestProbeFindsIgnoredCondition(t *testing.T) {
	t.Parallel()
	store, server := serve(t, accept)
	err := blob.Probe(t.Context(), store)
	if !errors.Is(err, blob.ErrPromise) || !strings.Contains(err.Error(), "ignores them") {
		t.Errorf("error %v", err)
	}
	if server.calls() != 3 {
		t.Errorf("%d requests, want two writes and the removal", server.calls())
	}
}
