package voctest

import (
	"strings"
	"time"
)

// Pages returns the paths of different pages of 50 records, with three filters, a date and a sort.
func Pages() (pages []string) {
	sorts := [...]string{"-created", "modified", "-priority", "status"}
	for _, team := range pairs("team",
		"triage,billing,quoting,platform,partner+success,data+services,integrations") {
		for _, priority := range pairs("priority", "high,medium,low") {
			for _, environment := range pairs("environment",
				"cw+1.0,cw+2.0,affinities+1.0,sme+2.0+-+production,allied+individuals") {
				from := time.Date(2025, 1, 1+len(pages)%90, 0, 0, 0, 0, time.UTC)
				pages = append(pages, "/api/feedback/?limit=50&"+team+"&"+priority+"&"+environment+
					"&created_from="+from.Format(time.DateOnly)+"&sort="+sorts[len(pages)%len(sorts)])
			}
		}
	}
	return pages
}

// Searches returns the paths of pages of 50 records of different searches for two words.
func Searches() (searches []string) {
	for _, words := range pairs("", "credit,account,payment,mortgage,escrow,fee,letter,identity,"+
		"card,loan,bank,report,debt,late,call,phone,mail,house,score,dispute,money,refund") {
		q := strings.NewReplacer("=", "", "&=", "+").Replace(words)
		for _, priority := range [...]string{"high", "medium", "low"} {
			searches = append(searches, "/api/feedback/?limit=50&priority="+priority+"&q="+q)
		}
	}
	return searches
}

// pairs returns filters by two values of a parameter, and by one value twice.
func pairs(name, values string) (all []string) {
	list := strings.Split(values, ",")
	for i, one := range list {
		for _, other := range list[:i+1] {
			all = append(all, name+"="+one+"&"+name+"="+other)
		}
	}
	return all
}
