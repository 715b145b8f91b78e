"""Compares reportgen with other tools on notebooks of the kinds that users report as broken.

    peers.py REPORTGEN peers.md            writes a table of small notebooks made here, one a class
    peers.py REPORTGEN --cases FOLDER      runs the cases in a folder and prints right or wrong for each

Every tool runs each notebook itself. A result is right, wrong, lost (what the cell shows is not in the result) or
failed (no result, or an exit status other than 0). Run it with the Python of an environment that has the packages of
requirements.txt.
"""

import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg==")
PICTURE = r'<(?:img[^>]+src="(?:data:|pic|\.\./)|svg)'


def has(*patterns):
    return lambda page: all(re.search(p, page, re.S) for p in patterns)


def markdown(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source, **metadata):
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": [], "execution_count": None}


# Each class: its name, the cells, whether the page is right, and whether what it should show is lost.
CLASSES = [
    ("overline in a formula", [markdown(r"# A" "\n\n" r"$\overline{A \cup B}$")],
     has(r"tml-overline|\\overline|<mover"), lambda p: "cup" not in p and "∪" not in p),
    ("formula as output", [code(r'from IPython.display import Latex' "\n" r'Latex(r"$\frac{x}{2}$")')],
     has(r"\\frac|<mfrac"), has(r"Latex object")),
    ("eqnarray and mbox", [markdown("\\begin{eqnarray}a &=& \\mbox{left}\\end{eqnarray}")],
     has(r"<mtable|eqnarray", "left"), lambda p: "left" not in p),
    ("picture as HTML in prose", [markdown('<img src="pic.png" alt="A dot">')], has(PICTURE), lambda p: "<img" not in p),
    ("picture beside the folder", [markdown("![A dot](../images/dot.png)")], has(PICTURE), lambda p: "<img" not in p),
    ("picture without alt text", [code("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")], has(r"<img|<svg"), lambda p: "<img" not in p and "<svg" not in p),
    ("alt text in metadata", [code("import matplotlib.pyplot as plt\nfrom IPython.display import display\nf, a = plt.subplots()\na.plot([1, 2])\n"
                                   "display(f, metadata={'image/png': {'alt': 'Two points'}})\nplt.close(f)")],
     has(r'(?:alt|aria-label)="Two points'), lambda p: "Two points" not in p.split("display(f", 1)[-1][40:]),
    ("size of a picture", [code("import base64\nfrom IPython.display import Image\nImage(base64.b64decode('%s'), width=23)" % base64.b64encode(PIXEL).decode())],
     has(r'width(?:="?|: ?)23'), lambda p: "<img" not in p),
    ("anchor in prose", [markdown('<a id="prep"></a>\n\n## Prepare\n\n[back](#prep)')], has(r'id="[^"]*prep"', r'href="#[^"]*prep"'), lambda p: "back" not in p),
    ("details", [markdown("<details><summary>More</summary>\n\nhidden text\n\n</details>")], has(r"<details", "hidden text"), lambda p: "hidden text" not in p),
    ("cell that may fail", [code("#| error: true\n1/0"), code('print("after" + "wards")')], has("afterwards", "ZeroDivisionError"), lambda p: "ZeroDivisionError" not in p),
    ("list as parameter", [code("names = []", tags=["parameters"]), code('print("last:", names[-1], len(names))')], has("last: b,c 2"), lambda p: "last:" not in p),
    ("directives of nbdev", [code("#|default_exp core"), code('#|hide\nprint("hid" + "den")'), code('#|export\n#| echo: false\nprint("sho" + "wn")')],
     lambda p: not re.search(r">\s*hidden\s*<", p) and re.search(r">\s*shown\s*<", p), lambda p: "shown" not in p),
    ("caption of a Markdown table", [code('#| label: tbl-x\n#| tbl-cap: Hosts by flows\nfrom IPython.display import Markdown\nMarkdown("|h|n|\\n|--|--|\\n|a|17|")')],
     has(r"Table (?:\S+ )?1", r">17<"), lambda p: ">17<" not in p),
    ("progress bar", [code("from tqdm.notebook import tqdm\nfor i in tqdm(range(3)):\n    pass")], has(r"3/3"), lambda p: "tqdm" in p and "/3" not in p),
    ("chart of plotly", [code("import plotly.express as px\npx.bar(x=[1, 2], y=[3, 4])")],
     has(r"<svg[^>]*(?:main-svg|class)|Plotly.newPlot|<img|not shown|cannot be shown|needs JavaScript"), lambda p: "Plotly" not in p and "<svg" not in p and "<img" not in p),
    ("chart of altair", [code("import altair as alt, pandas as pd\nalt.Chart(pd.DataFrame({'a': [1], 'b': [2]})).mark_bar().encode(x='a', y='b')")],
     has(r"vegaEmbed|<svg|<img|not shown|cannot be shown|needs JavaScript"), lambda p: "vega" not in p.lower() and "<svg" not in p),
    ("256 colours", [code(r'print("\033[38;5;196mred\033[0m")')], has(r"rgb\(255, ?0, ?0\)|#[ef][0-9a-f]0000|#f00\b"), lambda p: ">red<" not in p),
    ("JSON as output", [code('from IPython.display import JSON\nJSON({"answer": 42})')], has(r"answer", r"42", r"answer(?!.{0,4}:.{0,4}42\}\))"), lambda p: "JSON object" in p),
    ("attachment", [dict(markdown("![A dot](attachment:dot.png)"), attachments={"dot.png": {"image/png": base64.b64encode(PIXEL).decode()}})],
     has(r'src="data:image/png'), lambda p: "<img" not in p),
]


def notebook(cells):
    cells = [dict(c, id="c%d" % i) for i, c in enumerate(cells)]
    return {"nbformat": 4, "nbformat_minor": 5, "cells": cells,
            "metadata": {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}}


PARAMETER = '["a","b,c"]'


def reportgen(program, folder):
    has_parameter = "names = []" in (folder / "nb" / "a.ipynb").read_text()
    args = ["-p", "names=" + PARAMETER] if has_parameter else []
    return [[program, "run", "--no-cache", "--to", "html", "-o", "out", *args, "nb"]], "out/index.html"


def nbconvert(_, folder):
    return [[sys.executable, "-m", "nbconvert", "--to", "html", "--execute", "--embed-images", "nb/a.ipynb"]], "nb/a.html"


def papermill(_, folder):
    has_parameter = "names = []" in (folder / "nb" / "a.ipynb").read_text()
    args = ["-p", "names", PARAMETER] if has_parameter else []
    return [[sys.executable, "-m", "papermill", "--cwd", "nb", "nb/a.ipynb", "nb/run.ipynb", *args],
            [sys.executable, "-m", "nbconvert", "--to", "html", "nb/run.ipynb"]], "nb/run.html"


def result(tool, program, cells, right, lost):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for sub in ("nb", "images", "home"):
            (folder / sub).mkdir()
        (folder / "nb" / "a.ipynb").write_text(json.dumps(notebook([markdown("# Title"), *cells])))
        (folder / "nb" / "pic.png").write_bytes(PIXEL)
        (folder / "images" / "dot.png").write_bytes(PIXEL)
        env = dict(os.environ, HOME=str(folder / "home"), JUPYTER_PATH=os.path.join(sys.prefix, "share", "jupyter"),
                   PATH=os.path.join(sys.prefix, "bin") + os.pathsep + os.environ["PATH"])
        commands, page = tool(program, folder)
        for command in commands:
            try:
                done = subprocess.run(command, cwd=folder, env=env, capture_output=True, timeout=180)
            except (subprocess.TimeoutExpired, OSError):
                return "failed"
            if done.returncode != 0:
                return "failed"
        try:
            text = (folder / page).read_text()
        except OSError:
            return "failed"
        # The head of the page is not content.
        text = re.sub(r"(?s)^.*?<body|<head>.*?</head>", "", text, count=1) if "<body" in text else text
        return "right" if right(text) else "lost" if lost(text) else "wrong"


def table(program, out):
    tools = [("reportgen", reportgen), ("nbconvert", nbconvert), ("papermill", papermill)]
    lines = ["# Notebooks of others, compared with other tools", "",
             "Made by `make peers`, which runs each notebook with each tool. *Right*: the page shows what JupyterLab shows. *Wrong*:",
             "it shows something else. *Lost*: what the cell shows is not there. *Failed*: no page, or an exit status other than 0.",
             "papermill has no pages of its own; nbconvert makes one of the notebook that it ran. mystmd is not in the table: its pages",
             "need a theme that it downloads when it builds them.", "",
             "| class | " + " | ".join(n for n, _ in tools) + " |", "|---|" + "---|" * len(tools)]
    behind = []
    for name, cells, right, lost in CLASSES:
        results = [result(tool, program, cells, right, lost) for _, tool in tools]
        lines.append("| %s | %s |" % (name, " | ".join(results)))
        print(lines[-1], flush=True)
        if results[0] != "right" and "right" in results[1:]:
            behind.append(name)
    lines += ["", "Rows where another tool is right and reportgen is not: %s." % (", ".join(behind) or "none")]
    pathlib.Path(out).write_text("\n".join(lines) + "\n")
    print(lines[-1])


# The right result of each case, as a pattern of what its script prints and one of what it must not print.
CASES = {
    "02": (r"NEW[\s\S]*check-cache=0[\s\S]*check=0", r"OLD"), "03": (r"rc=0[\s\S]*(?:<img|!\[)", r"rc=1"),
    "04": (r"rc=0[\s\S]*\$", r"object>"), "06": (r"rc=0", r"rc=1"), "07": (r"'q,r'[\s\S]*9", r"\['p', ?'q', ?'r'\]"),
    "08": (r"rc=0", r"leads nowhere"), "09": (r"rc=0", r"nb\.Alt"), "10": (r"rc=0[\s\S]*index\.html", r"busy"), "11": (r"rc=0", r"rc=2"),
    "12": (r"Pages: +[12]\n[\s\S]*[1-9]\d*\n", r"^$"), "13": (r"rc=0[\s\S]*!\[", r"rc=1"), "14": (r"width: ?298px[\s\S]*width: ?20px", r"^$"), "15": (r"rc=0[\s\S]*20/20", r" 0/20"),
    "16": (r"rc=0", r"hidden"), "17": (r"rc=0[\s\S]*Table", r"tbl-\w+\?"), "19": (r"rc=0", r"rc=[12]"), "20": (r"King Jr", r"and others"),
    "22": (r"rc=0", r"rc=1"), "23": (r"rc=0[\s\S]*warning|warning[\s\S]*rc=0", r"Error loading script"), "26": (r"(?=[\s\S]*warning)(?=[\s\S]*rc=0)", r"rc=1"),
    "01": (r"\.tml-overline *\{[^}]*border-top|<mover", r"^$"), "27": (r"rgb|#[0-9a-f]{3,6}|fg-|color", r"^$"),
}



def cases(program, folder):
    wrong = 0
    for case in sorted(pathlib.Path(folder).iterdir()):
        if not (case / "run.sh").exists():
            continue
        with tempfile.TemporaryDirectory() as cache:
            env = dict(os.environ, RG=os.path.abspath(program), FLOWBOOK_CACHE=cache + "/cache", TMPDIR=cache, JUPYTER_PATH=os.path.join(sys.prefix, "share", "jupyter"),
                       PATH=os.path.join(sys.prefix, "bin") + os.pathsep + os.environ["PATH"])
            if case.name.startswith("11"):
                del env["FLOWBOOK_CACHE"]
            try:
                done = subprocess.run(["bash", "run.sh"], cwd=case, env=env, capture_output=True, text=True, timeout=300)
                printed = done.stdout
                said = printed + done.stderr
            except subprocess.TimeoutExpired:
                printed = said = "timeout"
            # The scripts work in a copy in TMPDIR.
            for page in pathlib.Path(cache).glob("*/out/index.html"):
                said += page.read_text()
        must, not_ = CASES.get(case.name[:2], (r"rc=0", r"rc=[1-9]"))
        right = re.search(must, said) and not (not_ != "^$" and re.search(not_, printed))
        wrong += not right
        print("%-32s %s" % (case.name, "right" if right else "wrong"), flush=True)
    print("%d wrong" % wrong)
    return wrong


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[2] == "--cases":
        sys.exit(1 if cases(sys.argv[1], sys.argv[3]) else 0)
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    table(os.path.abspath(sys.argv[1]), sys.argv[2])
