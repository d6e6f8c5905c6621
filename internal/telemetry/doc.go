// Package telemetry writes one log line for each request and each run, with fixed keys, and
// passes the same values to the metrics of the host.
//
// The lines are JSON in the form that Lambda's log expects: timestamp, level, message. [NewLog]
// makes such a log for the server; the functions use that of the Lambda runtime. No line holds
// the text of a query, a token or a client's address: a request is known by its route.
//
// There are two kinds of metrics. [Embedded] writes lines in CloudWatch's embedded metric format,
// from which CloudWatch makes metrics without a call. CloudWatch counts a metric once for each
// combination of dimensions, so all of ours have the one dimension [Dimension]: [Names] lists
// them. Package telemetry/prometheus offers the same, and those of requests, to a scraper.
//
// It is a package of its own so that the functions do not link a Prometheus client.
package telemetry
