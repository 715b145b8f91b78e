package kernel_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/drivers"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
)

// A cell of the module's own GoNB kernel, with a time limit. The outputs are
// those until the limit or the failure.
func Example() {
	ctx := context.Background()
	spec, err := kernel.Find(ctx, drivers.All(), "gonb", "notebooks", os.Stderr)
	if err != nil {
		fmt.Println(err)
		return
	}
	k, err := kernel.Start(ctx, kernel.Options{Spec: spec, Dir: "notebooks"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer k.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	result, err := k.Execute(ctx, "%%\nfmt.Println(6 * 7)")
	for _, out := range result.Outputs {
		fmt.Print(out.Text)
	}
	var failed *kernel.CellError
	var died *kernel.DiedError
	switch {
	case errors.As(err, &failed):
		fmt.Println("the code is at fault, in line", failed.Line)
	case errors.As(err, &died):
		fmt.Println("the kernel is gone:", died.State)
	case err != nil:
		fmt.Println(err) // the time limit
	}
}
