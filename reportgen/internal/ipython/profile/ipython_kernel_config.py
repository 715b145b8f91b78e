# The configuration of IPython's kernel for reports. It leaves out what only a user at
# the keyboard needs and what takes much of the time of the kernel's start and end:
# the debugger, which a cell may still import; the history on disk; and the garbage
# collection of modules that live as long as the kernel.
import gc
import importlib.util
import os
import sys

if "debugpy" not in sys.modules:
    sys.modules["debugpy"] = None
    try:
        import ipykernel.debugger
    except ImportError:
        pass
    finally:
        del sys.modules["debugpy"]

for name in ("_syntax", "_observer", "_reportgen"):
    spec = importlib.util.spec_from_file_location(name, os.path.join(os.path.dirname(__file__), name + ".py"))
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])

c = get_config()
c.HistoryManager.hist_file = ":memory:"
c.InteractiveShellApp.extensions = ["_reportgen"]
if hasattr(gc, "freeze"):
    gc.freeze()
