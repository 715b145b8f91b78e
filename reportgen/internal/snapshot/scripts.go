package snapshot

import (
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// panels matches the address of a file of Panel, which ships them all.
var panels = regexp.MustCompile(`^/(?:npm/@holoviz/panel@[^/]+|panel/[^/]+)/dist/([^*?\[\\]+)$`)

// deck matches the address of the script of pydeck.
var deck = regexp.MustCompile(`^/npm/@deck\.gl/jupyter-widget@[^/]+/dist/index\.js$`)

// shipped lists where installed packages have the scripts of an address. The groups of
// the name are inserted for $1.
var shipped = []struct {
	name  *regexp.Regexp
	files []string
}{
	{regexp.MustCompile(`^plotly(?:-[\w.-]+)?(?:\.min)?(?:\.js)?$`), []string{"plotly/package_data/plotly.min.js"}},
	{regexp.MustCompile(`^bokeh((?:-(?:gl|widgets|tables|mathjax|api))?)(?:-\d[\w.]*)?(?:\.min)?\.js$`), []string{"bokeh/server/static/js/bokeh$1.min.js"}},
	{regexp.MustCompile(`^dt_bundle\.(js|css)$`), []string{"itables/html/dt_bundle.$1"}},
	{regexp.MustCompile(`^(vega(?:-lite|-embed)?)(?:[@-]\d[\w.]*)?(?:\.min)?(?:\.js)?$`), []string{
		"vega/static/$1.js", "altair_viewer/scripts/$1-*.js", "panel/dist/bundled/vegaplot/$1@*",
	}},
}

// file returns the path of the script that a package ships for an address; "" for none.
func (b *Browser) file(address string) string {
	if file, known := b.local[address]; known {
		return file
	}
	if b.local == nil {
		b.local = map[string]string{}
	}
	b.local[address] = b.find(address)
	return b.local[address]
}

func (b *Browser) find(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	if m := panels.FindStringSubmatch(u.Path); m != nil && filepath.IsLocal(m[1]) {
		return b.installed("panel/dist/" + m[1])
	}
	if deck.MatchString(u.Path) {
		return b.installed("pydeck/nbextension/static/index.js")
	}
	name := path.Base(u.Path)
	for _, s := range shipped {
		m := s.name.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		for _, file := range s.files {
			if len(m) > 1 {
				file = strings.ReplaceAll(file, "$1", m[1])
			}
			if found := b.installed(file); found != "" {
				return found
			}
		}
	}
	return ""
}

// installed returns the last file of the packages that matches a pattern; "" for none.
func (b *Browser) installed(pattern string) string {
	for _, folder := range b.folders {
		if found, err := filepath.Glob(filepath.Join(folder, filepath.FromSlash(pattern))); err == nil && len(found) > 0 {
			slices.Sort(found)
			return found[len(found)-1]
		}
	}
	return ""
}

// PackageFolders returns the folders of packages that belong to a Python program.
func PackageFolders(program string) []string {
	prefix := filepath.Dir(filepath.Dir(program))
	var all []string
	for _, pattern := range []string{"lib/python3*/site-packages", "lib64/python3*/site-packages", "lib/python3*/dist-packages", "local/lib/python3*/dist-packages", "lib/python3/dist-packages"} {
		if found, err := filepath.Glob(filepath.Join(prefix, pattern)); err == nil {
			all = append(all, found...)
		}
	}
	return all
}
