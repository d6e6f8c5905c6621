package s3blob

import (
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// LimitRead sets how long the first byte of a read may take.
func (s *Store) LimitRead(d time.Duration) {
	s.reads = s3.New(s.reads.Options(), func(o *s3.Options) {
		o.HTTPClient = o.HTTPClient.(*awshttp.BuildableClient).WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = d })
	})
}
