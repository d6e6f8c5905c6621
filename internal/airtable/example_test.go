package airtable_test

import (
	"context"
	"fmt"

	"voc/internal/airtable"
)

// The consumer drops the pages of the previous listing when a listing restarts.
func ExampleClient_List() {
	f := steps(table(5), reject(422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"), table(5))
	client := f.client(func(cfg *airtable.Config) { cfg.Pacer = airtable.NewPacer(1000) })

	var ids []string
	listing := 1
	query := airtable.Query{ByID: true}
	for page, err := range client.List(context.Background(), "tblLeads", query) {
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
	fmt.Println(listing, len(ids), ids[4])
	// Output: 2 5 rec00000000000004
}
