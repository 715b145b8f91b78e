// Gobuild is the go command of the GoNB kernel: it stands before the real one, to
// which it leaves everything but three things.
//
// "go get", which GoNB runs before each cell, looks for the newest versions of
// what the cell imports, over the network. In a workspace all that can be imported
// is pinned by the module, and a report must not change with what is newest: that
// one command does nothing here.
//
// "go build" of a cell is lean, see [builder.lean]: linking is most of what a cell
// costs.
//
// And where the cells that follow are known, because a whole notebook is run,
// cells that can share a program are built at once, see [group], and what goimports
// asks the go command for each cell is answered once, see [builder.answer]. A
// kernel that people type to builds each cell alone.
//
// It uses the standard library only: it is compiled where a kernel is, whatever
// else the module there requires.
package main
