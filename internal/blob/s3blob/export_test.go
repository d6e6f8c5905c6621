package s3blob

import (
	"crypto/x509"
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// LimitRead sets the time limit for the first byte of a response to a read.
func (s *Store) LimitRead(d time.Duration) {
	s.reads = changed(s.reads, func(t *http.Transport) { t.ResponseHeaderTimeout = d })
}

// Trust makes the store trust only this certificate. The transport is otherwise as in the
// program, with the protocols that its handshake offers.
func (s *Store) Trust(certificate *x509.Certificate) {
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	trust := func(t *http.Transport) { t.TLSClientConfig.RootCAs = roots }
	s.reads, s.writes = changed(s.reads, trust), changed(s.writes, trust)
}

func changed(client *s3.Client, change func(*http.Transport)) *s3.Client {
	return s3.New(client.Options(), func(o *s3.Options) {
		client := o.HTTPClient.(*awshttp.BuildableClient)
		o.HTTPClient = client.WithTransportOptions(change)
	})
}
