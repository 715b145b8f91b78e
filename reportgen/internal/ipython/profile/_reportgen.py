"""What reportgen adds to IPython's kernel.

Children keeps the output of child processes in order. Observer finds what each cell
reads, so that its outputs can be cached and are never stale.
"""

import ast
import builtins
import codecs
import json
import os
import site
import sys
import sysconfig
import threading
import uuid

# Audit events of child processes.
CHILDREN = {
    "subprocess.Popen", "os.system", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.exec", "pty.spawn",
}

# Audit events of the network.
NETWORK = {
    "socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname",
    "socket.gethostbyaddr",
}

# It ends what was written to a pipe so far.
MARK = uuid.uuid4().bytes


class Stream:
    """A stream of ipykernel with a pipe in place of its own.

    ipykernel reads what child processes write to stdout and stderr in a thread, and
    gives it to the cell that runs when it arrives. Here the kernel waits at the end of
    a cell, and before it prints after a child process, until all of it has been read.
    """

    def __init__(self, stream):
        self.stream = stream
        self.seen = threading.Event()
        self.children = False  # a child process was started since the last wait
        self.pid = os.getpid()
        self.fid, pipe = os.pipe()
        os.dup2(pipe, stream._original_stdstream_fd)
        os.close(pipe)
        self.write = stream.write
        stream.write = self.ordered_write
        self.thread = threading.Thread(target=self.watch, daemon=True)
        stream.watch_fd_thread = self.thread  # which the stream joins when it is closed
        self.thread.start()

    def watch(self):
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        pending = b""
        while True:
            try:
                data = os.read(self.fid, 1 << 16)
            except OSError:
                return
            if not data or not self.stream._should_watch:
                return
            *whole, pending = (pending + data).split(MARK)
            for part in whole:
                self.publish(decoder.decode(part), part)
                self.seen.set()
            # The pending bytes may end with the beginning of a mark.
            keep = next((n for n in range(min(len(MARK) - 1, len(pending)), 0, -1) if MARK.startswith(pending[-n:])), 0)
            part, pending = pending[: len(pending) - keep], pending[len(pending) - keep :]
            self.publish(decoder.decode(part), part)

    def publish(self, text, data):
        if text:
            self.write(text)
        if data:
            os.write(self.stream._original_stdstream_copy, data)

    def wait(self):
        """Waits until what was written to the pipe is read."""
        self.children = False
        if not self.thread.is_alive() or threading.current_thread() is self.thread or os.getpid() != self.pid:
            return
        self.seen.clear()
        os.write(self.stream._original_stdstream_fd, MARK)
        self.seen.wait(10)

    def ordered_write(self, text):
        if self.children:
            self.wait()
        return self.write(text)


# Names of functions that read the clock, as attributes or imported names.
CLOCK = {
    "now", "utcnow", "today", "time_ns", "perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns", "process_time",
    "process_time_ns", "thread_time", "default_timer",
}

# Those that read it only without arguments.
CLOCK_WITHOUT_ARGUMENTS = {"localtime", "gmtime", "ctime"}

# Libraries that open files or connections without Python, which no audit event reports.
UNSEEN = {
    "cv2", "duckdb", "fiona", "geopandas", "h5py", "netCDF4", "osgeo", "polars", "pyogrio", "rasterio", "soundfile", "tables",
    "tensorflow", "vaex", "xarray", "ctypes", "cffi",
}
UNSEEN_NETWORK = {"grpc", "MySQLdb", "oracledb", "psycopg", "psycopg2", "pycurl", "pymssql", "pyodbc"}

# Packages of the kernel itself.
KERNEL = (
    "IPython", "ipykernel", "jupyter_client", "jupyter_core", "traitlets", "tornado", "zmq", "comm", "matplotlib_inline",
)


def folders(paths):
    found = set()
    for p in paths:
        if p:
            for q in (os.path.abspath(p), os.path.realpath(p)):
                found.add(q.rstrip(os.sep) + os.sep)
    return tuple(found)


class Observer:
    def __init__(self, shell, file):
        self.shell, self.file = shell, file
        self.pid = os.getpid()
        self.lock = threading.RLock()
        self.local = threading.local()
        paths = sysconfig.get_paths()
        self.site = [p for p in sys.path if os.path.basename(p.rstrip(os.sep)) in ("site-packages", "dist-packages")]
        self.site += [paths["purelib"], paths["platlib"]]
        self.stdlib = folders([paths["stdlib"], paths["platstdlib"]])
        if sys.prefix != sys.base_prefix:
            self.site.append(sys.prefix)
        self.libraries = folders([*self.site, site.getusersitepackages()]) + self.stdlib
        own = os.path.dirname(os.path.abspath(file))  # the kernel's private folder
        self.ignored = self.libraries + folders(["/proc", "/sys", "/dev", own, os.path.dirname(os.path.abspath(__file__))])
        self.cells = folders([os.path.join(os.environ.get("TMPDIR", "/tmp"), f"ipykernel_{self.pid}")])
        self.modules = set(sys.modules)
        self.written, self.assigned = set(), set()
        self.reads = {}  # cells read site packages through their imports
        for p in dict.fromkeys(p for p in self.site if os.path.isdir(p)):
            self.reads[("listing", os.path.abspath(p))] = True
        self.reasons = {}
        self.tried = set()
        self.handlers = {
            "open": self.opened, "os.listdir": self.listed, "os.scandir": self.listed, "sqlite3.connect": self.database,
            "import": self.imported, "os.rename": self.renamed,
        }
        self.handlers.update({e: self.child for e in CHILDREN})
        self.handlers.update({e: self.network for e in NETWORK})
        self.patch_environment()
        self.patch_stat()
        shell.events.register("pre_run_cell", self.before)
        shell.events.register("post_run_cell", self.after)
        sys.addaudithook(self.audit)

    def audit(self, event, args):
        handler = self.handlers.get(event)
        if handler is None or getattr(self.local, "busy", False) or os.getpid() != self.pid:
            return
        self.local.busy = True
        try:
            with self.lock:
                handler(args)
        except Exception as e:  # an audit hook must not break the cell
            self.reasons.setdefault("observer", f"{type(e).__name__}: {e}")
        finally:
            self.local.busy = False

    # Whose code it is.

    def is_user(self, filename):
        if filename.startswith("<"):
            return False
        return filename.startswith(self.cells) or not filename.startswith(self.libraries)

    def by_user(self, kernel=True):
        """Whether the event comes from the user's code, and not from the import of a library.

        With kernel=False, what the kernel's own packages do does not count.
        """
        frame = sys._getframe(1)
        innermost = True  # all frames so far are of the standard library
        while frame is not None:
            name = frame.f_code.co_filename
            module = frame.f_globals.get("__name__") or ""
            if name == "<frozen importlib._bootstrap>":
                return False
            if module == "_reportgen" or name.startswith("<"):
                pass
            elif self.is_user(name):
                return True
            elif not name.startswith(self.stdlib):
                if innermost and not kernel and module.split(".")[0] in KERNEL:
                    return False
                innermost = False
            frame = frame.f_back
        return True

    # What is read.

    def path(self, path):
        if isinstance(path, int) or path is None:
            return None
        path = os.path.abspath(os.fsdecode(path))  # links are followed when it is compared
        if (path + os.sep).startswith(self.ignored) or path in self.written:
            return None
        return path

    def read(self, kind, path):
        path = self.path(path)
        if path is not None:
            self.reads[(kind, path)] = True

    def opened(self, args):
        path, mode, flags = args
        if mode is None:
            writes = bool(flags & (os.O_WRONLY | os.O_RDWR)) and bool(flags & (os.O_CREAT | os.O_TRUNC | os.O_WRONLY))
            reads = not flags & os.O_WRONLY and not flags & os.O_TRUNC
        else:
            writes = any(c in mode for c in "wax+")
            reads = not any(c in mode for c in "wx")
        if isinstance(path, int) or path is None:
            return
        if reads:
            self.read("file", path)
        if writes:
            self.written.add(os.path.abspath(os.fsdecode(path)))

    def renamed(self, args):
        self.written.add(os.path.abspath(os.fsdecode(args[1])))

    def listed(self, args):
        if not self.by_import():
            self.read("listing", "." if args[0] is None else args[0])

    def by_import(self):
        """Whether the import of a module, or the search for installed packages, reads it."""
        frame = sys._getframe(1)
        while frame is not None and frame.f_globals.get("__name__") == "_reportgen":
            frame = frame.f_back
        if frame is None:
            return False
        module = frame.f_globals.get("__name__") or ""
        return frame.f_code.co_filename.startswith("<frozen importlib") or module.split(".")[0] in ("importlib", "pkg_resources", "pkgutil")

    def database(self, args):
        name = os.fsdecode(args[0]) if not isinstance(args[0], str) else args[0]
        if name.startswith("file:"):
            self.reasons.setdefault("unseen", "a database that is opened by URI")
        elif name not in ("", ":memory:"):
            self.read("file", name)

    def imported(self, args):
        self.tried.add(args[0].split(".")[0])

    def child(self, _):
        for s in streams:
            s.children = True
        if self.by_user():
            self.reasons.setdefault("child", "a child process")

    def network(self, _):
        if self.by_user():
            self.reasons.setdefault("network", "the network")

    def patch_environment(self):
        observer = self

        class Environ(os._Environ):
            def __getitem__(self, key):
                observer.variable(key)
                return super().__getitem__(key)

            def __contains__(self, key):
                observer.variable(key)
                return super().__contains__(key)

            def __setitem__(self, key, value):
                observer.assigned.add(os.fsdecode(key))
                super().__setitem__(key, value)

            def __delitem__(self, key):
                observer.assigned.add(os.fsdecode(key))
                super().__delitem__(key)

            def __iter__(self):
                observer.variable(None)
                return super().__iter__()

        Environ.__name__, Environ.__qualname__, Environ.__module__ = "_Environ", "_Environ", "os"
        os.environ.__class__ = Environ
        if hasattr(os, "environb"):
            os.environb.__class__ = Environ

    def variable(self, name):
        if getattr(self.local, "busy", False) or os.getpid() != self.pid:
            return
        self.local.busy = True
        try:
            with self.lock:
                if name is None:
                    if self.by_user(kernel=False) and not self.starts_child():
                        self.reasons.setdefault("environment", "all environment variables")
                    return
                name = os.fsdecode(name)
                if name not in self.assigned and self.by_user(kernel=False):
                    self.reads[("environment", name)] = True
        except Exception:  # a key that is not a string: the environment itself reports it
            pass
        finally:
            self.local.busy = False

    def starts_child(self):
        """Whether the variables are listed for a child process, which is a reason of its own."""
        frame = sys._getframe(2)
        while frame is not None:
            if frame.f_globals.get("__name__") in ("subprocess", "multiprocessing.popen_fork"):
                return True
            frame = frame.f_back
        return False

    def patch_stat(self):
        observer = self

        def wrap(function):
            def stat(path, *args, **kwargs):
                if not getattr(observer.local, "busy", False) and os.getpid() == observer.pid and kwargs.get("dir_fd") is None:
                    observer.local.busy = True
                    try:
                        with observer.lock:
                            if not observer.by_import() and observer.by_user(kernel=False):
                                observer.read("status", path)
                    except Exception:  # a path of the wrong type: the function itself reports it
                        pass
                    finally:
                        observer.local.busy = False
                return function(path, *args, **kwargs)

            stat.__name__, stat.__doc__ = function.__name__, function.__doc__
            for supported in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks):
                if function in supported:
                    supported.add(stat)
            return stat

        os.stat, os.lstat = wrap(os.stat), wrap(os.lstat)

    # The code of cells and modules.

    def before(self, info):
        self.code = None
        try:
            self.code = self.shell.transform_cell(info.raw_cell or "")
        except Exception:
            pass  # the cell fails with the same error

    def inspect(self, code, where):
        try:
            tree = ast.parse(code)
        except (SyntaxError, ValueError):
            return
        clock = set()
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                for name in names:
                    top = name.split(".")[0]
                    if top in UNSEEN or top == "pyarrow":
                        self.reasons.setdefault("unseen", f"{top}, which reads files by itself")
                    if top in UNSEEN_NETWORK:
                        self.reasons.setdefault("network", f"{top}, which uses the network")
                if isinstance(node, ast.ImportFrom) and node.module in ("time", "timeit"):
                    clock |= {a.asname or a.name for a in node.names if a.name in CLOCK | CLOCK_WITHOUT_ARGUMENTS | {"time"}}
            if isinstance(node, ast.Call) and self.reads_clock(node, clock):
                self.reasons.setdefault("clock", f"the clock{where}")

    def reads_clock(self, call, names):
        f = call.func
        if isinstance(f, ast.Attribute):
            if f.attr in CLOCK or f.attr in CLOCK_WITHOUT_ARGUMENTS and not call.args:
                return True
            if f.attr == "time" and isinstance(f.value, ast.Name) and f.value.id == "time":
                return True
            if f.attr == "strftime" and isinstance(f.value, ast.Name) and f.value.id == "time" and len(call.args) < 2:
                return True
            if f.attr in ("run_line_magic", "run_cell_magic") and call.args and isinstance(call.args[0], ast.Constant):
                if call.args[0].value in ("time", "timeit", "prun"):
                    return True
        elif isinstance(f, ast.Name) and f.id in names:
            return True
        return any(isinstance(a, ast.Constant) and a.value in ("now", "today") for a in call.args)

    def new_modules(self):
        for name in [n for n in list(sys.modules) if n not in self.modules]:
            self.modules.add(name)
            module = sys.modules.get(name)
            file = getattr(module, "__file__", None)
            if not isinstance(file, str) or file.startswith(self.ignored) or file.startswith(self.cells):
                continue
            file = os.path.abspath(file)
            if file not in self.written:
                self.reads[("file", file)] = True
            if file.endswith(".py"):
                try:
                    with open(file, "rb") as f:
                        self.inspect(f.read(), f", in {os.path.basename(file)}")
                except OSError:
                    pass
        # A module that does not exist may exist later.
        for top in self.tried:
            if top not in sys.modules:
                for folder in dict.fromkeys(os.path.abspath(p or ".") for p in sys.path if not (p + os.sep).startswith(self.libraries)):
                    if os.path.isdir(folder):
                        self.reads[("status", os.path.join(folder, top + ".py"))] = True
                        self.reads[("status", os.path.join(folder, top))] = True
        self.tried.clear()
        for name in UNSEEN - {"ctypes", "cffi"}:
            if name in sys.modules:
                self.reasons.setdefault("unseen", f"{name}, which reads files by itself")
        for name in UNSEEN_NETWORK:
            if name in sys.modules:
                self.reasons.setdefault("network", f"{name}, which uses the network")

    def after(self, *_):
        self.local.busy = True
        try:
            with self.lock:
                if self.code:
                    self.inspect(self.code, "")
                self.new_modules()
                reads = [{"kind": kind, "name": name} for kind, name in sorted(self.reads)]
                line = json.dumps({"reads": reads, "reasons": list(self.reasons.values())})
                self.reads, self.reasons = {}, {}
            with builtins.open(self.file, "a", encoding="utf-8") as f:
                f.write(line + "\n")
        finally:
            self.local.busy = False


streams = []


def after_cell(*_):
    for s in streams:
        s.wait()


def load_ipython_extension(shell):
    for stream in (sys.stdout, sys.stderr):
        if getattr(stream, "_should_watch", False) and hasattr(stream, "watch_fd_thread"):
            streams.append(Stream(stream))
    if streams:
        shell.events.register("post_run_cell", after_cell)
    Observer(shell, os.environ["REPORTGEN_OBSERVED"])
