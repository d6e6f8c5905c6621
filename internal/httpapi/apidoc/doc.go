// Package apidoc makes what the API serves about itself: openapi.json and docs.html, both from openapi.yaml.
//
// The description is written once, by hand, and held to the code from two sides: every answer in the tests of package httpapi must be one that it
// describes, and its routes and parameters must be those of the router. Both files are made when the description changes and not when a
// program starts, so that no program holds a template engine or a YAML reader for two texts that never change. The page needs no script and
// loads nothing: what it shows is there before anything can fail.
package apidoc
