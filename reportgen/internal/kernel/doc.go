// Package kernel starts Jupyter kernels and runs code in them over the Jupyter wire
// protocol (https://jupyter-client.readthedocs.io/en/stable/messaging.html).
//
// [Find] looks up a kernel's [Spec]. [Start] starts it, in a private folder and a
// process group of its own, and waits until it answers. [Kernel.Execute] runs a
// cell and returns its outputs as a notebook has them. [Kernel.Close] ends it, and
// leaves no process, socket or file behind.
//
//	spec, err := kernel.Find(ctx, drivers.All(), "ir", "notebooks", os.Stderr)
//	…
//	k, err := kernel.Start(ctx, kernel.Options{Spec: spec, Dir: "notebooks"})
//	…
//	defer k.Close()
//	result, err := k.Execute(ctx, `cat("hello")`)
//
// Errors are typed: a [*CellError] if the code failed, a [*DiedError] if the kernel
// ended, and the context's cause if time ran out. In each case, the result has the
// outputs until then.
//
// Outputs are reproducible as far as the code is: the texts of a stream are joined,
// and temporary folders and the machine's paths are removed. What is particular to
// one kernel is in its [Driver].
package kernel
