// Package faults tests what a program does if its file system fails or if it is killed: it makes one file system call fail,
// or kills the program at that call, for each call in turn.
//
//	func TestMain(m *testing.M) {
//		faults.Exec() // becomes the program, if Run started this process
//		…
//	}
//
//	for n := 1; ; n++ {
//		got, err := faults.Run(exec.Command(program, "import", …), faults.Plan{Root: dir, At: n})
//		if err != nil || got.Failed == "" {
//			break // the program makes fewer calls than n
//		}
//		… // got.Err is how the program ended; look at what it left in dir
//	}
//
// A seccomp filter hands the calls of the program and its children to this package, which lets them pass or answers in
// the place of the kernel. So the program is the one that users run, all of its calls are tested, and those of libraries.
package faults

import "errors"

// Plan says which call fails, and how.
type Plan struct {
	Root string // only calls on files below this folder count
	At   int    // the number of the call, from 1; 0 lets all pass
	Kill bool   // the program is killed instead, with SIGKILL
	Most int    // how many calls fail, from the first one; 0 means 1, negative all
}

// Result is what became of a program.
type Result struct {
	Calls  int    // calls that counted
	Failed string // the first call that failed, such as "write report.md"; empty if none
	Err    error  // of [exec.Cmd.Run]
}

// variable names the environment variable by which a process knows that it is to become the program.
const variable = "FLOWBOOK_TEST_FAULTS"

// ErrUnsupported is the error of Run where the system has no such filters, or forbids them.
var ErrUnsupported = errors.New("file system calls cannot be intercepted here")
