package kernel

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ipythonConfig is the configuration of IPython's kernel. Half of what a kernel
// costs is its start and its end, and much of that is for people: the debugger,
// which nobody attaches to a report (a cell may import it all the same); the
// history, which nbclient keeps in memory, too; and what the collector of garbage
// does with modules that live as long as the kernel.
const ipythonConfig = `import gc
import sys

if "debugpy" not in sys.modules:
    sys.modules["debugpy"] = None
    try:
        import ipykernel.debugger
    except ImportError:
        pass
    finally:
        del sys.modules["debugpy"]

c = get_config()
c.HistoryManager.hist_file = ":memory:"
if hasattr(gc, "freeze"):
    gc.freeze()
`

// ipythonDir is the folder of IPython's profiles. Kernels in parallel must not share
// history and caches, nor leave any beside the notebook.
func (k *Kernel) ipythonDir() string { return filepath.Join(k.dir, "tmp", "ipython") }

// configureIPython writes the configuration where the kernel may be IPython's.
func (k *Kernel) configureIPython() error {
	if !strings.EqualFold(k.opts.Spec.Language, "python") {
		return nil
	}
	profile := filepath.Join(k.ipythonDir(), "profile_default")
	if err := os.MkdirAll(profile, 0o700); err != nil {
		return fmt.Errorf("write IPython's configuration: %w", err)
	}
	if err := os.WriteFile(filepath.Join(profile, "ipython_kernel_config.py"), []byte(ipythonConfig), 0o600); err != nil {
		return fmt.Errorf("write IPython's configuration: %w", err)
	}
	return nil
}
