// Package gonb drives GoNB, the Jupyter kernel for Go.
//
// [Driver.Find] builds the kernel as the Go module around the notebooks pins it, into
// the module's .tools/bin, and [Install] writes a kernel spec of it for JupyterLab.
// Cells run in a workspace of the module: they import its packages as they are on
// disk and its dependencies as it pins them, with no download.
//
// # Building a notebook at once
//
// GoNB compiles each cell into a program of its own: it writes main.go of all
// declarations so far and the cell's main, runs goimports, and runs go build. Linking
// takes most of the time of a short cell. When a report runs, all cells are known in
// advance, so the kernel's go command, package prebuild, compiles several into one
// program:
//
//  1. [Driver.Open] writes the sources of all cells to a folder that the environment
//     variable REPORTGEN_CELLS names. Before each cell, its index is written there.
//  2. GoNB calls go build for a cell. Prebuild parses the main.go that GoNB wrote, and
//     takes the cells that follow as long as they are nothing but a main. It builds
//     one program of the declarations and all these mains, in which main jumps to the
//     function of the cell that runs, and links it to the path that GoNB asked for.
//  3. For each later cell, GoNB still writes main.go and calls goimports and go build.
//     Prebuild compares that main.go with what it built: if it is the same, the
//     program is only linked, else the cell is built alone.
//
// In JupyterLab the cells that follow are not known, and each is built alone.
//
// # What prebuilding must never change
//
// A cell's outputs, errors and stack traces are those of GoNB's own program. So:
//
//   - Values never pass from cell to cell: each runs in a new process, in which the
//     declarations are initialised again.
//   - A cell whose program could observe the difference is built alone: one that
//     declares anything, has a special command, a compiler directive, or a local type;
//     one that imports a package through which a program inspects itself (runtime,
//     plugin, C); one whose imports have other side effects than those of the group.
//   - Line numbers are those of the cell's own main.go. Line directives give the
//     program those of its first cell, and [session.Stream] adds the difference.
//   - A compile error in one cell is reported by that cell's own build.
//
// TestPrebuild runs the notebooks in testdata/notebooks with and without prebuilding
// and compares every output.
//
// # Observing what cells read
//
// The outputs of a cell are cached with the content of all that its program read, see
// [session.Observed]. Package os reports files, folders and environment variables to
// internal/testlog, which go test uses to cache results of tests. An overlay on the
// build adds a package to the standard library that receives these reports; it is
// initialized first, and needs neither privileges nor another build of any package.
// Other means were considered. LD_PRELOAD does not reach Go programs, which make
// system calls themselves. Tracing with ptrace slows cells down and is often forbidden
// in containers. inotify reports what any process reads, and files opened and closed
// are in /proc only for a moment. An overlay on package os would build every package
// again.
//
// A connection to the network is recognized by the functions that the linker keeps in a
// program, a child process by os.StartProcess, and the clock by the source of cells.
// System calls that bypass package os, files that C libraries open, and the clock that
// a package reads are not observed.
package gonb
