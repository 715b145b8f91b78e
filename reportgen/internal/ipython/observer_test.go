package ipython_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/sources"
)

// observed is a notebook in a folder with a.txt, a folder d with x.txt, a link to d, a
// module helper.py with its compiled form in __pycache__, and now.py, which reads the clock.
type observed struct {
	name   string
	reads  string // a source, as KIND NAME; the name is relative to the folder
	reason string // part of the reason for which it is not cached; empty if it is cached
	cells  []string
}

var observations = []observed{
	{"pathlib", "file a.txt", "", []string{"from pathlib import Path\nPath.cwd().joinpath('a' + '.txt').read_text()"}},
	{"mmap", "file a.txt", "", []string{"import mmap, os\nmmap.mmap(os.open('a' + '.txt', os.O_RDONLY), 0, prot=mmap.PROT_READ)[:]"}},
	{"folder by descriptor", "listing d", "", []string{"import os\nos.listdir(os.open('d', os.O_RDONLY))"}},
	{"file in a folder by descriptor", "file d/x.txt", "", []string{"import os\nos.read(os.open('x.txt', os.O_RDONLY, dir_fd=os.open('d', os.O_RDONLY)), 9)"}},
	{"fwalk", "listing d", "", []string{"import os\nlist(os.fwalk('.'))"}},
	{"walk", "listing d", "", []string{"import os\nlist(os.walk('.'))"}},
	{"glob", "listing d", "", []string{"import glob\nglob.glob('d/*')"}},
	{"sizes of entries", "details d", "", []string{"import os\n[e.stat().st_size for e in os.scandir('d')]"}},
	{"time of a file", "details a.txt", "", []string{"import os\nos.path.getmtime('a' + '.txt')"}},
	{"permissions of a file", "details a.txt", "", []string{"from pathlib import Path\nPath('a' + '.txt').stat().st_mode"}},
	{"access", "details later.txt", "", []string{"import os\nos.access('la' + 'ter.txt', os.R_OK)"}},
	{"target of a link", "status latest", "", []string{"import os\nos.readlink('lat' + 'est')"}},
	{"resolved link", "status latest", "", []string{"from pathlib import Path\nPath('lat' + 'est').resolve()"}},
	{"module that is read from its compiled form", "file helper.py", "",
		[]string{"import importlib.util as u\ns = u.spec_from_file_location('h', 'hel' + 'per.py')\nm = u.module_from_spec(s)\ns.loader.exec_module(m)"}},
	{"reloaded module", "file helper.py", "", []string{"import helper, importlib\nimportlib.reload(helper)"}},
	{"extension of IPython", "file helper.py", "", []string{"%load_ext helper"}},
	{"modules of a package", "listing d", "", []string{"import pkgutil\nlist(pkgutil.iter_modules(['d']))"}},
	{"threads", "file a.txt", "", []string{"from concurrent.futures import ThreadPoolExecutor as T\nfrom pathlib import Path\nlist(T(2).map(Path.read_text, [Path('a' + '.txt')]))"}},
	{"database by URI", "file x.db", "", []string{"import sqlite3\nsqlite3.connect('file:x' + '.db?mode=ro', uri=True)"}},
	{"variable", "environment OBSERVED", "", []string{"import os\nos.path.expandvars('$OBSERVED')"}},
	{"random numbers", "", "", []string{"import random, uuid\nrandom.random(), uuid.uuid4()"}},
	{"asyncio", "", "", []string{"import asyncio\nawait asyncio.sleep(0.001)"}},
	{"log without times", "", "", []string{"import logging\nlogging.warning('x')"}},
	{"clock that is not called", "", "", []string{"import time\ndef f(): return time.time()"}},
	{"temporary file", "", "", []string{"import tempfile\nwith tempfile.NamedTemporaryFile('w+') as f: f.write('x')"}},
	{"file that is written again", "", "", []string{"open('out.txt', 'w').write('x')", "open('out.txt').read()"}},

	{"attached database", "", "a database that is attached", []string{"import sqlite3\nsqlite3.connect(':memory:').execute(f\"attach 'x.db' as {'o'}\")"}},
	{"write-ahead log", "", "write-ahead log", []string{"import sqlite3\nc = sqlite3.connect('wal.db')\nc.execute('pragma journal_mode=wal')\nc.execute('create table t(v)')", "sqlite3.connect('wal.db').execute('select * from t')"}},
	{"variable by a magic", "environment HOME", "", []string{"%env HOME"}},
	{"all variables by a magic", "", "all environment variables", []string{"%env"}},
	{"all variables", "", "all environment variables", []string{"import os\ndict(os.environ)"}},
	{"variables without os", "", "all environment variables", []string{"import posix\nposix.environ"}},
	{"spawned process", "", "a child process", []string{"import multiprocessing.util as u, os\nos.waitpid(u.spawnv_passfds(b'/bin/true', [b'true'], []), 0)"}},
	{"posix_spawn", "", "a child process", []string{"import os\nos.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)"}},
	{"system file", "", "the state of the machine, in /proc/uptime", []string{"open('/proc/' + 'uptime').read()"}},
	{"load", "", "the state of the machine", []string{"import os\nos.getloadavg()"}},
	{"free space", "", "the state of the machine", []string{"import shutil\nshutil.disk_usage('.')"}},
	{"psutil", "", "the state of the machine", []string{"import psutil"}},
	{"module clock by another name", "", "the clock", []string{"import time as t\nt.time()"}},
	{"clock as a value", "", "the clock", []string{"import time\nclock = time.perf_counter\nclock()"}},
	{"clock through map", "", "the clock", []string{"import time\nlist(map(time.ctime, [None]))"}},
	{"method of a date as a value", "", "the clock", []string{"from datetime import datetime\nf = datetime.now\nf()"}},
	{"date of a message", "", "the clock", []string{"from email.utils import formatdate\nformatdate()"}},
	{"log with times", "", "the clock", []string{"import logging\nlogging.basicConfig(format='%(asctime)s %(message)s')"}},
	{"identifier with the time", "", "the clock", []string{"import uuid\nuuid.uuid1()"}},
	{"timeit", "", "the clock", []string{"import timeit\ntimeit.timeit('1', number=1)"}},
	{"script that reads the clock", "", "the clock", []string{"%run now.py"}},
	{"executed source that reads the clock", "", "the clock", []string{"exec(open('now' + '.py').read())"}},
	{"run path that reads the clock", "", "the clock", []string{"import runpy\nrunpy.run_path('now' + '.py')"}},
	{"loaded file that reads the clock", "", "the clock, in now.py",
		[]string{"import importlib.util as u\ns = u.spec_from_file_location('n', 'now' + '.py')\nm = u.module_from_spec(s)\ns.loader.exec_module(m)"}},
	{"file that is made if it is missing", "", "made.txt, which it makes", []string{"import os\nif not os.path.exists('ma' + 'de.txt'): open('made.txt', 'w').write('x')"}},
	{"folder that grows", "", "the folder d, in which it makes files", []string{"import os\nos.listdir('d')\nopen('d/new.txt', 'w').write('x')"}},
}

// What a cell reads is observed, also if neither its source nor an audit event shows it.
func TestObserver(t *testing.T) {
	seen := observe(t, []string{"ipykernel"}, observations)
	for i, o := range observations {
		check(t, o, seen[i])
	}
}

// Compiled packages open files without Python.
func TestObserverOfPackages(t *testing.T) {
	ofPackages := []observed{
		{"fromfile", "file a.txt", "", []string{"import numpy as np\nnp.fromfile('a' + '.txt', sep=' ')"}},
		{"memmap", "file a.txt", "", []string{"import numpy as np\nnp.memmap('a' + '.txt', mode='r')"}},
		{"read_csv", "file a.txt", "", []string{"import pandas as pd\npd.read_csv('a' + '.txt')"}},
		{"read_parquet", "file a.txt", "", []string{"import pandas as pd\ntry: pd.read_parquet('a' + '.txt')\nexcept Exception: pass"}},
		{"written and read", "", "", []string{"import pandas as pd\npd.DataFrame({'a': [1]}).to_parquet('a.txt')", "open('d/x.txt', 'w').write('x')", "pd.read_parquet('a.txt')"}},
		{"folder of Parquet files", "", "the folder p, which pyarrow reads", []string{"import os, pandas as pd\nos.mkdir('p')\npd.DataFrame({'a': [1]}).to_parquet('p/x.parquet')", "pd.read_parquet('p')"}},
		{"pyarrow by a computed name", "", "pyarrow", []string{"import importlib\nimportlib.import_module('py' + 'arrow.parquet')"}},
		{"unknown compiled package", "", "duckdb, which may read files", []string{"import importlib\nimportlib.import_module('duck' + 'db')"}},
	}
	seen := observe(t, []string{"ipykernel", "numpy", "pandas", "pyarrow", "duckdb"}, ofPackages)
	for i, o := range ofPackages {
		check(t, o, seen[i])
	}
}

// seen is what testdata/observe.py prints of a notebook.
type seen struct {
	Reads      []sources.Source
	Reasons    []string
	Error, Out string
	dir        string
}

func observe(t *testing.T, packages []string, all []observed) []seen {
	t.Helper()
	testenv.Python(t, packages...)
	type situation struct {
		Dir   string   `json:"dir"`
		Cells []string `json:"cells"`
	}
	var input []situation
	for _, o := range all {
		dir, err := filepath.EvalSymlinks(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		input = append(input, situation{dir, o.cells})
		for name, text := range map[string]string{"a.txt": "1 2", "d/x.txt": "1", "x.db": "", "now.py": "import datetime\nv = datetime.datetime.now()", "helper.py": "v = 1\ndef load_ipython_extension(shell): pass"} {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink("d", filepath.Join(dir, "latest")); err != nil {
			t.Fatal(err)
		}
	}
	stdin, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	profile, err := filepath.Abs("profile")
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(testenv.RunPython(t, packages, string(stdin), "testdata/observe.py", profile)))
	result := make([]seen, len(all))
	for i := range result {
		if err := decoder.Decode(&result[i]); err != nil {
			t.Fatalf("%s: %v", all[i].name, err)
		}
		result[i].dir = input[i].Dir
	}
	return result
}

func check(t *testing.T, o observed, got seen) {
	t.Helper()
	if got.Error != "" {
		t.Errorf("%s: %s\n%s", o.name, got.Error, got.Out)
	}
	if reasons := strings.Join(got.Reasons, "; "); (o.reason == "") != (reasons == "") || !strings.Contains(reasons, o.reason) {
		t.Errorf("%s: reasons %q, want %q", o.name, reasons, o.reason)
	}
	if o.reads == "" {
		return
	}
	kind, name, _ := strings.Cut(o.reads, " ")
	if kind != sources.Environment {
		name = filepath.Join(got.dir, name)
	}
	if !slices.Contains(got.Reads, sources.Source{Kind: kind, Name: name}) {
		t.Errorf("%s: %s is missing in %v", o.name, o.reads, got.Reads)
	}
}
