"""Compares reportgen with other tools on notebooks of the kinds that users report as broken.

    peers.py REPORTGEN peers.md [TOOL]     writes a table of small notebooks made here, one a class; with the name of a
                                           tool, only its column is measured again
    peers.py REPORTGEN --cases FOLDER      runs the cases in a folder that have a script, those of notebooks or of
                                           hardening, and prints right or wrong for each

Every tool runs each notebook itself. A result is right, wrong, lost (what the cell shows is not in the result) or
failed (no result, or an exit status other than 0). Run it with the Python of an environment that has the packages of
requirements.txt.
"""

import base64
import concurrent.futures
import itertools
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg==")
PICTURE = r'<(?:img[^>]+src="(?:data:|pic|\.\./)|svg)'


def has(*patterns):
    return lambda page: all(re.search(p, page, re.S) for p in patterns)


def markdown(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source, **metadata):
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": [], "execution_count": None}


# A picture of a chart, and a page without any.
DRAWN = r"<svg|<img[^>]+src=\"data:image/png"
BLANK = lambda p: not re.search(DRAWN + r"|not shown|Plotly|vega|docs_json", p)

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
    ("progress bar that goes away", [code("from tqdm.notebook import tqdm\nfor i in tqdm(range(3), leave=False):\n    pass\nprint('do' + 'ne')")],
     lambda p: re.search(r">\s*done\s*<", p) and not re.search(r"0/3|0%", p), lambda p: not re.search(r">\s*done\s*<", p)),
    ("tabs of widgets", [code("import ipywidgets as w\nt = w.Tab([w.HTML('on' + 'e'), w.HTML('tw' + 'o')])\nt.titles = ('First', 'Second')\nt")],
     lambda p: all(re.search(r">[^<]*\b%s\b" % word, re.sub(r"(?s)<pre.*?</pre>|<script.*?</script>", "", p)) for word in ("one", "two", "First", "Second")),
     lambda p: "one" not in re.sub(r"(?s)<pre.*?</pre>", "", p)),
    ("chart of plotly", [code("import plotly.express as px\npx.bar(x=[1, 2], y=[3, 4])")], has(DRAWN + r"|Plotly\.newPlot\("), BLANK),
    ("chart of altair", [code("import altair as alt, pandas as pd\nalt.Chart(pd.DataFrame({'a': [1], 'b': [2]})).mark_bar().encode(x='a', y='b')")], has(DRAWN + r"|vegaEmbed\("), BLANK),
    ("chart of Bokeh", [code("from bokeh.plotting import figure, show, output_notebook\noutput_notebook()\np = figure(width=200, height=200)\np.line([1, 2], [3, 4])\nshow(p)")],
     has(DRAWN + r"|embed_document|docs_json"), BLANK),
    ("formula in a table", [markdown("| f | n |\n|---|---|\n| $P(A|B)$ | seven |")],
     has(r"<td[^>]*>\s*seven"), lambda p: "seven" not in p),
    ("reference to a formula", [markdown("\\begin{equation}\\label{eq:one} a = b\\end{equation}\n\nsee \\eqref{eq:one}")],
     has(r'href="#[^"]*one[^"]*"[^>]*>\(?(?:1\.)?1\)?<|\\label\{eq:one\}.*\\eqref\{eq:one\}'), lambda p: "see" not in p),
    ("link by reference", [markdown("[text][ref]\n\n[ref]: https://example.org/x \"title\"")], has(r'href="https://example.org/x"'), lambda p: ">text<" not in p),
    ("link to a file", [markdown("[the data](data.csv)")], lambda p: re.search(r'href="[^"]*data[^"/]*\.csv"', p) and "FILES: data.csv" in p, lambda p: "the data" not in p),
    ("sound", [code("from IPython.display import Audio\nAudio([0.0, 0.5] * 400, rate=8000)")], has(r'<audio.*src="data:audio/'), lambda p: "<audio" not in p),
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


# The rest of a result page of mystmd is its theme, which mystmd downloads when it builds the pages. What the theme
# shows is in the files of its content: here it is written as HTML, each output in its richest form.
RICHEST = ["application/vnd.jupyter.widget-view+json", "text/html", "text/markdown", "image/svg+xml", "image/png", "text/latex", "application/json", "text/plain"]


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


def myst_output(node):
    data = node.get("jupyter_data") or {}
    if data.get("output_type") == "stream":
        return "<pre>%s</pre>" % escape(data.get("text") or "")
    if data.get("output_type") == "error":
        return "<pre>%s: %s</pre>" % (data.get("ename"), data.get("evalue"))
    for mime in RICHEST:
        form = (data.get("data") or {}).get(mime)
        if form is None:
            continue
        size = data.get("metadata", {}).get(mime) or {}
        if mime.startswith("image/"):
            return '<img src="data:image/png" alt="%s" width="%s">' % (size.get("alt", ""), size.get("width", ""))
        content = form.get("content", "")
        return content if mime in ("text/html", "text/latex") else "<pre>%s</pre>" % escape(str(content))
    return ""


def myst_html(node):
    inside = "".join(myst_html(child) for child in node.get("children", []))
    kind, value = node["type"], node.get("value") or ""
    label = ' id="%s"' % node["html_id"] if node.get("html_id") else ""
    if kind == "output":
        return myst_output(node)
    if kind in ("math", "inlineMath"):
        return "<span%s>%s</span>" % (label, node.get("html") or escape(value))
    if kind == "image":
        return '<img src="data:image/png" alt="%s" width="%s">' % (node.get("alt", ""), node.get("width", ""))
    if kind == "link":
        return '<a href="%s">%s</a>' % (node.get("url") or "#" + node.get("identifier", ""), inside)
    if kind == "crossReference":
        return '<a href="#%s">%s</a>' % (node.get("html_id", ""), inside)
    if kind == "captionNumber":
        return "%s %s " % (node.get("kind", "").title(), node.get("enumerator", ""))
    if kind == "html":
        return value
    if kind in ("code", "text", "inlineCode"):
        return "<pre>%s</pre>" % escape(value) if kind == "code" else escape(value)
    names = {"table": "table", "tableRow": "tr", "tableCell": "td", "details": "details", "summary": "summary", "paragraph": "p"}
    return "<{0}{1}>{2}</{0}>".format(names.get(kind, "div"), label, inside)


NUMBERS = itertools.count(1)


def mystmd(_, folder):
    # A Jupyter server knows sessions by the path of the notebook in its project: with the same path, two runs at the same
    # time would share a kernel, which the first to end shuts down.
    name = "notebook%d" % next(NUMBERS)
    (folder / "nb" / "a.ipynb").rename(folder / "nb" / (name + ".ipynb"))
    (folder / "myst.yml").write_text("version: 1\nproject: {}\nsite: {template: book-theme}\n")
    program = os.path.join(sys.prefix, "node_modules", ".bin", "myst")
    return [[program, "build", "--site", "--execute"]], "_build/site/content/%s.json" % name


TOKEN = "peers"


def jupyter_server():
    """Starts a Jupyter server, on which mystmd runs cells, and returns its process and address."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    address = "http://127.0.0.1:%d" % port
    process = subprocess.Popen([sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
                                "--ServerApp.port=%d" % port, "--IdentityProvider.token=" + TOKEN], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            urllib.request.urlopen(address + "/api/kernelspecs?token=" + TOKEN, timeout=60).read()
            return process, address
        except OSError:
            time.sleep(0.2)
    sys.exit("the Jupyter server for mystmd did not start")


def result(tool, program, cells, right, lost):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for sub in ("nb", "images", "home"):
            (folder / sub).mkdir()
        (folder / "nb" / "a.ipynb").write_text(json.dumps(notebook([markdown("# Title"), *cells])))
        (folder / "nb" / "pic.png").write_bytes(PIXEL)
        (folder / "nb" / "data.csv").write_text("a,b\n1,2\n")
        (folder / "images" / "dot.png").write_bytes(PIXEL)
        env = dict(os.environ, HOME=str(folder / "home"), JUPYTER_PATH=os.path.join(sys.prefix, "share", "jupyter"),
                   PATH=os.path.join(sys.prefix, "bin") + os.pathsep + os.environ["PATH"])
        if tool is mystmd:
            env.update(JUPYTER_BASE_URL=program, JUPYTER_TOKEN=TOKEN)
        commands, page = tool(program, folder)
        for command in commands:
            try:
                done = subprocess.run(command, cwd=folder, env=env, capture_output=True, timeout=900)
            except (subprocess.TimeoutExpired, OSError):
                return "failed"
            # mystmd fails when it looks for its theme, after it wrote the content.
            if done.returncode != 0 and tool is not mystmd:
                return "failed"
        try:
            text = (folder / page).read_text()
        except OSError:
            return "failed"
        if tool is mystmd:
            text = myst_html(json.loads(text)["mdast"])
        # The files that links of the page reach.
        near = (folder / page).parent
        if tool is mystmd:
            near = folder / "_build" / "site" / "public"
        for href in re.findall(r'href="([^"#:]+)"', text):
            if (near / href.lstrip("/")).is_file():
                text += "\nFILES: " + re.sub(r"-[0-9a-f]{32}", "", os.path.basename(href))
        # The head of the page is not content.
        text = re.sub(r"(?s)^.*?<body|<head>.*?</head>", "", text, count=1) if "<body" in text else text
        return "right" if right(text) else "lost" if lost(text) else "wrong"


def versions():
    names = subprocess.run([sys.executable, "-m", "pip", "list", "--format=json"], capture_output=True, text=True).stdout
    pip = {p["name"].lower(): p["version"] for p in json.loads(names)}
    package = pathlib.Path(sys.prefix, "node_modules", "mystmd", "package.json")
    myst = json.loads(package.read_text())["version"] if package.exists() else "missing"
    return "nbconvert %s, papermill %s, mystmd %s" % (pip.get("nbconvert"), pip.get("papermill"), myst)


def table(program, out, only=None):
    known = {row[0]: row[1:] for row in (line.strip("| \n").split(" | ") for line in open(out) if line.startswith("| "))} if only else {}
    tools = [("reportgen", reportgen), ("nbconvert", nbconvert), ("papermill", papermill), ("mystmd", mystmd)]
    lines = ["# Notebooks of others, compared with other tools", "",
             "Made by `make peers`, which runs each notebook with each tool. *Right*: the page shows what JupyterLab shows. *Wrong*:",
             "it shows something else. *Lost*: what the cell shows is not there. *Failed*: no page, or an exit status other than 0.",
             "papermill has no pages of its own; nbconvert makes one of the notebook that it ran. The theme of mystmd is downloaded when",
             "it builds pages: what is compared is the content that it hands to the theme, with each output in its richest form.",
             "Scripts that nbconvert's pages load from the network count as loaded.", "", "Versions: " + versions() + ".", "",
             "| class | " + " | ".join(n for n, _ in tools) + " |", "|---|" + "---|" * len(tools)]
    behind = []
    pool = concurrent.futures.ThreadPoolExecutor(max(6, os.cpu_count() or 1))
    server, address = jupyter_server()
    waiting = [[pool.submit(result, tool, address if tool is mystmd else program, *c[1:]) if only in (None, name) else None for name, tool in tools] for c in CLASSES]
    for (name, *_), row in zip(CLASSES, waiting):
        results = [r.result() if r else known[name][i] for i, r in enumerate(row)]
        lines.append("| %s | %s |" % (name, " | ".join(results)))
        print(lines[-1], flush=True)
        if results[0] != "right" and "right" in results[1:]:
            behind.append(name)
    server.terminate()
    lines += ["", "Rows where another tool is right and reportgen is not: %s." % (", ".join(behind) or "none")]
    pathlib.Path(out).write_text("\n".join(lines) + "\n")
    print(lines[-1])


# The right result of each case, as a pattern of what its script prints and one of what it must not print.
CASES = {
    "02": (r"NEW[\s\S]*check-cache=0[\s\S]*check=0", r"OLD"), "03": (r"rc=0[\s\S]*(?:<img|!\[)", r"rc=1"),
    "04": (r"rc=0[\s\S]*\$", r"object>"), "06": (r"rc=0", r"rc=1"), "07": (r"'q,r'[\s\S]*9", r"\['p', ?'q', ?'r'\]"),
    "08": (r"rc=0", r"leads nowhere"), "09": (r"rc=0", r"nb\.Alt"), "10": (r"rc=0[\s\S]*index\.html", r"busy"), "11": (r"rc=0", r"rc=2"),
    "12": (r"Pages: +[1-4]\n[1-9]", r"^$"), "13": (r"rc=0[\s\S]*!\[", r"rc=1"), "14": (r"width: ?298px[\s\S]*width: ?20px", r"^$"), "15": (r"rc=0[\s\S]*20/20", r" 0/20"),
    "16": (r"rc=0", r"hidden"), "17": (r"rc=0[\s\S]*Table", r"tbl-\w+\?"), "19": (r"rc=0", r"rc=[12]"), "20": (r"King Jr", r"and others"),
    "22": (r"rc=0", r"rc=1"), "23": (r"rc=0[\s\S]*warning|warning[\s\S]*rc=0", r"Error loading script"), "26": (r"(?=[\s\S]*warning)(?=[\s\S]*rc=0)", r"rc=1"),
    "01": (r"\.tml-overline *\{[^}]*border-top|<mover", r"^$"), "27": (r"rgb|#[0-9a-f]{3,6}|fg-|color", r"^$"),
}


def figure_on_one_page(out):
    """Reports whether no figure of a PDF is cut and its last page has text."""
    pdf = str(out / "report.pdf")
    images = subprocess.run(["pdfimages", "-list", pdf], capture_output=True, text=True).stdout.splitlines()[2:]
    text = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True).stdout.rstrip("\f").split("\f")
    pages = [line.split()[0] for line in images if line.split()[2] == "image"]
    return len(pages) == 1 and len(text[-1].split()) > 3


# What else must hold of the report of a case.
MORE = {"12": figure_on_one_page}


# The same of the cases of hardening, by their whole names, since they have the numbers of others.
HARDENING = {
    "01-cell-cache-bitflip": (r"checksum[\s\S]*exit 0[\s\S]*uploaded 12345678", r"92345678"),
    "02-alerts-not-sent": (r"sent: (\d+), spooled: 0[\s\S]*exit 2, sent \d+[\s\S]*exit 0, sent \1[\s\S]*exit 1, second destination got \1", r"^$"),
    "03-import-rollback-deletes": (r"-18\.parquet[\s\S]*is a folder[\s\S]*-18\.parquet", r"^$"),
    "04-parquet-memory": (r"exit 2[\s\S]*larger than", r"fatal|goroutine"),
    "05-yaml-bibtex-bombs": (r"done[\s\S]*100 levels[\s\S]*65536 values[\s\S]*exit 2", r"fatal|exit 124"),
    "06-panics": (r"bad\.profile: the profile is damaged[\s\S]*bad\.parquet: the Parquet file is damaged", r"panic:|\.go:"),
    "07-owner-name-is-markdown": (r"16 networks[\s\S]*^0$", r"refers to nothing"),
    "08-rendering-without-budget": (r"real\t0m[0-9]\.[\s\S]*exit [01][\s\S]*real\t0m[0-9]\.", r"exit 2"),
    "10-syslog-tcp-loss": (r"begun at the receiver: (?:[3-9]\d\d)$", r"^$"),
    "11-file-destination": (r"a\) exit 1 [\s\S]*no JSON: 0$", r"^$"),
    "12-left-behind": (r"^total \d+", r"reportgen-|flowbook-|chromium"),
    "13-cache-is-required": (r"DEVICE[\s\S]*exit 0[\s\S]*DEVICE[\s\S]*exit 0", r"exit 2"),
    "14-terminal-escapes": (r"\\x1b\]0;PWN", r"\^\[|^::"),
    "15-secrets-in-sources-json": (r"PIN", r"PIN is"),
    "16-preview-deaf": (r"shows three: 1[\s\S]*four: 1", r"^$"),
    "19-webhook-small-things": (r"exit 0, 300 alerts, soon[\s\S]*exit 0, missing 0, \d{1,2} twice", r"Traceback"),
    "21-shared-cache": (r"ran 1 times\nexit 0, cells ran 1 times\nexit 0, cells ran 2 times[\s\S]*exit 0, cells ran 3 times", r"Traceback"),
}

# What the scripts of hardening take for granted: a shell in a string, and the layout of an earlier version.
EARLIER = [("${PYTHON:-python3}", sys.executable), ("pkg/ingest/testdata", "reportgen/internal/ingest/testdata"), ("import socket,", "import os,socket,"),
           ("metadata=dict(kernelspec=", "metadata=dict(reportgen=dict(cache=True),kernelspec="), ('"name":"fake"', '"name":"python3"'), ("seq -w 0 9999", "seq -w 4700 4720")]


def script_of(case, work, project):
    """Returns the command of a case; scripts of hardening run in a copy, since they name what has moved."""
    if (case / "run.sh").exists():
        return ["bash", str(case / "run.sh")]
    for name in ("repro.sh", "repro.py"):
        if (case / name).exists():
            copy = work / "cases"
            shutil.copytree(case.parent, copy, copy_function=shutil.copyfile)
            for file in [copy / "common.sh", copy / case.name / name]:
                text = file.read_text()
                for old, new in EARLIER + ([("$PROJECT", project), ("$HERE", str(copy / case.name))] if name == "repro.py" else []):
                    text = text.replace(old, new)
                file.write_text(text)
            return [sys.executable if name.endswith("py") else "bash", str(copy / case.name / name)]
    ours = pathlib.Path(project, "testdata", "cases", case.parent.name, case.name + ".py")
    return [sys.executable, str(ours)] if ours.exists() else None


def cases(program, folder):
    wrong = 0
    project = str(pathlib.Path(__file__).resolve().parents[2])
    for case in sorted(p for p in pathlib.Path(folder).iterdir() if p.is_dir()):
        with tempfile.TemporaryDirectory(prefix="") as cache:
            script = script_of(case, pathlib.Path(cache), project)
            if script is None:
                continue
            env = dict(os.environ, RG=os.path.abspath(program), R=os.path.abspath(program), PROJECT=project, FLOWBOOK_CACHE=cache + "/cache", TMPDIR=cache,
                       JUPYTER_PATH=os.path.join(sys.prefix, "share", "jupyter"), PATH=os.path.join(sys.prefix, "bin") + os.pathsep + os.environ["PATH"])
            if case.name.startswith("11"):
                del env["FLOWBOOK_CACHE"]
            try:
                together = case.name in HARDENING
                done = subprocess.run(script, cwd=case, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT if together else subprocess.PIPE, text=True, timeout=300)
                printed = done.stdout
                said = printed + (done.stderr or "")
            except subprocess.TimeoutExpired:
                printed = said = "timeout"
            # The scripts work in a copy in TMPDIR.
            for page in pathlib.Path(cache).glob("*/out/index.html"):
                said += page.read_text()
            more = all(MORE.get(case.name[:2], lambda out: True)(out) for out in pathlib.Path(cache).glob("*/out"))
        must, not_ = HARDENING.get(case.name) or CASES.get(case.name[:2], (r"rc=0", r"rc=[1-9]"))
        right = more and re.search(must, said, re.M) and not (not_ != "^$" and re.search(not_, printed, re.M))
        wrong += not right
        print("%-32s %s" % (case.name, "right" if right else "wrong"), flush=True)
        if not right:
            print(said[-4000:], file=sys.stderr)
    print("%d wrong" % wrong)
    return wrong


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[2] == "--cases":
        sys.exit(1 if cases(sys.argv[1], os.path.abspath(sys.argv[3])) else 0)
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    table(os.path.abspath(sys.argv[1]), *sys.argv[2:])
