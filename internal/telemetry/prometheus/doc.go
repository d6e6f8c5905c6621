// Package prometheus offers the metrics of package telemetry to a Prometheus server, and those of
// requests, by route and never by path. Only the server links it: the client library makes a
// binary about 4 MB larger.
//
// A metric has the name of its counterpart in CloudWatch in Prometheus's form: lower case, base
// units, a ratio in place of a percentage.
package prometheus
