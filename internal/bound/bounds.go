package bound

import (
	"runtime"
	"time"
)

// Line is how many requests wait for a lane of any kind; one more is rejected at once. Each holds
// its connection and what it has prepared: 50 KB.
const Line = 64

// Searches. A term costs a walk over the records that have it, a prefix over the records of all
// its words, and order by relevance a look at each occurrence. 8 prefixes of one letter, by
// relevance, take 0.9 s at 5,830 records (November 2026); 64 took up to 5 s.
const (
	SearchTerms    = 64  // different terms of one search
	SearchWords    = 256 // words in all its terms; a letter of Han or Thai counts as one
	SearchPrefixes = 8   // terms with a star

	// FilterValues is how many values filters have that are applied outside of the lanes.
	FilterValues = 32

	SearchTime = 2 * time.Second        // after which a search is cancelled
	SearchWait = 500 * time.Millisecond // for a lane, which is the time of many common searches
)

// SearchLanes is how many searches run at a time: half of the cores, so that other routes have the
// rest.
func SearchLanes() int { return halfOfCores() }

// Passwords. A bcrypt hash of cost 12 takes about 0.25 s of a core, one of cost 14 a second.
const (
	PasswordBytes = 72              // that bcrypt sees; a longer password is rejected
	PasswordCost  = 14              // the highest bcrypt cost of a user
	PasswordWait  = 5 * time.Second // for a lane
)

// PasswordLanes is how many passwords are hashed at a time. There is one more lane for clients that
// have signed in with the same email before.
func PasswordLanes() int { return halfOfCores() }

// Failed attempts to sign in. Successful ones count nothing.
const (
	AttemptWindow  = time.Minute // in which failures count
	PairFailures   = 5           // of an email from one client, then 429 for the two together
	ClientFailures = 50          // of one client with any emails: an office shares an address

	// After EmailFailures from any clients an email is slowed down, never locked: one attempt each
	// EmailPace is made, and those of more than EmailLine are told to wait. A client that has
	// signed in with the email before is not slowed down.
	EmailFailures = 10
	EmailPace     = time.Second
	EmailLine     = 10 * time.Second

	// AttemptKeys is how many emails, clients and pairs are counted; the longest unused is
	// forgotten first. The lanes allow fewer failures within AttemptWindow.
	AttemptKeys = 4096
)

// TokenBytes is the least length of a token: a shorter one is a warning on loopback and rejected
// elsewhere. `openssl rand -hex 32` makes 64 bytes; 16 random ones are beyond guessing.
const TokenBytes = 16

// Bodies that are made for one request while they are sent: CSV, other orders, pages of many
// records.
const (
	// Streams is how many clients receive such a body at a time. Each has a compressor and the rows
	// of one query: 1.3 MB.
	Streams    = 12
	StreamWait = 2 * time.Second // for one of them

	// A page of SmallPage records is none of them, so that pages are sent whatever others receive,
	// unless it has more than SmallBody bytes.
	SmallPage = 100
	SmallBody = 256 << 10

	// StalledAfter is how long a client may take nothing before its stream or its connection is cut
	// in favor of a client that waits.
	StalledAfter = time.Second

	// WriteProgress is how long a client may take for the next WritePiece bytes of a response: 3
	// KB/s, a slow mobile connection. Slower ones are cut.
	WriteProgress = 20 * time.Second
	WritePiece    = 64 << 10
)

// StreamLanes is how many of the Streams are made at a time; others only send.
func StreamLanes() int { return halfOfCores() }

// Cached answers, in bytes with their keys and headers.
const (
	CachedAnswers = 4 << 20
	CachedBody    = 128 << 10 // the longest body that is cached
)

// Snapshots that are open, and their disk.
const (
	// OlderSnapshots is how many are open for cursors beside the one that is served. Each is a file
	// on disk, and connections with their pages.
	OlderSnapshots = 2
	OlderIdle      = 5 * time.Minute // without a client, after which an older one is closed

	// Readers is how many connections a snapshot has, each with a megabyte of pages. Queries take
	// microseconds: more of them would only wait for a core.
	Readers = 4

	// How many sets an open snapshot caches: of searches (the pages of one, its facets, and what is
	// typed meanwhile) and of values of filters. At 500,000 records a set takes at most 63 KB.
	CachedSearches = 16
	CachedFilters  = 64

	DiskRetry = time.Minute // after a list could not be written to the disk

	// SyncBudget is how long a look at the store may delay requests that wait for it: a large
	// snapshot is fetched within seconds.
	SyncBudget = 10 * time.Second
)

// Requests and responses, in bytes.
const (
	HeaderBytes = 24 << 10 // of a request; net/http allows 4 KB more
	// QueryBytes: API Gateway accepts 10,240 for request line and headers together (AWS quotas,
	// November 2026), so this rejects hardly any query that can arrive.
	QueryBytes = 8 << 10
	BodyBytes  = 4 << 10 // of a POST
	// LinkBytes: proxies and clients limit headers, some of them to 8 KB in all.
	LinkBytes   = 4 << 10
	PageRecords = 1000 // the largest page that a client can request
)

// Connections. Each takes 20 to 50 KB.
const (
	// Connections is how many are open at a time. For one more, the longest idle one is closed, or
	// one whose client has taken or sent nothing for StalledAfter; if there is none, the new one
	// gets a 503.
	Connections = 512

	HeaderTime = 10 * time.Second // for the headers of a request
	ReadTime   = 15 * time.Second // for a request with its body
	AnswerTime = 5 * time.Minute  // until the first byte of the response: a first fetch from a store
	IdleTime   = 2 * time.Minute  // between two requests
)

// HeapGrowth is by how many percent the heap may grow until it is collected. Go's default, 100,
// doubles what clients can make a server hold; at 40, collecting takes two percent of a core.
const HeapGrowth = 40

// RefusalsInterval is how often rejected tokens and passwords are logged: one line with counts.
const RefusalsInterval = time.Minute

func halfOfCores() int { return max(1, runtime.GOMAXPROCS(0)/2) }
