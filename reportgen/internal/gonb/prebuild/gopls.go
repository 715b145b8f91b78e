package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// forGopls returns the arguments of a go command that gopls runs to load its workspace,
// without the modules whose packages cells import. gopls would load and check all their
// packages, which takes many times as long as a completion. What a cell imports, it
// loads as dependencies. Other arguments are returned as they are. folder is that of
// the kernel's program.
func forGopls(args []string, folder string) []string {
	if folder == "" || len(args) == 0 || args[0] != "list" || !slices.Contains(args, "-compiled=true") {
		return args
	}
	return slices.DeleteFunc(slices.Clone(args), func(arg string) bool {
		dir, all := strings.CutSuffix(arg, string(filepath.Separator)+"...")
		return all && filepath.IsAbs(dir) && dir != folder
	})
}

// refuseGoplsTidy ends a command of [isGoplsTidy].
func refuseGoplsTidy(args []string) {
	if isGoplsTidy(args) {
		fmt.Fprintln(os.Stderr, "the module of the kernel's workspace has the requirements of cells")
		os.Exit(1)
	}
}

// isGoplsTidy reports whether gopls looks for requirements that are missing from the
// kernel's go.mod, over the network. In the kernel's workspace the module has them.
func isGoplsTidy(args []string) bool {
	return len(args) > 2 && args[0] == "mod" && args[1] == "tidy" && strings.Contains(args[2], "gopls-tempmod")
}
