package s3blob

import (
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// LimitRead sets the time limit for the first byte of a response to a read.
func (s *Store) LimitRead(d time.Duration) {
	s.reads = s3.New(s.reads.Options(), func(o *s3.Options) {
		client := o.HTTPClient.(*awshttp.BuildableClient)
		o.HTTPClient = client.WithTransportOptions(func(t *http.Transport) {
			t.ResponseHeaderTimeout = d
		})
	})
}
