package execute

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// Cache keeps the outputs of cells, so that what did not change does not run
// again. A cell's outputs are taken from it where all of this is as it was: the
// code of the cell and of those before it, the parameters, the kernel and its
// version, the Go packages that the cells import, the files, folders and
// environment variables that the cells name in plain string literals, what the
// metadata of the notebook and the cell declares, and the files that a cell named
// while it ran in the file of [kernel.InputsVariable]. Contents are compared, not
// times. What a cell reads besides (the clock, the network, a file whose name it
// computes) has to be declared, or the notebook has to say "cache": false.
//
// In a kernel whose state is its declarations, which is GoNB, the first cell that
// changed and those after it run; the others run as a whole or not at all.
//
// Several runs may share a cache. Its files are replaced whole, and one that
// cannot be read counts as missing.
type Cache struct {
	Dir string // need not exist
	// Places are the names of environment variables in [Options].Env that say
	// where something is and not what it is: their values may differ.
	Places []string
}

// cacheFormat is the version of the files' format.
const cacheFormat = 2

const cacheSuffix = ".cells.json"

// CacheEntry is one file of a cache: a notebook with one set of parameters.
type CacheEntry struct {
	Notebook string    // its path
	Cells    int       // whose outputs are kept
	Size     int64     // of the file, in bytes
	Used     time.Time // when it was written or last read
	File     string
}

// kept is the content of a file of the cache.
type kept struct {
	Format   int             `json:"format"`
	Notebook string          `json:"notebook"`
	Kernel   string          `json:"kernel"` // its versions
	Cells    []keptCell      `json:"cells"`
	Outputs  json.RawMessage `json:"outputs"` // a notebook that has these cells
}

// keptCell is what must be as it was for the outputs of a cell to stand.
type keptCell struct {
	Chain   string   `json:"chain"`             // of the code up to this cell and all that is the same for each
	Static  []Source `json:"static,omitempty"`  // known before the cell runs
	Dynamic []Source `json:"dynamic,omitempty"` // that it named as it ran
	Updated int      `json:"updated,omitempty"` // the cells that have to be kept for this one to stand
}

func (c *Cache) file(slot string) string { return filepath.Join(c.Dir, slot+cacheSuffix) }

// load reads the file of a slot; nil where there is none that can be read.
func (c *Cache) load(slot string) (*kept, *nbformat.Notebook) {
	src, err := os.ReadFile(c.file(slot))
	if err != nil {
		return nil, nil
	}
	var k kept
	if err := json.Unmarshal(src, &k); err != nil || k.Format != cacheFormat {
		return nil, nil
	}
	nb, err := nbformat.Unmarshal(k.Outputs)
	if err != nil || len(nb.Cells) != len(k.Cells) {
		return nil, nil
	}
	now := time.Now()
	_ = os.Chtimes(c.file(slot), now, now) // only Clean looks at it
	return &k, nb
}

// save writes k with the cells that have the outputs.
func (c *Cache) save(slot string, k kept, outputs []*nbformat.Cell) error {
	src, err := nbformat.Marshal(&nbformat.Notebook{Minor: 5, Cells: outputs})
	if err != nil {
		return err
	}
	k.Format, k.Outputs = cacheFormat, src
	src, err = json.Marshal(k)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	return renameio.WriteFile(c.file(slot), src, 0o600)
}

// List tells what the cache holds, by notebook.
func (c *Cache) List() ([]CacheEntry, error) {
	files, err := os.ReadDir(c.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cell cache: %w", err)
	}
	var list []CacheEntry
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), cacheSuffix) {
			continue
		}
		e := CacheEntry{File: filepath.Join(c.Dir, f.Name()), Notebook: "(cannot be read)"}
		info, err := f.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // cleaned meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("cell cache: %w", err)
		}
		e.Size, e.Used = info.Size(), info.ModTime()
		var k kept
		if src, err := os.ReadFile(e.File); err == nil && json.Unmarshal(src, &k) == nil {
			e.Notebook, e.Cells = k.Notebook, len(k.Cells)
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b CacheEntry) int {
		return strings.Compare(a.Notebook+"\x00"+a.File, b.Notebook+"\x00"+b.File)
	})
	return list, nil
}

// Clean removes what was not used since a time, and returns what it removed.
func (c *Cache) Clean(before time.Time) ([]CacheEntry, error) {
	list, err := c.List()
	if err != nil {
		return nil, err
	}
	var removed []CacheEntry
	for _, e := range list {
		if !e.Used.Before(before) {
			continue
		}
		if err := os.Remove(e.File); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return removed, fmt.Errorf("cell cache: %w", err)
		}
		removed = append(removed, e)
	}
	return removed, nil
}

// chain links what came before to what is next: another text anywhere gives
// another sum from there on.
func chain(before string, texts ...string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n", before)
	for _, t := range texts {
		fmt.Fprintf(h, "%d\n%s\n", len(t), t)
	}
	return hex.EncodeToString(h.Sum(nil))
}
