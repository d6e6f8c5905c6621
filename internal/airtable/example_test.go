package airtable_test

import (
	"context"
	"fmt"

	"voc/internal/airtable"
)

// A consumer drops what it has when a listing had to start again.
func ExampleClient_List() {
	f := steps(table(5), refuse(422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"), table(5))
	client := f.client(func(cfg *airtable.Config) { cfg.Pacer = airtable.NewPacer(1000) })

	var ids []string
	listing := 1
	for page, err := range client.List(context.Background(), "tblLeads", airtable.Query{ByID: true}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if page.Listing != listing {
			ids, listing = nil, page.Listing
		}
		for _, record := range page.Records {
			ids = append(ids, record.ID)
		}
	}
	fmt.Println(listing, ids)
	// Output: 2 [rec0 rec1 rec2 rec3 rec4]
}
