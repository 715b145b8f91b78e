// Package kernel starts Jupyter kernels and runs code in them, over the Jupyter
// wire protocol and without Python.
//
// [Find] looks up a kernel's [Spec]. [Start] starts it, in a private folder and a
// process group of its own, and waits until it answers. [Kernel.Execute] runs a
// cell and gives its outputs as a notebook holds them. [Kernel.Close] ends it,
// and leaves no process, socket or file behind.
//
//	spec, err := kernel.Find(ctx, "gonb", "notebooks", os.Stderr)
//	…
//	k, err := kernel.Start(ctx, kernel.Options{Spec: spec, Dir: "notebooks"})
//	…
//	defer k.Close()
//	result, err := k.Execute(ctx, `fmt.Println("hello")`)
//
// Errors are typed: [*CellError] where the code is at fault, [*DiedError] where the
// kernel ended, and the context's cause where time ran out. The result holds what
// the cell gave until then, in each case.
//
// Outputs are the same from run to run as far as the code's are: streams are one
// text each however they were cut up on the way, and temporary folders, memory
// addresses in stack traces and the machine's paths are taken out.
//
// The protocol: https://jupyter-client.readthedocs.io/en/stable/messaging.html
package kernel
