package replica_test

import (
	"voc/internal/manifest/manifesttest"
)

const (
	manifestKey = manifesttest.Key
	base        = manifesttest.Base
)

var (
	open        = manifesttest.Open
	bytesOf     = manifesttest.BytesOf
	sealed      = manifesttest.Sealed
	edited      = manifesttest.Edited
	publishEdit = manifesttest.PublishEdit
	receipt     = manifesttest.Receipt
	leased      = manifesttest.Leased
	put         = manifesttest.Put
	publication = manifesttest.Publication
	publish     = manifesttest.Publish
	confirm     = manifesttest.Confirm
	rollback    = manifesttest.Rollback
	load        = manifesttest.Load
	current     = manifesttest.Current
	content     = manifesttest.Content
	overwrite   = manifesttest.Overwrite
	keys        = manifesttest.Keys
	fails       = manifesttest.Fails
	says        = manifesttest.Says
	newStore    = manifesttest.NewStore
	damage      = manifesttest.Damage
	ruin        = manifesttest.Ruin
	entries     = manifesttest.Entries
	begun       = manifesttest.Begun
	noon        = manifesttest.Noon
	quota       = manifesttest.Quota
	quiet       = manifesttest.Quiet
	damages     = manifesttest.Damages
	ruins       = manifesttest.Ruins
	holds       = manifesttest.Holds
	named       = manifesttest.Named
)

// allParts is a prefix of the keys of all parts.
const allParts = manifesttest.Parts
