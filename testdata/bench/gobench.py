"""Go's own benchmarks, in Go's own form, and beside those of another commit."""

import os
import pathlib
import re
import subprocess

import measure


def packages(root):
    """The folders with benchmarks, but those that need kernels or files that make bench gives them by name."""
    tests = (path for part in ("pkg", "reportgen") for path in (root / part).rglob("*_test.go") if "testdata" not in path.parts)
    return sorted({path.parent.relative_to(root) for path in tests if re.search(r"^func Benchmark", path.read_text(), re.M)} - {pathlib.Path("reportgen")})


def build(root, folder):
    """Builds the benchmarks of a work tree; by package, the program."""
    folder.mkdir(parents=True, exist_ok=True)
    programs = {}
    for package in packages(root):
        programs[package] = folder / (str(package).replace("/", "-") + ".test")
        measure.must(["go", "test", "-c", "-o", programs[package], f"./{package}"], cwd=root)
    return programs


def once(root, programs, out):
    """Runs every benchmark once and adds what it prints to a file."""
    for package, program in programs.items():
        done = subprocess.run([program, "-test.run", "^$", "-test.bench", ".", "-test.benchmem", "-test.benchtime", "100ms"],
                              cwd=root / package, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise SystemExit(f"the benchmarks of {package} in {root}: exit status {done.returncode}\n{done.stdout[-2000:]}")
        out.write(done.stdout)


def run(bench, base=None):
    """Runs them several times over, with those of the commit base in turn, and returns what benchstat says of them."""
    trees = {"now": bench.root}
    work = bench.folder / "base"
    if base:
        trees = {"base": work} | trees
        subprocess.run(["git", "worktree", "remove", "--force", work], cwd=bench.root, stderr=subprocess.DEVNULL)
        measure.must(["git", "worktree", "add", "--quiet", "--detach", work, base], cwd=bench.root)
    try:
        programs = {name: build(root, bench.folder / f"tests-{name}") for name, root in trees.items()}
        files = {name: bench.folder / f"go-bench-{name}.txt" for name in trees}
        for file in files.values():
            file.unlink(missing_ok=True)
        for n in range(bench.go_rounds):
            measure.say(f"Go's benchmarks, round {n + 1} of {bench.go_rounds}")
            for name, root in trees.items():
                with open(files[name], "a") as out:
                    once(root, programs[name], out)
    finally:
        if base:
            measure.must(["git", "worktree", "remove", "--force", work], cwd=bench.root)
    only = [] if base else ["-filter", ".unit:sec/op"]
    return measure.must([os.environ["BENCHSTAT"], *only, *(f"{name}={file}" for name, file in files.items())])
