// Package exported finds exported names that have no user outside their package.
package exported_test

import (
	"encoding/json"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"

	"github.com/flowbook/flowbook/pkg/testenv"
)

const module = "github.com/flowbook/flowbook/"

// unwrapper is the interface that errors.Is and errors.As look for.
const unwrapper = "Unwrap"

// TestExportedNamesHaveUsers: every exported function, type, constant, variable
// and method of every package has a user: another package or its tests, a
// notebook, or an example. A name also counts as used if it is part of one that
// is: a type in a signature or field, or a value of a used enumeration. A method
// counts as used if it implements an interface of another package.
func TestExportedNamesHaveUsers(t *testing.T) {
	if testing.Short() {
		t.Skip("type-checks all packages and their tests: skipped with -short")
	}
	pkgs, err := packages.Load(&packages.Config{
		Context: t.Context(), Dir: testenv.Path(t), Tests: true,
		// Without NeedDeps, the types of other modules come from compiled packages.
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports,
	}, module+"...", "encoding") // whose interfaces need no import to be implemented
	if err != nil {
		t.Fatal(err)
	}
	u := &users{names: map[string]types.Object{}, used: map[string]bool{}}
	for _, p := range pkgs {
		for _, e := range p.Errors {
			t.Fatal(e)
		}
		u.collectUses(p)
		if p.ID == p.PkgPath && !strings.HasSuffix(p.PkgPath, ".test") {
			u.collectNames(p.Types)
		}
	}
	u.collectInterfaces(pkgs)
	u.readNotebooks(t)
	if len(u.names) < 200 || len(u.used) < 200 || len(u.interfaces) < 50 {
		t.Fatalf("only %d names, %d used, %d interfaces", len(u.names), len(u.used), len(u.interfaces))
	}
	u.spread()
	unused := map[string][]string{}
	count := 0
	for name := range u.names {
		if !u.used[name] {
			pkg, short := cut(name)
			unused[pkg] = append(unused[pkg], short)
			count++
		}
	}
	for pkg, names := range unused {
		slices.Sort(names)
		t.Errorf("%s: no user outside the package: %s", pkg, strings.Join(names, ", "))
	}
	t.Logf("%d exported names, %d without a user", len(u.names), count)
}

// cut splits "path/of/package.Name.Method" after the package's path.
func cut(name string) (pkg, short string) {
	slash := strings.LastIndexByte(name, '/')
	pkg, short, _ = strings.Cut(name[slash+1:], ".")
	return name[:slash+1] + pkg, short
}

// users are the exported names of the module and those that are used. A name is
// the path of its package below the module, a dot, the name, and for a method
// another dot and its name.
type users struct {
	names      map[string]types.Object
	used       map[string]bool
	interfaces []*types.Interface
}

// nameOf returns the name of an object, or "" if it is not an exported
// package-level object or method of this module.
func nameOf(obj types.Object) string {
	if obj == nil || obj.Pkg() == nil || !obj.Exported() {
		return ""
	}
	path, ours := strings.CutPrefix(obj.Pkg().Path()+"/", module)
	if !ours {
		return ""
	}
	path = strings.TrimSuffix(path, "/")
	if f, ok := obj.(*types.Func); ok {
		f = f.Origin()
		if recv := f.Signature().Recv(); recv != nil {
			named := namedOf(recv.Type())
			if named == nil || !named.Obj().Exported() {
				return ""
			}
			return path + "." + named.Obj().Name() + "." + f.Name()
		}
	}
	if obj.Parent() != obj.Pkg().Scope() {
		return ""
	}
	return path + "." + obj.Name()
}

func namedOf(t types.Type) *types.Named {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	named, _ := types.Unalias(t).(*types.Named)
	if named != nil {
		named = named.Origin()
	}
	return named
}

// collectNames adds the exported names of a package.
func (u *users) collectNames(p *types.Package) {
	if p.Name() == "main" {
		return
	}
	for _, name := range p.Scope().Names() {
		obj := p.Scope().Lookup(name)
		if n := nameOf(obj); n != "" {
			u.names[n] = obj
		}
		if named, ok := obj.Type().(*types.Named); ok && !isAlias(obj) {
			if _, isType := obj.(*types.TypeName); !isType {
				continue
			}
			for m := range named.Methods() {
				if n := nameOf(m); n != "" {
					u.names[n] = m
				}
			}
		}
	}
}

func isAlias(obj types.Object) bool {
	name, ok := obj.(*types.TypeName)
	return ok && name.IsAlias()
}

// collectUses marks what a package uses of others, and what the examples of its
// tests use of it.
func (u *users) collectUses(p *packages.Package) {
	user := strings.TrimSuffix(strings.TrimSuffix(p.PkgPath, ".test"), "_test")
	var examples []*ast.FuncDecl
	for _, file := range p.Syntax {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Example") {
				examples = append(examples, f)
			}
		}
	}
	within := func(pos token.Pos) bool {
		return slices.ContainsFunc(examples, func(f *ast.FuncDecl) bool { return f.Pos() <= pos && pos < f.End() })
	}
	for id, obj := range p.TypesInfo.Uses {
		if obj.Pkg() != nil && (obj.Pkg().Path() != user || within(id.Pos())) {
			u.use(nameOf(obj))
		}
	}
}

func (u *users) use(name string) {
	if name != "" {
		u.used[name] = true
	}
}

// collectInterfaces adds the exported interfaces of the module and of all packages
// that it imports.
func (u *users) collectInterfaces(pkgs []*packages.Package) {
	seen := map[string]bool{}
	for _, p := range pkgs {
		for _, types := range append(p.Types.Imports(), p.Types) {
			if !seen[types.Path()] {
				seen[types.Path()] = true
				u.addInterfaces(types.Scope())
			}
		}
	}
	u.addInterfaces(types.Universe) // error
}

func (u *users) addInterfaces(scope *types.Scope) {
	for _, name := range scope.Names() {
		obj, ok := scope.Lookup(name).(*types.TypeName)
		if !ok || !obj.Exported() && scope != types.Universe {
			continue
		}
		if i, ok := obj.Type().Underlying().(*types.Interface); ok && i.NumMethods() > 0 {
			u.interfaces = append(u.interfaces, i)
		}
	}
}

var (
	selector = regexp.MustCompile(`\b([a-z]\w*)\.([A-Z]\w*)`)
	call     = regexp.MustCompile(`\.([A-Z]\w*)`)
)

// readNotebooks marks what the cells of the notebooks use.
func (u *users) readNotebooks(t *testing.T) {
	files, err := filepath.Glob(testenv.Path(t, "notebooks", "*.ipynb"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d notebooks, error %v", len(files), err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var notebook struct {
			Cells []struct {
				Type   string `json:"cell_type"`
				Source []string
			}
		}
		if err := json.Unmarshal(src, &notebook); err != nil {
			t.Fatal(err)
		}
		for _, c := range notebook.Cells {
			if c.Type != "code" {
				continue
			}
			code := strings.Join(c.Source, "")
			for _, m := range selector.FindAllStringSubmatch(code, -1) {
				u.use("pkg/" + m[1] + "." + m[2])
			}
			// Types of values in cells are not known: a method counts for every
			// type that cells can hold.
			for _, m := range call.FindAllStringSubmatch(code, -1) {
				for name := range u.names {
					if strings.HasPrefix(name, "pkg/") && strings.Count(name, ".") == 2 && strings.HasSuffix(name, "."+m[1]) {
						u.use(name)
					}
				}
			}
		}
	}
}

// spread marks the names that are part of used ones, until there are no more.
func (u *users) spread() {
	for before := -1; before != len(u.used); {
		before = len(u.used)
		for name, obj := range u.names {
			if u.used[name] {
				u.spreadFrom(obj)
			} else if m, ok := obj.(*types.Func); ok && u.implements(m) {
				u.use(name)
			}
		}
	}
}

// spreadFrom marks the types that a used object mentions, and the values of its
// type if it is one of an enumeration.
func (u *users) spreadFrom(obj types.Object) {
	switch obj := obj.(type) {
	case *types.TypeName:
		u.mention(obj.Type().Underlying())
	case *types.Const:
		if named := namedOf(obj.Type()); named != nil && named.Obj().Pkg() == obj.Pkg() {
			u.use(nameOf(named.Obj()))
			for name, other := range u.names {
				if c, ok := other.(*types.Const); ok && types.Identical(c.Type(), obj.Type()) {
					u.use(name)
				}
			}
		}
	default:
		u.mention(obj.Type())
	}
}

// mention marks the named types in a type that users can reach.
func (u *users) mention(t types.Type) {
	switch t := t.(type) {
	case *types.Alias:
		u.use(nameOf(t.Obj()))
		u.mention(types.Unalias(t))
	case *types.Named:
		u.use(nameOf(t.Obj()))
		for arg := range t.TypeArgs().Types() {
			u.mention(arg)
		}
	case *types.Pointer:
		u.mention(t.Elem())
	case *types.Slice:
		u.mention(t.Elem())
	case *types.Array:
		u.mention(t.Elem())
	case *types.Chan:
		u.mention(t.Elem())
	case *types.Map:
		u.mention(t.Key())
		u.mention(t.Elem())
	case *types.Signature:
		for v := range t.Params().Variables() {
			u.mention(v.Type())
		}
		for v := range t.Results().Variables() {
			u.mention(v.Type())
		}
	case *types.Struct:
		for f := range t.Fields() {
			if f.Exported() {
				u.mention(f.Type())
			}
		}
	case *types.Interface:
		for m := range t.Methods() {
			u.mention(m.Type())
		}
	}
}

// implements reports whether a method is one of an interface that its type
// implements.
func (u *users) implements(m *types.Func) bool {
	recv := m.Signature().Recv()
	if recv == nil {
		return false
	}
	if m.Name() == unwrapper {
		return true
	}
	named := namedOf(recv.Type())
	for _, i := range u.interfaces {
		has := false
		for im := range i.Methods() {
			has = has || im.Name() == m.Name()
		}
		if has && types.Implements(types.NewPointer(named), i) {
			return true
		}
	}
	return false
}
