// Package drivers lists the drivers of kernels.
package drivers

import (
	"github.com/flowbook/flowbook/reportgen/internal/gonb"
	"github.com/flowbook/flowbook/reportgen/internal/ipython"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
)

// All returns the drivers. The first is that of notebooks that name neither a kernel
// nor a language, as Jupyter's own clients have it.
func All() kernel.Drivers { return kernel.Drivers{ipython.Driver{}, gonb.Driver{}} }
