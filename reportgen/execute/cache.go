package execute

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowbook/flowbook/pkg/trust"
	"github.com/flowbook/flowbook/reportgen/internal/sources"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// Cache keeps the outputs of cells, so that cells that did not change do not run
// again. The outputs of a cell are taken from the cache if all of this is unchanged:
// the code of the cell and of those before it, the parameters, the kernel and its
// version, the packages that the cells import, what the metadata of the notebook and
// the cell declares, and what the cells read: files, names in folders and environment
// variables. Contents are compared, not times.
//
// What a cell reads is observed while it runs, see [kernel.Observation], and it may name
// files in the file of [kernel.InputsVariable]. A cell that also depends on the clock,
// the network or a child process is not cached, unless the metadata of the cell or the
// notebook has {"reportgen": {"cache": true}}. If a kernel cannot be observed, its cells
// are cached only if the metadata declares their inputs (a list "inputs", which may be
// empty); the files that they name in plain string literals then count, too. With
// "cache": false nothing is cached. [Result].Notes lists what is not cached, and why.
//
// If the kernel's state is what its cells declare (see [kernel.Resumer]), the first
// cell that changed and those after it run. Otherwise all cells run or none.
//
// Several runs may share a cache. Its entries are replaced atomically, and carry a
// checksum: a damaged entry is reported in [Result].Warnings, and its cells run. So is
// an entry that another user may have written, see package trust.
type Cache struct {
	Dir string // need not exist
	// Places are the names of environment variables in [Options].Env that locate
	// something, such as a folder. Their values may differ between runs.
	Places []string
}

// cacheFormat is the version of the entries: of their encoding, and of what this
// package adds to outputs. Increase it with every change of either.
const cacheFormat = 5

const cacheSuffix = ".cells.json"

// CacheEntry is one file of a cache: a notebook with one set of parameters.
type CacheEntry struct {
	Notebook string    // its path
	Cells    int       // with cached outputs
	Damaged  bool      // it cannot be used
	Size     int64     // of the file, in bytes
	Used     time.Time // when it was written or last read
	File     string
}

// entry is the content of a file of the cache.
type entry struct {
	Notebook string          `json:"notebook"`
	Kernel   string          `json:"kernel"` // its versions
	Cells    []cellEntry     `json:"cells"`
	Outputs  json.RawMessage `json:"outputs"` // a notebook with these cells, and the metadata of its kernel
}

// cellEntry is what the outputs of a cell depend on.
type cellEntry struct {
	Chain    string           `json:"chain"`              // hash of the code up to this cell and of the run's settings
	Static   []sources.Source `json:"static,omitempty"`   // declared in metadata, and imported
	Literal  []sources.Source `json:"literal,omitempty"`  // named in string literals
	Dynamic  []sources.Source `json:"dynamic,omitempty"`  // named while the cell ran
	Reads    []sources.Source `json:"reads,omitempty"`    // read while the cell ran
	Observed bool             `json:"observed,omitempty"` // Reads is complete, and Literal does not matter
	Updated  int              `json:"updated,omitempty"`  // the number of cells that must be valid for this one to be valid
}

// errDamaged reports an entry that is not what was written.
var errDamaged = errors.New("the entry in the cell cache is damaged")

func (c *Cache) file(slot string) string { return filepath.Join(c.Dir, slot+cacheSuffix) }

// sealed is an entry as it is in its file.
type sealed struct {
	Format int             `json:"format"`
	Sum    string          `json:"sum"` // see entrySum
	Entry  json.RawMessage `json:"entry"`
}

// entrySum is the checksum of an entry. It also covers the slot, so that an entry
// cannot be taken for that of another notebook.
func entrySum(slot string, format int, entry []byte) string {
	return chain(slot, strconv.Itoa(format), string(entry))
}

func encodeEntry(slot string, e *entry) ([]byte, error) {
	src, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	return json.Marshal(sealed{cacheFormat, entrySum(slot, cacheFormat, src), src})
}

// decodeEntry reads what [encodeEntry] wrote. It returns nil for an entry of another
// format, and errDamaged for any other bytes.
func decodeEntry(slot string, src []byte) (*entry, error) {
	var s sealed
	if err := json.Unmarshal(src, &s); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if s.Sum == "" && s.Format != cacheFormat {
		return nil, nil //nolint:nilnil // formats before 3 had no checksum
	}
	if again, err := json.Marshal(s); err != nil || !bytes.Equal(again, src) || s.Sum != entrySum(slot, s.Format, s.Entry) {
		return nil, fmt.Errorf("%w: wrong checksum", errDamaged)
	}
	if s.Format != cacheFormat {
		return nil, nil //nolint:nilnil // there is none of this format
	}
	e := &entry{}
	if err := json.Unmarshal(s.Entry, e); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return e, nil
}

// load reads the entry of a slot and its notebook; nil if there is none.
func (c *Cache) load(slot string) (*entry, *nbformat.Notebook, error) {
	src, err := trust.ReadFile(c.file(slot))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the cell cache is not used: %w", err)
	}
	e, err := decodeEntry(slot, src)
	if e == nil {
		return nil, nil, err
	}
	nb, err := nbformat.Unmarshal(e.Outputs)
	if err != nil || len(nb.Cells) != len(e.Cells) {
		return nil, nil, errDamaged
	}
	wholefile.Sweep(c.file(slot))
	now := time.Now()
	_ = os.Chtimes(c.file(slot), now, now) // for Clean
	return e, nb, nil
}

// save writes e with the notebook that has the outputs.
func (c *Cache) save(slot string, e *entry, nb *nbformat.Notebook) error {
	var err error
	if e.Outputs, err = nbformat.Marshal(nb); err != nil {
		return err
	}
	src, err := encodeEntry(slot, e)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	if err := trust.CheckFolder(c.Dir); err != nil {
		return err
	}
	return wholefile.WriteBytes(c.file(slot), src, 0o600)
}

// List returns the entries of the cache, sorted by notebook.
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
		e := CacheEntry{File: filepath.Join(c.Dir, f.Name()), Notebook: "(damaged)", Damaged: true}
		info, err := f.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // cleaned meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("cell cache: %w", err)
		}
		e.Size, e.Used = info.Size(), info.ModTime()
		if src, err := os.ReadFile(e.File); err == nil {
			switch k, err := decodeEntry(strings.TrimSuffix(f.Name(), cacheSuffix), src); {
			case k != nil:
				e.Notebook, e.Cells, e.Damaged = k.Notebook, len(k.Cells), false
			case err == nil:
				e.Notebook, e.Damaged = "(of another version)", false
			}
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b CacheEntry) int {
		return strings.Compare(a.Notebook+"\x00"+a.File, b.Notebook+"\x00"+b.File)
	})
	return list, nil
}

// Clean removes the entries that were not used since before, and returns them.
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

// chain is the hash of a hash and of texts: a change of any text changes all hashes
// that follow.
func chain(before string, texts ...string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n", before)
	for _, t := range texts {
		fmt.Fprintf(h, "%d\n%s\n", len(t), t)
	}
	return hex.EncodeToString(h.Sum(nil))
}
