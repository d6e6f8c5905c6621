package httpapi

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"voc/internal/access"
	"voc/internal/replica"
	"voc/internal/snapshot"
	"voc/internal/watch"
)

// Platform holds the limits of a request-scoped host such as Lambda. The zero Platform has none.
type Platform struct {
	// AnswerLimit is the largest body of a response, in bytes of the base64 in which the
	// platform carries it; 0: any. A larger response becomes a 413.
	AnswerLimit int

	// FetchWithin limits how long a request waits until the replica has read the store, because no
	// work continues after the response; 0: that continues even if its request ends. The replica
	// itself limits how long a part is fetched: see replica.Within.
	FetchWithin time.Duration

	// Loopback means that only this machine can connect, so a request to another name gets a 421,
	// unless a trusted proxy sends it.
	Loopback bool

	// Public means that other machines can connect, and read without a token.
	Public bool

	// SecretWarnings say why secrets are missing or older than those in SSM.
	SecretWarnings []string
}

// maxBody is how many bytes a body may have before base64; 0: any.
func (p Platform) maxBody() int64 { return int64(p.AnswerLimit) / 4 * 3 }

// checkHost returns errWrongHost for a request to a name that is not local if the host listens on
// loopback. A page of another site that lets its own name resolve to 127.0.0.1 sends such a name. A
// trusted proxy passes on the public name, and answers for it.
func (p Platform) checkHost(r *http.Request, trusted access.Proxies) error {
	if !p.Loopback || r.Host == "" || trusted.Trust(r) {
		return nil
	}
	name := r.Host
	if withoutPort, _, err := net.SplitHostPort(name); err == nil {
		name = withoutPort
	}
	name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	if name == "localhost" || strings.HasSuffix(name, ".localhost") { // RFC 6761 §6.3
		return nil
	}
	if ip, err := netip.ParseAddr(name); err != nil || !ip.Unmap().IsLoopback() {
		return errWrongHost
	}
	return nil
}

// warnPercent is the share of the platform's limit from which the whole list causes a warning.
const warnPercent = 70

// warnings are about secrets that cannot be read, and a whole list that is close to its limit.
func (p Platform) warnings(view replica.View) (warnings []string) {
	for _, text := range p.SecretWarnings {
		warnings = append(warnings, watch.Secrets.Refer(text))
	}
	if p.AnswerLimit == 0 || view.File == nil {
		return warnings
	}
	size := view.File.ListSize(snapshot.Gzip)
	if list := view.Snapshot.Part(snapshot.List); size == 0 && list.Kind == snapshot.List {
		size = list.Bytes // the list is not on this host, and its part is little longer
	}
	if share := size * 100 / p.maxBody(); share >= warnPercent {
		warnings = append(warnings, watch.LargeList.Refer(fmt.Sprintf("the whole list, encoded as "+
			"gzip, has %d %% of the size that this platform can send; a larger one is rejected: "+
			"request pages with limit, or narrow FEEDBACK_YEARS", share)))
	}
	return warnings
}
