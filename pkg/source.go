// Package pkg holds the source of the packages below it: reportgen init copies them into
// new projects, whose cells import them.
package pkg

import "embed"

// Source is the source of the packages, with their tests.
//
//go:embed */*.go detect/rules geo/countries.tsv nb/grid.js nb/grid.css
var Source embed.FS
