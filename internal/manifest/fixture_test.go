package manifest_test

import (
	"voc/internal/manifest/manifesttest"
)

const (
	manifestKey = manifesttest.Key
	base        = manifesttest.Base
	pageSize    = manifesttest.PageSize
)

type clock = manifesttest.Clock

var (
	open        = manifesttest.Open
	bytesOf     = manifesttest.BytesOf
	sealed      = manifesttest.Sealed
	paged       = manifesttest.Paged
	edited      = manifesttest.Edited
	written     = manifesttest.Written
	receipt     = manifesttest.Receipt
	failed      = manifesttest.Failed
	scheduled   = manifesttest.Scheduled
	begin       = manifesttest.Begin
	leased      = manifesttest.Leased
	fail        = manifesttest.Fail
	put         = manifesttest.Put
	publication = manifesttest.Publication
	publish     = manifesttest.Publish
	publishEdit = manifesttest.PublishEdit
	fetched     = manifesttest.Fetched
	confirm     = manifesttest.Confirm
	rollback    = manifesttest.Rollback
	load        = manifesttest.Load
	current     = manifesttest.Current
	runIDs      = manifesttest.RunIDs
	content     = manifesttest.Content
	overwrite   = manifesttest.Overwrite
	keys        = manifesttest.Keys
	fails       = manifesttest.Fails
	says        = manifesttest.Says
	newStore    = manifesttest.NewStore
	damage      = manifesttest.Damage
	packed      = manifesttest.Packed
	ruin        = manifesttest.Ruin
	entries     = manifesttest.Entries
	attempt     = manifesttest.Attempt
	begun       = manifesttest.Begun
	signed      = manifesttest.Signed
	owner       = manifesttest.Owner
	noon        = manifesttest.Noon
	quota       = manifesttest.Quota
	quiet       = manifesttest.Quiet
	damages     = manifesttest.Damages
	ruins       = manifesttest.Ruins
	holds       = manifesttest.Holds
	keysOf      = manifesttest.KeysOf
	named       = manifesttest.Named
)

// allParts is a prefix of the keys of all parts.
const allParts = manifesttest.Parts
