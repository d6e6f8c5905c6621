package feedback

// Filter selects feedback by mapped values. A record matches when each list that is not empty holds its value; case does not count.
type Filter struct {
	Team        []string
	Priority    []string
	Environment []string
}
