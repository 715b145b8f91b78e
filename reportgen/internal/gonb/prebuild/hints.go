package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	// undefinedName matches the error of a name that does not exist, alone or in a package.
	undefinedName = regexp.MustCompile(`^\./main\.go:\d+:\d+: undefined: (\w+)(?:\.(\w+))?$`)
	// undefinedMember matches the error of a field or method that a type of a package does not have.
	undefinedMember = regexp.MustCompile(`^\./main\.go:\d+:\d+: .*\.(\w+) undefined \(type \*?(\w+)\.(\w+) has no field or method \w+\)$`)
)

// withHints adds to errors of the compiler the nearest names that exist in the package or
// type. If a package lacks a name, goimports does not import it, and the compiler says
// that the package is undefined: then the error becomes that of the name.
func (b *builder) withHints(errors, src string) string {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "main.go", src, 0)
	if err != nil {
		return errors
	}
	paths := strings.FieldsFunc(os.Getenv("GONB_EDITOR_IMPORTS"), func(r rune) bool { return r == ',' })
	for _, s := range importsOf(file) {
		paths = append(paths, s.Path)
	}
	var out strings.Builder
	seen := make(map[string]bool)
	for line := range strings.Lines(errors) {
		line = strings.TrimSuffix(line, "\n")
		if m := undefinedMember.FindStringSubmatch(line); m != nil {
			if slices.Contains(b.exported(paths, m[2], ""), m[1]) {
				line += fmt.Sprintf("; it is a function: write %s.%s(…)", m[2], m[1])
			} else {
				line += hint(m[1], b.exported(paths, m[2], m[3]))
			}
		} else if m := undefinedName.FindStringSubmatch(line); m != nil && m[2] != "" {
			line += hint(m[2], b.exported(paths, m[1], ""))
		} else if m != nil {
			if seen[m[1]] {
				continue
			}
			seen[m[1]] = true
			if missing := b.missing(fset, file, paths, m[1]); missing != "" {
				line = missing
			}
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}

// missing returns the errors of the names that a package lacks and a program uses.
func (b *builder) missing(fset *token.FileSet, file *ast.File, paths []string, pkg string) string {
	names := b.exported(paths, pkg, "")
	var lines []string
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && len(names) > 0 {
			if id, ok := s.X.(*ast.Ident); ok && id.Name == pkg && !slices.Contains(names, s.Sel.Name) {
				at := fset.Position(s.Pos())
				lines = append(lines, fmt.Sprintf("./main.go:%d:%d: undefined: %s.%s%s", at.Line, at.Column, pkg, s.Sel.Name, hint(s.Sel.Name, names)))
			}
		}
		return true
	})
	return strings.Join(lines, "\n")
}

// hint returns a question after the nearest of some names, which follows an error.
func hint(typed string, names []string) string {
	if near := nearest(typed, names); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// exported returns the exported names of the package with a name, which is one of paths or
// of the standard library, or the fields and methods of one of its types.
func (b *builder) exported(paths []string, pkg, of string) (names []string) {
	paths = slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return path.Base(p) != pkg })
	paths = append([]string{pkg}, paths...) // it may be of the standard library
	dir := b.folder(paths[len(paths)-1])
	if dir == "" {
		return nil
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil || strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, d := range file.Decls {
			names = append(names, declared(d, of)...)
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return !ast.IsExported(name) })
}

// folder returns the folder of a package, or "". It asks the go command only for one that no
// cell has used yet.
func (b *builder) folder(name string) string {
	if dir := standardFolder(b.realGo, name); dir != "" {
		return dir
	}
	if dir := b.knownFolders()[name]; dir != "" {
		return dir
	}
	dir, err := b.command(true, "list", "-f", "{{.Dir}}", name).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(dir))
}

// declared returns the names that a declaration adds to its package or, if there is one,
// to a type.
func declared(d ast.Decl, of string) (names []string) {
	if f, ok := d.(*ast.FuncDecl); ok {
		receiver := ""
		if f.Recv != nil {
			ast.Inspect(f.Recv.List[0].Type, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && receiver == "" {
					receiver = id.Name
				}
				return true
			})
		}
		if receiver == of {
			names = append(names, f.Name.Name)
		}
		return names
	}
	for _, spec := range d.(*ast.GenDecl).Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if of == "" {
				names = append(names, s.Name.Name)
			}
			if fields, ok := s.Type.(*ast.StructType); ok && s.Name.Name == of {
				for _, f := range fields.Fields.List {
					for _, id := range f.Names {
						names = append(names, id.Name)
					}
				}
			}
		case *ast.ValueSpec:
			for _, id := range s.Names {
				if of == "" {
					names = append(names, id.Name)
				}
			}
		}
	}
	return names
}

// nearest returns the name that differs in the fewest letters from one that was typed, or
// the shortest that begins with it; "" if none is near.
func nearest(typed string, names []string) (near string) {
	slices.Sort(names)
	best := max(1, len(typed)/3) + 1
	for _, name := range names {
		far := distance(strings.ToLower(typed), strings.ToLower(name))
		if strings.HasPrefix(strings.ToLower(name), strings.ToLower(typed)) {
			far = min(far, 1)
		}
		if far < best {
			best, near = far, name
		}
	}
	return near
}

// distance is the number of bytes to insert, remove, replace or swap with the next to make
// b of a.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		for j := range rows[i] {
			switch {
			case i == 0 || j == 0:
				rows[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				rows[i][j] = rows[i-1][j-1]
			default:
				rows[i][j] = 1 + min(rows[i-1][j-1], rows[i-1][j], rows[i][j-1])
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
