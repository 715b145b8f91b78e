"""Finds what each cell reads, so that its outputs can be cached and are never stale.

It uses Python's audit events, wrappers of functions that raise none, sys.modules, and
the syntax of cells and of the user's modules. What cannot be observed is a reason for
which the outputs are not kept.
"""

import builtins
import functools
import importlib.machinery
import importlib.util
import json
import os
import site
import sys
import sysconfig
import threading
import time
import urllib.parse

import _syntax

# Audit events of child processes.
CHILDREN = {
    "subprocess.Popen", "os.system", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.exec", "pty.spawn",
}

# Audit events of the network.
NETWORK = {
    "socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname",
    "socket.gethostbyaddr",
}

# Functions of module time, and the number of arguments from which on they do not read
# the clock.
CLOCK = {
    "time": 1, "time_ns": 1, "perf_counter": 1, "perf_counter_ns": 1, "monotonic": 1, "monotonic_ns": 1, "process_time": 1,
    "process_time_ns": 1, "thread_time": 1, "thread_time_ns": 1, "clock_gettime": 9, "clock_gettime_ns": 9, "localtime": 1,
    "gmtime": 1, "ctime": 1, "asctime": 1, "strftime": 2,
}

# Modules of the standard library that return the time or the state of the machine to
# their callers.
TRANSPARENT = {"email.utils", "shutil", "timeit"}

# Modules through which code asks whether a file exists.
PATHS = {"genericpath", "ntpath", "os", "pathlib", "pathlib._local", "posixpath"}

# Modules that read all variables for a request or a child process.
STARTERS = ("joblib.externals.loky", "loky", "multiprocessing", "requests", "subprocess", "urllib.request")

# The module of IPython with %env, %cd and %pwd.
OS_MAGICS = "IPython.core.magics.osm"

# Variables of a terminal or session, which are not settings of libraries.
SESSION = {
    "COLUMNS", "LINES", "TERM", "COLORTERM", "PWD", "OLDPWD", "SHLVL", "_", "PATH", "TMPDIR", "TEMP", "TMP", "DISPLAY", "WAYLAND_DISPLAY",
    "SSH_CONNECTION", "SSH_TTY", "JPY_PARENT_PID", "JPY_SESSION_NAME", "HOME", "USER", "LOGNAME", "VIRTUAL_ENV",
}

# Compiled packages that open files through Python only, or open none. The compiled modules
# of all others may read files that no event reports.
COMPILED = set(
    """
    Bio Crypto Cython Levenshtein MeCab OpenSSL PIL aiohttp annotated_types asyncpg astropy bcrypt bitarray black blake3 blib2to3
    blis blosc bottleneck brotli cattrs cffi charset_normalizer clarabel contourpy coverage cramjam cryptography cvxpy cyarray
    cymem cytoolz cupy dateutil debugpy ecos editdistance erfa fastparquet flint fontTools frozenlist gensim gevent gmpy2
    google greenlet grpc gsw hdbscan hiredis httptools ijson isal jax jaxlib jellyfish jiter kiwisolver lazy_object_proxy llvmlite
    lru lz4 markupsafe matplotlib mmh3 mpl_toolkits msgpack msgspec multidict murmurhash mypy nacl networkit nh3 numba numexpr
    numpy optree orjson osqp pandas peewee preshed propcache psutil py4j pyarrow pycosat pydantic_core pyproj pyrsistent pytensor
    pywt qdldl rapidfuzz rapidjson regex rpds ruamel scipy scs setproctitle shapely simplejson skimage sklearn snappy spacy sqlalchemy
    srsly statsmodels stumpy sympy thinc tiktoken tomli torch tornado triton ujson uvloop watchfiles websockets wordcloud wrapt xxhash
    yaml yarl zmq zopfli zstandard
    _brotli _cffi_backend _cyutility _pydevd_bundle _ruamel_yaml _yaml pvectorc zstd
    """.split()
)

# Packages of the kernel itself.
KERNEL = (
    "IPython", "ipykernel", "jupyter_client", "jupyter_core", "traitlets", "tornado", "zmq", "comm", "matplotlib_inline",
)

# Folders whose files the operating system makes up.
SYSTEM = ("/proc/", "/sys/", "/dev/")

OWN = ("_reportgen", __name__)

# Frames of an import.
IMPORT = ("<frozen importlib", "<frozen zipimport")


def folders(paths):
    found = set()
    for p in paths:
        if p:
            for q in (os.path.abspath(p), os.path.realpath(p)):
                found.add(q.rstrip(os.sep) + os.sep)
    return tuple(found)


def is_below(path, names):
    return (path + os.sep).startswith(names)


def modified(path):
    """The time of a file; None if it is missing or a folder."""
    try:
        return os.stat(path).st_mtime_ns if os.path.isfile(path) else None
    except OSError:
        return None


class Observer:
    def __init__(self, shell, file, streams):
        self.shell, self.file, self.streams = shell, file, streams
        self.pid = os.getpid()
        self.lock = threading.RLock()
        self.local = threading.local()
        paths = sysconfig.get_paths()
        installed = [p for p in sys.path if os.path.basename(p.rstrip(os.sep)) in ("site-packages", "dist-packages")]
        installed += [paths["purelib"], paths["platlib"]]
        stdlib = [paths["stdlib"], paths["platstdlib"]]
        if sys.prefix != sys.base_prefix:  # the rest of a virtual environment may hold the project
            stdlib += [os.path.join(sys.prefix, d) for d in ("bin", "etc", "include", "lib", "lib64", "share")]
        self.site = folders([*installed, site.getusersitepackages()])
        self.stdlib = folders(stdlib)
        self.libraries = self.site + self.stdlib
        own = os.path.dirname(os.path.abspath(file))  # the kernel's private folder
        self.ignored = self.libraries + folders([own, os.path.dirname(os.path.abspath(__file__))])
        self.cells = folders([os.path.join(os.environ.get("TMPDIR", "/tmp"), f"ipykernel_{self.pid}")])
        self.modules = set(sys.modules)
        self.written, self.assigned, self.missing, self.listed = set(), set(), set(), set()
        self.guessed = {}  # the times of files that libraries asked for
        self.details = False  # a cell or module reads times, permissions or owners of files
        self.reads = {}  # cells read site packages through their imports
        for p in dict.fromkeys(os.path.abspath(p) for p in installed if os.path.isdir(p)):
            self.reads[("listing", p)] = True
        self.reasons = {}
        self.tried, self.sources = set(), set()
        self.handlers = {
            "open": self.opened, "os.listdir": self.on_listdir, "os.scandir": self.on_scandir, "sqlite3.connect": self.database,
            "import": self.imported, "os.rename": self.renamed, "compile": self.compiled,
        }
        self.handlers.update({e: self.child for e in CHILDREN})
        self.handlers.update({e: self.network for e in NETWORK})
        self.patch_environment()
        self.patch_functions()
        shell.events.register("pre_run_cell", self.before)
        shell.events.register("post_run_cell", self.after)
        sys.addaudithook(self.audit)

    def guarded(self, handler, *args, **kwargs):
        """Calls a handler, unless the observer itself causes the event."""
        if getattr(self.local, "busy", False) or os.getpid() != self.pid:
            return
        self.local.busy = True
        try:
            with self.lock:
                handler(*args, **kwargs)
        except Exception as e:  # an observer must not break the cell
            self.reason("observer", f"{type(e).__name__}: {e}")
        finally:
            self.local.busy = False

    def audit(self, event, args):
        handler = self.handlers.get(event)
        if handler is not None:
            self.guarded(handler, args)

    def reason(self, kind, text):
        self.reasons.setdefault(kind, text)

    # Whose code it is.

    def is_user(self, filename):
        return filename.startswith(self.cells) or not filename.startswith(("<", *self.libraries))

    def is_stdlib(self, filename):
        if filename.startswith("<"):
            return not filename.startswith(IMPORT)
        return filename.startswith(self.stdlib) and not filename.startswith(self.site)

    def frames(self):
        """The frames of the event, from the innermost: name of the file and of the module."""
        frame = sys._getframe(1)
        while frame is not None:
            name, module = frame.f_code.co_filename, frame.f_globals.get("__name__") or ""
            ipython = frame.f_code.co_name == "_modified_open"  # IPython's function open
            if module not in OWN and not ipython and (not name.startswith("<") or name.startswith("<frozen ")):
                yield name, module
            frame = frame.f_back

    def by_user(self, kernel=True, imports=False):
        """Whether the event comes from the user's code.

        With kernel=False, what the kernel's own packages do does not count; with
        imports=True, what a library does while it is imported counts.
        """
        innermost = True  # all frames so far are of the standard library
        for name, module in self.frames():
            if name == "<frozen importlib._bootstrap>" and not imports:
                return False
            if self.is_user(name):
                return True
            if not name.startswith(IMPORT) and not self.is_stdlib(name):
                if innermost and not kernel and module.split(".")[0] in KERNEL:
                    return False
                innermost = False
        return True

    def is_direct(self, through=None):
        """Whether the user's code asks for it itself, or through modules of the standard library."""
        for name, module in self.frames():
            if self.is_user(name):
                return True
            if not (self.is_stdlib(name) if through is None else module in through):
                return False
        return False

    def asks(self):
        """The module of the first frame outside of the standard library."""
        return next((module for name, module in self.frames() if not name.startswith(IMPORT) and not self.is_stdlib(name)), "")

    def by_import(self):
        """Whether the import of a module, or the search for installed packages, asks for it."""
        for name, module in self.frames():
            return name.startswith(IMPORT) or module.split(".")[0] in ("importlib", "pkg_resources", "pkgutil")
        return False

    # What is read.

    def absolute(self, path, dir_fd=None):
        """The absolute path of a name or descriptor; links are followed when it is compared."""
        if path is None:
            path = "."
        if isinstance(path, int):
            return os.readlink(f"/proc/self/fd/{path}")
        path = os.fsdecode(path)
        if dir_fd is not None and not os.path.isabs(path):
            path = os.path.join(os.readlink(f"/proc/self/fd/{dir_fd}"), path)
        return os.path.abspath(path)

    def read(self, kind, path):
        if is_below(path, SYSTEM):
            if path not in ("/dev/null", "/dev/tty") and self.is_direct():
                self.reason("machine", f"the state of the machine, in {path}")
        elif not is_below(path, self.ignored) and path not in self.written:
            self.reads[(kind, path)] = True

    def write(self, path):
        if path in self.written:
            return
        self.written.add(path)
        if path in self.missing:
            self.reason("made", f"{os.path.basename(path)}, which it makes if it is missing")
        elif os.path.dirname(path) in self.listed and not os.path.exists(path):
            self.reason("made", f"the folder {os.path.basename(os.path.dirname(path))}, in which it makes files")

    def opened(self, args):
        path, mode, flags = args
        if isinstance(path, int) or path is None:
            return
        if mode is None:
            writes = bool(flags & (os.O_WRONLY | os.O_RDWR)) and bool(flags & (os.O_CREAT | os.O_TRUNC | os.O_WRONLY))
            reads = not flags & os.O_WRONLY and not flags & os.O_TRUNC
        else:
            writes = any(c in mode for c in "wax+")
            reads = not any(c in mode for c in "wx")
        path = self.absolute(path)
        if path.endswith(".pyc"):
            try:
                path = importlib.util.source_from_cache(path)
            except ValueError:
                pass  # a module without source
        if path.endswith(".py") and self.by_import() and not is_below(path, self.ignored):
            self.sources.add(path)
        if reads:
            self.read("file", path)
        if writes:
            self.write(path)

    def opened_at(self, path, *args, dir_fd=None, **_):
        if dir_fd is not None:
            self.read("file", self.absolute(path, dir_fd))

    def renamed(self, args):
        self.write(self.absolute(args[1]))

    def on_listdir(self, args):
        self.list(args[0], "listing")

    def on_scandir(self, args):
        # An entry has the size and times of its file, too.
        module = next((module for name, module in self.frames()), "")
        self.list(args[0], "listing" if module in ("glob", "os", "pathlib", "shutil") or module.startswith("pathlib.") else "details")

    def list(self, path, kind):
        path = self.absolute(path)
        name, _ = next(self.frames(), ("", ""))
        if name.startswith(IMPORT) or self.by_import() and path in {os.path.abspath(p or ".") for p in sys.path}:
            return
        self.read(kind, path)
        if self.is_direct():
            self.listed.add(path)

    def status(self, path, *_, dir_fd=None, **__):
        if isinstance(path, int) or self.by_import() or not self.by_user(kernel=False):
            return
        path = self.absolute(path, dir_fd)
        if self.is_direct():
            if self.is_direct(PATHS) and not os.path.lexists(path):
                self.missing.add(path)
        elif self.asks().split(".")[0] not in KERNEL:
            self.guess(path)
            return
        self.read("status", path)

    def guess(self, path):
        """Notes a path that a library asks for: a compiled module may read or write it next."""
        if path not in self.written:
            self.guessed.setdefault(path, modified(path))
        if os.path.isfile(path):
            self.read("file", path)
            return
        self.read("status", path)
        if os.path.isdir(path) and self.asks().startswith(("pandas.io.parquet", "pandas.io.orc", "pandas.io.feather", "pyarrow")):
            self.reason("unseen", f"the folder {os.path.basename(path)}, which pyarrow reads by itself")

    def forget_written(self):
        """Forgets what libraries asked for and then wrote."""
        for path, before in self.guessed.items():
            if path not in self.written and modified(path) != before:
                self.written.add(path)
            if path in self.written:
                self.reads.pop(("file", path), None)
                self.reads.pop(("status", path), None)
        self.guessed.clear()

    def permission(self, path, *_, dir_fd=None, **__):
        if self.by_user(kernel=False):
            self.read("details", self.absolute(path, dir_fd))

    def database(self, args):
        name = os.fsdecode(args[0])
        if name.startswith("file:"):
            url = urllib.parse.urlsplit(name)
            if "mode=memory" in url.query:
                return
            name = urllib.parse.unquote(url.path)
        if name in ("", ":memory:"):
            return
        path = self.absolute(name)
        self.read("file", path)
        try:
            with builtins.open(path, "rb") as f:
                header = f.read(20)
        except OSError:
            return
        if header[18:19] == b"\x02":
            self.reason("database", f"{os.path.basename(path)}, a database with a write-ahead log")

    def imported(self, args):
        self.tried.add(args[0].split(".")[0])
        if args[0] in ("pyarrow._fs", "pyarrow.fs") and not any(module.startswith("pandas.io") for _, module in self.frames()):
            self.reason("unseen", "pyarrow, which reads files by itself")

    def compiled(self, args):
        # Files that %run, exec and runpy execute are not modules.
        if isinstance(args[0], (str, bytes)) and (self.is_direct() or self.asks().startswith("IPython.")):
            self.inspect(args[0])

    def child(self, *_, **__):
        for s in self.streams:
            s.children = True
        if self.by_user():
            self.reason("child", "a child process")

    def network(self, _):
        if self.by_user():
            self.reason("network", "the network")

    def clock(self, until, *args):
        if "clock" not in self.reasons and sum(a is not None for a in args) < until and self.is_direct(TRANSPARENT):
            self.reason("clock", "the clock")

    def machine(self, *_, **__):
        if self.is_direct(TRANSPARENT):
            self.reason("machine", "the state of the machine")

    def patch_functions(self):
        """Wraps functions that raise no audit event."""
        def patch(module, name, observe):
            function = getattr(module, name, None)
            if function is None:
                return

            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                self.guarded(observe, *args, **kwargs)
                return function(*args, **kwargs)

            for supported in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks, os.supports_effective_ids):
                if function in supported:
                    supported.add(wrapper)
            setattr(module, name, wrapper)

        for name in ("stat", "lstat", "readlink"):
            patch(os, name, self.status)
        patch(os, "access", self.permission)
        patch(os, "open", self.opened_at)
        for name in ("getloadavg", "statvfs"):
            patch(os, name, self.machine)
        patch(os, "times", functools.partial(self.clock, 1))
        for name, until in CLOCK.items():
            patch(time, name, functools.partial(self.clock, until))
        for module, name, observe in (("resource", "getrusage", self.machine), ("_posixsubprocess", "fork_exec", self.child)):
            try:
                patch(importlib.import_module(module), name, observe)
            except ImportError:
                pass  # not on this system

    def patch_environment(self):
        observer = self

        class Environ(os._Environ):
            def __getitem__(self, key):
                observer.guarded(observer.variable, key)
                return super().__getitem__(key)

            def __contains__(self, key):
                observer.guarded(observer.variable, key)
                return super().__contains__(key)

            def __setitem__(self, key, value):
                observer.assigned.add(os.fsdecode(key))
                super().__setitem__(key, value)

            def __delitem__(self, key):
                observer.assigned.add(os.fsdecode(key))
                super().__delitem__(key)

            def __iter__(self):
                observer.guarded(observer.variables)
                return super().__iter__()

        Environ.__name__, Environ.__qualname__, Environ.__module__ = "_Environ", "_Environ", "os"
        os.environ.__class__ = Environ
        if hasattr(os, "environb"):
            os.environb.__class__ = Environ

    def variable(self, name):
        if not isinstance(name, (str, bytes)):
            return  # the environment itself reports it
        name = os.fsdecode(name)
        # What a library reads while it is imported is a setting of it. %env reads for the cell.
        if name not in self.assigned and (self.asks() == OS_MAGICS or self.by_user(kernel=False, imports=name not in SESSION)):
            self.reads[("environment", name)] = True

    def variables(self):
        if self.asks() != OS_MAGICS and not self.by_user(kernel=False):
            return
        if not any(module.startswith(STARTERS) for _, module in self.frames()):
            self.reason("environment", "all environment variables")

    # The code of cells and modules.

    def before(self, info):
        self.code = None
        try:
            self.code = self.shell.transform_cell(info.raw_cell or "")
        except Exception:
            pass  # the cell fails with the same error

    def inspect(self, code, where=""):
        found = _syntax.inspect(code, where)
        self.details = self.details or found.details
        for kind, text in found.reasons.items():
            self.reason(kind, text)

    def new_modules(self):
        suffixes = tuple(importlib.machinery.EXTENSION_SUFFIXES)
        for name in [n for n in list(sys.modules) if n not in self.modules]:
            self.modules.add(name)
            file = getattr(sys.modules.get(name), "__file__", None)
            if not isinstance(file, str) or file.startswith(self.cells):
                continue
            file = os.path.abspath(file)
            top = name.split(".")[0]
            if file.endswith(suffixes) and top not in COMPILED and not top.endswith("__mypyc") and not self.is_stdlib(file):
                self.reason("unseen", f"{top}, which may read files by itself")
            if is_below(file, self.ignored):
                continue
            if file not in self.written:
                self.reads[("file", file)] = True
            if file.endswith(".py"):
                self.sources.add(file)
        for file in sorted(self.sources):
            try:
                with builtins.open(file, "rb") as f:
                    self.inspect(f.read(), f", in {os.path.basename(file)}")
            except OSError:
                pass
        self.sources.clear()
        # A module that does not exist may exist later.
        for top in self.tried:
            if top not in sys.modules:
                for folder in dict.fromkeys(os.path.abspath(p or ".") for p in sys.path if not (p + os.sep).startswith(self.libraries)):
                    if os.path.isdir(folder):
                        self.reads[("status", os.path.join(folder, top + ".py"))] = True
                        self.reads[("status", os.path.join(folder, top))] = True
        self.tried.clear()
        for top in _syntax.UNSEEN - {"cffi", "ctypes", "pyarrow"}:
            if top in sys.modules:
                self.reason("unseen", f"{top}, which reads files by itself")
        for top in _syntax.NETWORK:
            if top in sys.modules:
                self.reason("network", f"{top}, which uses the network")

    def after(self, *_):
        self.local.busy = True
        try:
            with self.lock:
                if self.code:
                    self.inspect(self.code)
                self.new_modules()
                self.forget_written()
                kinds = {"status": "details", "listing": "listing"} if self.details else {}
                reads = [{"kind": kinds.get(kind, kind), "name": name} for kind, name in sorted(self.reads)]
                line = json.dumps({"reads": reads, "reasons": list(self.reasons.values())})
                self.reads, self.reasons = {}, {}
            with builtins.open(self.file, "a", encoding="utf-8") as f:
                f.write(line + "\n")
        finally:
            self.local.busy = False
