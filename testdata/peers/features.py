"""What mystmd and nbconvert make of one small notebook for each feature of testdata/features.md.

Usage: features.py MYST NBCONVERT. It prints, for each feature, the text of nbconvert's page, and the types of nodes
and the front matter that mystmd hands to its theme, which is downloaded only to make pages.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def markdown(source, *tags):
    return {"cell_type": "markdown", "metadata": {"tags": list(tags)}, "source": source}


def code(source, *outputs):
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": list(outputs), "execution_count": 1}


PLOT = {"output_type": "display_data", "data": {"image/png": PIXEL}, "metadata": {}}
OUT = {"output_type": "stream", "name": "stdout", "text": "first\n"}
FEATURES = {
    "numbers, references and an alt text": [markdown("# H\n\nSee @fig-x."), code("#| label: fig-x\n#| fig-cap: Caption\n#| fig-alt: Alt\nplot()", PLOT)],
    "citations": [markdown("---\nbibliography: r.bib\n---\n\n# H\n\nAs in [@knuth].")],
    "formulas": [markdown("# H\n\n$$\nx^2\n$$")],
    "a figure without alt text": [markdown("# H"), code("plot()", PLOT)],
    "first page from tagged cells": [markdown("# H"), markdown("Verdict.", "abstract")],
    "authors": [markdown("---\ntitle: T\nauthors:\n  - name: Ada L\n    orcid: 0000-0002-1825-0097\n    affiliations: [A]\n---\n\n# H")],
    "tabs": [markdown("# H\n\n::::{tab-set}\n:::{tab-item} One\n:sync: a\nfirst\n:::\n:::{tab-item} Two\nsecond\n:::\n::::")],
    "tabs over several cells": [markdown("# H\n\n::::{tab-set}\n:::{tab-item} One"), code("1", OUT), markdown(":::\n:::{tab-item} Two\nsecond\n:::\n::::")],
    "callouts": [markdown("# H\n\n:::{note} Title\n:class: dropdown\nhidden\n:::")],
    "cards and grids": [markdown("# H\n\n::::{grid} 2\n:::{card} A\none\n:::\n::::")],
    "language": [markdown("---\nlang: pt\ntitle: T\n---\n\n# H\n\n@fig-x"), code("#| label: fig-x\n#| fig-cap: Legenda\nplot()", PLOT)],
    "downloads": [markdown("---\ndownloads:\n  - file: data.csv\n    title: Data\n---\n\n# H")],
}


def nodes(node):
    if node.get("type") != "text":
        yield node["type"] + (" " + str(node["enumerator"]) if node.get("enumerator") else "")
    for child in node.get("children") or []:
        yield from nodes(child)


def run(folder, *command):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)


def main(myst, nbconvert):
    for feature, cells in FEATURES.items():
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for at, cell in enumerate(cells):
                cell["id"] = f"cell-{at}"
            (folder / "r.bib").write_text("@book{knuth, author={Donald Knuth}, title={TAOCP}, year=1968, publisher={AW}}\n")
            (folder / "data.csv").write_text("a\n1\n")
            kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
            (folder / "a.ipynb").write_text(json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}))
            (folder / "myst.yml").write_text("version: 1\nproject: {}\nsite:\n  template: book-theme\n")
            status = run(folder, nbconvert, "--to", "html", "a.ipynb").returncode
            page = (folder / "a.html").read_text() if status == 0 else ""
            text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page[page.find("<body"):]))
            print(f"{feature}\n  nbconvert: status {status}, {re.findall('<html[^>]*>', page)}, loads {sorted(set(re.findall('src=.(https?://[^/]+)', page)))}\n   {text[:200]}")
            run(folder, myst, "build", "--site")
            for content in (folder / "_build/site/content").glob("*.json"):
                made = json.loads(content.read_text())
                shown = {k: v for k, v in made["frontmatter"].items() if k in ("authors", "downloads", "parts")}
                print(f"  mystmd: {', '.join(nodes(made['mdast']))}\n    {shown}")


main(*sys.argv[1:])
