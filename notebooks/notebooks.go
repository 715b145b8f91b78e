// Package notebooks holds the notebooks that reportgen runs without their files.
package notebooks

import _ "embed"

// Investigate is the notebook of reportgen investigate.
//
//go:embed investigate.ipynb
var Investigate []byte

// Portuguese is the catalog that translates the notebooks.
//
//go:embed pt.yaml
var Portuguese []byte
