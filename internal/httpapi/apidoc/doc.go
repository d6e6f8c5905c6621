// Package apidoc generates the API's documentation, openapi.json and docs.html, from openapi.yaml.
//
// The description is written once, by hand, and the tests of package httpapi check it in two ways:
// every response must conform to it, and its routes and parameters must be those of the route
// table. Both files are generated when the description changes, not when a program starts, so that
// no program contains a template engine or a YAML parser for two constant texts. The page has the
// style and the script of package webui: the script puts the real address into the commands, and
// sends those that only read. Without it the page is complete.
package apidoc
